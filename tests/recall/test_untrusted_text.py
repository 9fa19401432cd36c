"""What of a server's words gets into an error."""

import json
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from reconciler.domain import Deadline, RateLimits, Secret
from reconciler.domain.text import LONGEST_LINE, excerpt
from reconciler.recall import (
    CalendarReader,
    ClientSettings,
    RateLimiter,
    Rejected,
    sandbox_endpoint,
)
from reconciler.recall.channel import MAX_ERROR_BYTES
from tests.recall.clients import KEY, Clients
from tests.recall.fake_clock import FakeClock
from tests.recall.scripted_server import Scripted, reply

SECRET = Secret("s3cret-of-someone")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize("at", range(LONGEST_LINE - len(SECRET.reveal()), LONGEST_LINE + 1))
def test_a_secret_where_the_line_is_cut_is_not_shown_in_part(at: int) -> None:
    shown = excerpt("x" * at + SECRET.reveal() + "y" * 100, SECRET)
    assert "s3c" not in shown
    assert len(shown) == LONGEST_LINE + 1


@pytest.mark.parametrize("padding", [0, 2400 - 19, 2400 - 5])
def test_a_secret_far_back_in_blank_text_is_redacted(padding: int) -> None:
    assert excerpt(b" " * padding + b"Token " + SECRET.reveal().encode(), SECRET) == (
        "Token (redacted)"
    )


@pytest.mark.parametrize("size", range(4, len(SECRET.reveal())))
def test_the_beginning_of_a_secret_at_the_end_of_a_text_is_redacted(size: int) -> None:
    assert excerpt("key " + SECRET.reveal()[:size], SECRET) == "key (redacted)"


def test_a_last_letter_that_a_secret_begins_with_is_shown() -> None:
    assert excerpt("oops", SECRET) == "oops"


def test_what_looks_like_a_user_token_is_redacted_whosever_it_is() -> None:
    assert excerpt(f'{{"token": "{TOKEN}"}}') == '{"token": "(redacted)"}'


@pytest.mark.parametrize("shown", range(4, len(KEY)))
def test_a_body_read_only_to_within_the_key_shows_nothing_of_it(shown: int) -> None:
    body = b" " * (MAX_ERROR_BYTES - shown) + KEY.encode() + b"." * 100
    with (
        Scripted(reply(400, body)) as server,
        Clients(server.url, ClientSettings(attempts=1)) as clients,
        pytest.raises(Rejected) as caught,
    ):
        clients.reader.list_users(clients.deadline)
    assert caught.value.detail == "list calendar users: HTTP 400: (redacted)"


@pytest.mark.parametrize(
    "spell",
    [
        json.dumps,
        lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
        lambda key: b64encode(f"Token {key}".encode()).decode(),
        lambda key: quote(quote(key)),
    ],
    ids=["json", "unicode", "base64", "twice"],
)
def test_what_the_api_sends_back_in_another_spelling_is_not_shown(
    spell: Callable[[str], str],
) -> None:
    key, token = 'k3y/"of\\the+api', 't0ken/"of\\some+body'
    with Scripted(reply(400, f"{spell(key)} {spell(token)}".encode())) as server:
        clock = FakeClock()
        endpoint = sandbox_endpoint("s1", server.url, Secret(key))
        rate_limiter, once = RateLimiter(RateLimits(), clock), ClientSettings(attempts=1)
        with (
            CalendarReader(
                endpoint, clock=clock, rate_limiter=rate_limiter, settings=once
            ) as reader,
            pytest.raises(Rejected) as caught,
        ):
            reader.get_user(Secret(token), "a", Deadline(clock))
    shown = caught.value.detail.rpartition("HTTP 400: ")[2]
    assert "(redacted)" in shown
    assert not [piece for piece in (spell(key), spell(token)) if piece[-8:-3] in shown]
