"""Text that came over the network, made fit for an error message."""

import re

from reconciler.domain import Secret
from reconciler.domain.redaction import redacted

LONGEST = 300

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\uf900-\ufffd]+")
_HTML = re.compile(r"\s*<")


def shown(text: str | bytes | bytearray, *secrets: Secret) -> str:
    """One bounded line of ``text``: no control characters, no page of HTML, none of the secrets.

    In no spelling; neither the beginning of a secret at the end of ``text``, which may have been
    cut there, nor anything that looks like a user token.
    """
    if not isinstance(text, str):
        text = bytes(text).decode(errors="replace")
    if _HTML.match(text):
        return "an HTML page"
    # Before the line is cut: a part of a secret would not be found any more.
    line = _UNPRINTABLE.sub(" ", redacted(text, *secrets, cut=True)).strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
