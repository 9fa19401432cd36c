"""Secrets: a type that never shows its value, redaction of foreign text, and checks of keys.

A server may repeat a secret in its own spelling: escaped in JSON, in a URL or in HTML, or in
base64. Redaction therefore searches the text and everything that the text can be decoded to.
"""

import hmac
import html
import re
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html.entities import html5
from typing import Final, NoReturn
from urllib.parse import unquote

from msgspec import Struct

REDACTED = "(redacted)"


class Secret:
    """An API key, a user token or a link that carries one.

    ``repr``, ``str``, formatting, pickling and JSON give the word ``(redacted)`` or an error; only
    :meth:`reveal` gives the value.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that puts it on the wire."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._value.encode(errors="surrogatepass"),
            other._value.encode(errors="surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


_LAYERS: Final = 4
"""How many encodings, one inside the other, are decoded. Text with more of them is not shown."""
TELLING: Final = 4
"""So many characters of a secret would give something away."""
_TELLING_BASE64: Final = 6
_LONG: Final = 8
"""Secrets of at least this length are also found where blanks break them up."""

# Every JSON Web Token begins so, also one that we do not know.
_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9._+/=-]*")
_BACKSLASHED: Final = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\\"'/]))""")
_HALF: Final = r"(?:\\(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?|%[0-9a-fA-F]?|&#?\w{0,8})?\Z"
_HALF_A_LETTER: Final = re.compile(_HALF)
_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\xa0\u200b-\u200f\u2060\ufeff\ufffd]+")
_BASE64: Final = frozenset(string.ascii_letters + string.digits + "+/-_=%\\")
"""The letters of base64, and those that escape some of them."""


def redacted(text: str, *secrets: Secret, cut: bool = False) -> str:
    """``text`` with ``(redacted)`` in place of each of ``secrets`` and of every user token.

    Returns ``(redacted)`` alone when a secret is in the text and its place cannot be found. With
    ``cut`` the text may end too early, and the beginning of a secret at its end is redacted too.
    """
    for secret in secrets:
        value = secret.reveal()
        text = _without(text, value)
        if cut:
            text = _without_beginning(text, value)
    text = _TOKEN.sub(REDACTED, text)
    forms, whole = _forms(text)
    return text if whole and not any(map(_TOKEN.search, forms)) else REDACTED


def _without(text: str, value: str) -> str:
    targets = _targets(value)
    if _is_in_pieces(text, targets):
        return REDACTED
    for target in targets:
        if target in text:
            text = _replaced(text, re.escape(target), in_base64=target != value)
    if not _is_in(text, targets):
        return text
    for target in targets:
        text = _replaced(text, _spelled(target), in_base64=target != value)
    return REDACTED if _is_in(text, targets) else text


def _without_beginning(text: str, value: str) -> str:
    forms, _ = _forms(_HALF_A_LETTER.sub("", text, count=1))
    for form in (text, *forms):
        for target in _targets(value):
            in_base64 = target != value
            least = _TELLING_BASE64 if in_base64 else TELLING
            for size in range(min(len(target) - 1, len(form)), least - 1, -1):
                if form.endswith(target[:size]):
                    pattern = _spelled(target[:size]) + _HALF
                    without = _replaced(text, pattern, in_base64=in_base64)
                    return without if without != text else REDACTED
    return text


def _is_in(text: str, targets: Sequence[str]) -> bool:
    forms, _ = _forms(text, pluses=" " in targets[0])
    return any(target in form for form in forms for target in targets)


def _is_in_pieces(text: str, targets: Sequence[str]) -> bool:
    """Whether one of ``targets`` is in ``text``, broken up by line ends or other blanks."""
    forms, _ = _forms(text)
    return any(
        len(target) >= _LONG and together.count(target) > form.count(target)
        for form in forms
        if (together := _BLANKS.sub("", form)) != form
        for target in targets
    )


def _replaced(text: str, pattern: str, *, in_base64: bool) -> str:
    """``text`` with ``pattern`` redacted; ``in_base64`` redacts all the base64 around it too."""
    kept: list[str] = []
    at = 0
    for found in re.finditer(pattern, text):
        start, end = found.span()
        while in_base64 and start > at and text[start - 1] in _BASE64:
            start -= 1
        while in_base64 and end < len(text) and text[end] in _BASE64:
            end += 1
        if end > at:
            kept += (text[at:start], REDACTED)
            at = end
    return "".join((*kept, text[at:]))


@lru_cache(maxsize=32)
def _targets(value: str) -> tuple[str, ...]:
    """``value``, then its base64 forms at every offset within a longer text."""
    data = value.encode(errors="surrogatepass")
    targets = [value]
    for before, unsure in enumerate((0, 2, 3)):
        sure = (before + len(data)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            middle = encode(b"\0" * before + data).decode()[unsure:sure]
            if len(middle) >= _TELLING_BASE64 and middle not in targets:
                targets.append(middle)
    return tuple(targets)


def _forms(text: str, *, pluses: bool = False) -> tuple[list[str], bool]:
    """``text`` and everything it decodes to, and whether nothing is left to decode."""
    decoders = (*_DECODERS, _with_spaces) if pluses else _DECODERS
    forms = dict.fromkeys([text])
    newest = [text]
    for _ in range(_LAYERS):
        decoded = dict.fromkeys(decode(form) for form in newest for decode in decoders)
        newest = [form for form in decoded if form not in forms]
        forms.update(dict.fromkeys(newest))
    return list(forms), not newest


def _without_backslashes(text: str) -> str:
    return _BACKSLASHED.sub(_backslashed, text) if "\\" in text else text


def _backslashed(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return found[3] if code is None else chr(int(code, 16))


def _with_spaces(text: str) -> str:
    return text.replace("+", " ")


_DECODERS: Final[tuple[Callable[[str], str], ...]] = (
    _without_backslashes,
    unquote,
    html.unescape,
)


def _spelled(target: str) -> str:
    """A pattern for ``target`` with each letter as it is or in any of its escapes."""
    return "".join(f"(?:{'|'.join(_letters(letter))})" for letter in target)


@lru_cache(maxsize=256)
def _letters(letter: str) -> tuple[str, ...]:
    return tuple(_spellings(letter))


def _spellings(letter: str) -> Iterator[str]:
    code = ord(letter)
    yield rf"\\(?i:u{code:04x}|x{code:02x})"
    yield "(?i:" + "".join(f"%{byte:02x}" for byte in letter.encode(errors="surrogatepass")) + ")"
    yield rf"&#(?:0*{code}|[xX]0*(?i:{code:x}));?"
    names = sorted({name.rstrip(";") for name, value in html5.items() if value == letter})
    if names:
        yield f"&(?:{'|'.join(names)});?"
    if letter in "\\\"'/":
        yield r"\\" + re.escape(letter)
    if letter == " ":
        yield r"\+"
    yield re.escape(letter)


_WITH_SCHEME: Final = re.compile(r"\s*(authorization\s*:\s*)?token\s", re.IGNORECASE)
_KEY_ALONE: Final = "it must be the API key alone, as Recall.ai's dashboard shows it"
_HEADER_SAFE: Final = re.compile(r"[!-~]+")


class SecretFault(Struct, frozen=True):
    """Why a key cannot be used (a phrase that follows its name), and what would be right."""

    problem: str
    hint: str


def is_header_safe(text: str) -> bool:
    """Whether a key or token can be sent as it is: printable ASCII without spaces, not empty."""
    return _HEADER_SAFE.fullmatch(text) is not None


def key_fault(key: str) -> SecretFault | None:
    """What is wrong with ``key`` as an API key; None if it can be sent. Shows no part of it."""
    if not key:
        return SecretFault("is empty", _KEY_ALONE)
    if _WITH_SCHEME.match(key):
        return SecretFault("begins with the word Token", f"leave out the word Token: {_KEY_ALONE}")
    if not is_header_safe(key):
        problem = "holds spaces, line ends or characters that are not ASCII"
        return SecretFault(problem, _KEY_ALONE)
    return None
