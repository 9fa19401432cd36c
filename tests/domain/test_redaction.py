"""No spelling of a secret stays in a text, and the rest of the text does."""

import html
import json
import random
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from reconciler.domain import REDACTED, Secret
from reconciler.domain.secrets import redacted

ODD = 'k/ey"of\\the+work&sp%ace<1>'
PLAIN = "k3yOfTheWorkspace0123456789"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYSJ9.c2lnbmF0dXJl"


def every(form: Callable[[int], str]) -> Callable[[str], str]:
    return lambda text: "".join(form(ord(letter)) for letter in text)


IN_PLACE: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "unicode escapes": every("\\u{:04x}".format),
    "unicode escapes in capitals": every("\\u{:04X}".format),
    "byte escapes": every("\\x{:02x}".format),
    "percent": lambda text: quote(text, safe=""),
    "percent of every letter": every("%{:02X}".format),
    "html": html.escape,
    "html numbers": every("&#{};".format),
    "html hex": every("&#x{:x};".format),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for urls": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "base64 of the header": lambda text: b64encode(f"Token {text}".encode()).decode(),
    "base64 of a pair": lambda text: b64encode(f"me:{text}".encode()).decode(),
    "base64 in the middle": lambda text: b64encode(f"abcd{text}xyz".encode()).decode(),
    "base64 in a url": lambda text: quote(b64encode(text.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("key", [ODD, PLAIN], ids=["odd", "plain"])
@pytest.mark.parametrize("spell", IN_PLACE.values(), ids=IN_PLACE)
def test_a_secret_is_redacted_where_it_is(spell: Callable[[str], str], key: str) -> None:
    shown = redacted(f"bad key '{spell(key)}' given", Secret(key))
    assert shown == f"bad key '{REDACTED}' given"


DISPLACED: dict[str, Callable[[str], str]] = {
    "json in json": lambda text: json.dumps(json.dumps({"k": text})),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "html of percent": lambda text: every("&#{};".format)(quote(text, safe="")),
    "lines of base64": lambda text: encodebytes(b"." * 50 + text.encode() * 3).decode(),
    "zeros between": every(lambda code: chr(code) + "\0"),
    "spaces between": every(lambda code: chr(code) + " "),
}


@pytest.mark.parametrize("key", [ODD, PLAIN], ids=["odd", "plain"])
@pytest.mark.parametrize("spell", DISPLACED.values(), ids=DISPLACED)
def test_of_a_spelling_inside_another_nothing_is_left(
    spell: Callable[[str], str], key: str
) -> None:
    shown = redacted(f"bad key {spell(key)}", Secret(key))
    assert REDACTED in shown
    assert key[:6] not in shown
    assert spell(key)[:12] not in shown


def test_each_letter_may_be_spelled_in_its_own_way() -> None:
    chance = random.Random(7)
    ways: list[Callable[[str], str]] = [
        str,
        every("\\u{:04x}".format),
        every("%{:02x}".format),
        every("&#{};".format),
    ]
    for _ in range(20):
        mixed = "".join(chance.choice(ways)(letter) for letter in PLAIN)
        assert redacted(f"key {mixed}.", Secret(PLAIN)) == f"key {REDACTED}."


@pytest.mark.parametrize(
    "name", ["json", "unicode escapes", "percent of every letter", "html numbers", "base64"]
)
@pytest.mark.parametrize("key", [ODD, PLAIN], ids=["odd", "plain"])
def test_a_spelling_that_is_cut_off_is_redacted_wherever_the_cut_is(name: str, key: str) -> None:
    spelled = IN_PLACE[name](key)
    first = len(IN_PLACE[name](key[:5])) + 1
    for end in range(first, len(spelled)):
        assert redacted(f"key {spelled[:end]}", Secret(key), cut=True) in {
            f"key {REDACTED}",
            REDACTED,
        }


def test_a_token_of_anybody_is_redacted_in_every_spelling() -> None:
    assert redacted(f'{{"t": "{JWT}"}}') == f'{{"t": "{REDACTED}"}}'
    assert redacted(every("\\u{:04x}".format)(JWT)) == REDACTED
    assert redacted(every("%{:02x}".format)(JWT)) == REDACTED


def test_what_is_nested_too_deeply_to_be_looked_into_is_not_shown() -> None:
    text = PLAIN
    for _ in range(8):
        text = every("%{:02x}".format)(text) if len(text) < 500 else quote(text, safe="")
    assert redacted(text, Secret(PLAIN)) == REDACTED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a plain sentence: 100 % of it & more, C:\\new\\users",
        '{"detail": "No such \\"user\\" \\u00e9 \\/ %20 &lt;"}',
        "a1b2c3d4" * 50,
    ],
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert redacted(text, Secret(ODD), Secret(PLAIN), cut=True) == text


def test_a_key_with_a_space_is_found_in_a_form() -> None:
    assert redacted("k=my+key%2F1&x=1", Secret("my key/1")) == f"k={REDACTED}&x=1"


def test_a_long_text_is_searched_in_time_that_grows_with_its_length() -> None:
    text = "A" * 200_000 + "\\u0041" * 1_000
    assert redacted(text, Secret(PLAIN), cut=True) == text
