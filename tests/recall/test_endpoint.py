"""Where an API may be, and with which keys."""

import pytest

from reconciler.domain import InvalidInput, Secret
from reconciler.recall import (
    REGIONS,
    Endpoint,
    base_url_endpoint,
    region_endpoint,
    sandbox_endpoint,
)

KEY = Secret("k3y")


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_a_known_host_over_tls(region: str) -> None:
    endpoint = region_endpoint(region, KEY)
    assert endpoint.address == endpoint.url == f"https://{region}.recall.ai"
    assert not endpoint.loopback


def test_an_unknown_region_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"unknown region 'mars'.*us-west-2"):
        region_endpoint("mars", KEY)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://recall.example.com", "https://recall.example.com"),
        ("https://recall.example.com/", "https://recall.example.com"),
        ("HTTPS://Recall.Example.com:443", "https://recall.example.com"),
        ("https://recall.example.com:8443", "https://recall.example.com:8443"),
        ("https://api_1.internal", "https://api_1.internal"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.9.9.9:1", "http://127.9.9.9:1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_base_url_is_brought_to_one_form(given: str, address: str) -> None:
    endpoint = base_url_endpoint(given, KEY)
    assert endpoint.address == endpoint.url == address


@pytest.mark.parametrize(
    "url",
    [
        "http://recall.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "https://256.1.1.1",
        "https://1.2.3",
        "https://010.0.0.1",
        "https://recall.example.7",
        "https://[1:2]",
        "ftp://localhost",
        "recall.example.com",
        "https://",
        "https://host:port",
        "https://host:99999",
        "https://[broken",
        "https://host/api",
        "https://host?x=1",
        "https://host#x",
        "https://bücher.example",
        "https://host name",
        "https://host\\evil",
        "https://" + "a" * 64 + ".example",
        "",
    ],
)
def test_an_address_that_is_not_an_https_host_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="unusable base URL"):
        base_url_endpoint(url, KEY)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        base_url_endpoint("https://me:pa55@host", KEY)
    assert "pa55" not in str(caught.value)


def test_a_sandbox_is_known_by_its_id_and_not_by_its_port() -> None:
    endpoint = sandbox_endpoint("7f3a", "http://127.0.0.1:4711", KEY)
    assert (endpoint.address, endpoint.url) == ("sandbox:7f3a", "http://127.0.0.1:4711")
    assert endpoint.loopback
    other = sandbox_endpoint("7f3a", "http://127.0.0.1:4712", KEY)
    assert endpoint.fingerprint() == other.fingerprint()


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "ä", "a\r\nX: y"])
def test_a_key_that_a_header_cannot_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        region_endpoint("us-west-2", Secret("s3cret" + key if key else ""))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("word", ["Token ", "token ", " TOKEN\t", "Authorization: Token "])
def test_a_key_with_the_word_token_before_it_is_refused_in_words(word: str) -> None:
    with pytest.raises(InvalidInput, match="leave out the word Token") as caught:
        region_endpoint("us-west-2", Secret(f"{word}s3cret"))
    assert "s3cret" not in str(caught.value)


def test_a_key_that_only_begins_like_the_word_is_a_key() -> None:
    assert region_endpoint("us-west-2", Secret("tokens3cret")).key == Secret("tokens3cret")


def test_the_fingerprint_is_the_beginning_of_a_keyed_hash() -> None:
    # printf 'reconciler/v1\nhttps://us-west-2.recall.ai' | openssl dgst -sha256 -hmac k3y
    assert region_endpoint("us-west-2", KEY).fingerprint() == "6ea2175df9d97d44"


def test_the_fingerprint_tells_keys_and_addresses_apart() -> None:
    prints = {
        region_endpoint("us-west-2", KEY).fingerprint(),
        region_endpoint("us-west-2", Secret("other")).fingerprint(),
        region_endpoint("us-east-1", KEY).fingerprint(),
    }
    assert len(prints) == 3


def test_an_endpoint_does_not_show_its_key() -> None:
    assert "k3y" not in repr(Endpoint("a", "u", KEY))
