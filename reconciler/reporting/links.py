"""The link base: where a line of a manifest can be read, as a URL template of the operator.

A place in a report is a file as one would type it in the working folder. A link needs it as the
repository has it, so the links know both folders. A link that may lead to the wrong lines is none.
"""

import re
from typing import Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from reconciler.reporting.checkout import Checkout

COMMIT, FILE, LINE = "{commit}", "{file}", "{line}"

_PLACE: Final = re.compile(r"(?P<file>.+?):(?P<line>[0-9]+)(?::(?P<column>[0-9]+))?", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_IN_A_URL: Final = re.compile(r"[!#-'*-;=?-Z_a-z~]+")  # printable ASCII that no format has to quote
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


class InvalidLinkBase(ValueError):
    """A link base that cannot be used; the text says why, and what would be right."""


class Place(Struct, frozen=True):
    """``file:line:column`` in its parts."""

    file: str
    line: int | None = None
    column: int | None = None


def place_of(text: str) -> Place:
    """The parts of ``text``, which is ``file``, ``file:line`` or ``file:line:column``."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return Place(text)
    column = found["column"]
    return Place(found["file"], int(found["line"]), None if column is None else int(column))


def is_commit(name: str) -> bool:
    """Whether ``name`` is a commit that holds what was read: known, and not dirty."""
    return _COMMIT.fullmatch(name) is not None


class Links(Struct, frozen=True):
    """Makes links of places that are relative to ``folder``, in the repository at ``top``.

    ``base`` was accepted by :func:`check_link_base`. Both folders are absolute.
    """

    base: str
    top: str = "/"
    folder: str = "/"

    def of(self, place: str, commit: str | None) -> str | None:
        """The URL of ``place`` as ``commit`` has it; None where it has none that is surely right.

        That is so for the rows of an input, for files outside of the repository, and for a commit
        that is unknown or dirty, if the link base names one.
        """
        parts = place_of(place)
        pattern = self.pattern(parts.file, commit)
        return None if pattern is None else pattern.replace(LINE, str(parts.line or 1))

    def pattern(self, file: str, commit: str | None) -> str | None:
        """The URL of any line of ``file``, with ``{line}`` for its number; None as for :meth:`of`.

        Every other brace in it is percent-encoded.
        """
        if COMMIT in self.base and not (commit and is_commit(commit)):
            return None
        path = Checkout(self.top, self.folder).inside(file)
        if path is None:
            return None
        try:
            named = quote(path, safe="/")
        except UnicodeEncodeError:  # half a surrogate pair: no URL can hold it
            return None
        return self.base.replace(COMMIT, commit or "").replace(FILE, named)


def check_link_base(base: str) -> None:
    """Raise :class:`InvalidLinkBase` unless ``base`` is a URL that names a file."""
    right = "write, for example, https://git.example.com/team/fleet/blob/{commit}/{file}#L{line}"
    if not base.startswith(("https://", "http://")):
        raise InvalidLinkBase(f"it begins with neither https:// nor http://; {right}")
    named = _PLACEHOLDER.findall(base)
    if unknown := [name for name in named if name not in (COMMIT, FILE, LINE)]:
        raise InvalidLinkBase(f"{unknown[0]} is unknown: it may have {COMMIT}, {FILE} and {LINE}")
    if FILE not in named:
        raise InvalidLinkBase(f"{FILE} is missing, so every link would be the same; {right}")
    rest = _PLACEHOLDER.sub("x", base)
    if not _IN_A_URL.fullmatch(rest):
        raise InvalidLinkBase(f"it has a character that no URL has; {right}")
    try:
        host = urlsplit(_PLACEHOLDER.sub("{}", base)).hostname
    except ValueError:
        host = None
    if not host or "{" in host:
        raise InvalidLinkBase(f"it names no host; {right}")
