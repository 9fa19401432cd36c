"""What every page is made of, whatever it reports, and how it becomes one file.

The file asks nobody for anything. Its policy lets exactly one script and one style sheet in, by
their digests, so that nothing that others wrote could run even if it were not escaped.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct, field

from reconciler.reporting.html.markup import phrase_markup, theirs
from reconciler.reporting.html.table import Table
from reconciler.reporting.links import Links
from reconciler.reporting.phrase import Phrase, visible
from reconciler.reporting.wording.breakdown import more
from reconciler.reporting.wording.fleet import Share

MOST_ITEMS: Final = 50
"""Items of a list; the table has all that are rows."""

_PACKAGE: Final = "reconciler.reporting.html"


class Callout(Struct, frozen=True):
    """Something that must not be missed: what, and what helps. The tone is ``danger``, ``change``
    or ``faint``."""

    tone: str
    text: Markup
    more: tuple[Markup, ...] = ()


class Section(Struct, frozen=True):
    """A list under a title, folded unless it is ``open``."""

    title: Markup
    items: tuple[Markup, ...]
    open: bool = False


class Segment(Struct, frozen=True):
    """A part of a bar: from ``x`` on, ``width`` of a thousand wide."""

    share: Share
    x: float
    width: float


class Bar(Struct, frozen=True):
    """How a whole divides."""

    title: str
    segments: tuple[Segment, ...]


class Part(Struct, frozen=True):
    """One of several workspaces on a page: the top of what its own page has."""

    title: Markup
    open: bool
    lead: tuple[Markup, ...]
    callouts: list[Callout]
    bar: Bar | None
    sections: list[Section]


class Page(Struct, frozen=True):
    """A page, top to bottom. ``where`` are a workspace and an address, ``headline`` is what matters
    most, ``facts`` are what it is about and how it was made. ``warnings`` come before the headline,
    because they say that it may not hold."""

    kind: str
    where: tuple[str, ...]
    headline: Markup
    tone: str
    lead: tuple[Markup, ...]
    warnings: list[Callout] = field(default_factory=list)
    callouts: list[Callout] = field(default_factory=list)
    bar: Bar | None = None
    sections: list[Section] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    table: Table | None = None
    more: list[Section] = field(default_factory=list)
    facts: list[tuple[str, Markup]] = field(default_factory=list)
    commit: str | None = None


def section(title: str | Markup, found: Sequence[Phrase], *, is_open: bool = False) -> Section:
    """A section of phrases, no more than :data:`MOST_ITEMS` of them."""
    items = [phrase_markup(phrase) for phrase in found[:MOST_ITEMS]]
    if (left := len(found) - MOST_ITEMS) > 0:
        items.append(Markup.escape(more(left)))
    return Section(Markup.escape(title), tuple(items), is_open)


def bar(title: str, shares: Sequence[Share]) -> Bar | None:
    """``shares`` side by side; none of nothing."""
    whole = sum(share.users for share in shares)
    if not whole:
        return None
    segments, x = [], 0.0
    for share in shares:
        width = 1000 * share.users / whole
        segments.append(Segment(share, round(x, 2), round(width, 2)))
        x += width
    return Bar(title, tuple(segments))


def fact(title: str, value: str | None) -> list[tuple[str, Markup]]:
    """A fact, where it is known."""
    return [(title, theirs(visible(value)))] if value else []


def write(page: Page, links: Links | None) -> str:
    """``page`` as one self-contained file."""
    style, script = _asset("page.css"), _script()
    template = _environment().get_template("page.html")
    return (
        template.render(
            page=page,
            title=" · ".join((page.kind, *map(visible, page.where[:1]))),
            where=[theirs(visible(name)) for name in page.where],
            links=links,
            style=Markup(style),  # noqa: S704 - ours
            script=Markup(script),  # noqa: S704 - ours
            policy=_POLICY.format(script=_digest(script), style=_digest(style)),
        ).strip()
        + "\n"
    )


_SCRIPT: Final = ("values.js", "order.js", "lines.js", "reader.js", "controls.js", "start.js")

_POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; "
    "base-uri 'none'; form-action 'none'"
)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> str:
    return (files(_PACKAGE) / "assets" / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    """The parts of the script in one scope."""
    return f'"use strict";\n(() => {{\n{"".join(map(_asset, _SCRIPT))}}})();\n'


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
