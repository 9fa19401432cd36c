"""The pages that a browser shows: plain HTML without scripts, with a Content-Security-Policy.

What goes into a page comes from URLs that anybody can write, so callers escape it.
"""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from typing import Final

from reconciler.sandbox.http_messages import HTML, ApiResponse

_STYLE: Final = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 3rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; }
.note { border-left: .25rem solid; padding-left: .75rem; }
label { display: block; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }
button { font: inherit; padding: .5rem 1.25rem; margin: 1rem .5rem 0 0; }
:focus-visible { outline: .2rem solid; outline-offset: .15rem; }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def web_page(
    status: int, title: str, body: str, *, form_targets: Iterable[str] | None = None
) -> ApiResponse:
    """A page with ``title`` as its heading, and ``body``, which is HTML.

    ``form_targets`` are the origins that a form of the page may lead to, redirects included; None
    for a page without a form.
    """
    targets = "'none'" if form_targets is None else " ".join(("'self'", *form_targets))
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {targets};"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    heading = escape(title)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head>"
        f"<body><main><h1>{heading}</h1>{body}</main></body></html>"
    )
    headers = {
        "content-type": HTML,
        "content-security-policy": policy,
        "cache-control": "no-store",
    }
    return ApiResponse(status, page.encode(), headers)
