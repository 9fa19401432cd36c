"""Whom a pattern covers."""

import pytest

from reconciler.domain import Connection, UnknownEmail
from reconciler.planning import Protection
from tests.planning.fleets import connected, seen, vacant


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("ceo@example.com", "CEO@Example.COM"),
        ("*@board.example.com", "ann@board.example.com"),
        ("*@BOARD.example.com", "ann@board.Example.com"),
        ("a*z", "az"),
        ("a*z", "a\nz"),
        ("*", ""),
        ("stra\u00dfe", "STRASSE"),
        ("jos\u00e9@x.com", "JOSE\u0301@x.com"),
        ("ceo@example.com", " ceo@example.com "),
    ],
)
def test_a_pattern_covers_a_name_it_spells(pattern: str, name: str) -> None:
    assert Protection((pattern,)).covers(seen(name))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("ceo@example.com", "xceo@example.com"),
        ("ceo@example.com", "ceo@example.com.evil.org"),
        ("ceo@example.com", "ceo@exampleXcom"),
        ("*@board.example.com", "ann@board.example.com.evil.org"),
        ("a*z", "abzc"),
        ("a?z", "abz"),
        ("[ab]", "a"),
    ],
)
def test_a_pattern_is_literal_but_for_its_asterisks(pattern: str, name: str) -> None:
    assert not Protection((pattern,)).covers(seen(name))


def test_any_of_several_patterns_covers() -> None:
    protection = Protection(("a", "b*"))
    users = [seen("a"), seen("bob"), seen("c"), seen("ab")]
    assert [protection.covers(user) for user in users] == [True, True, False, False]


def test_the_email_of_a_connection_that_is_gone_still_covers() -> None:
    gone = Connection("google", connected=False, email="boss@x.com")
    user = seen(None, connected("microsoft", email=None), gone)
    assert Protection(("boss@x.com",)).covers(user)


@pytest.mark.parametrize(
    "pattern", ["ceo@example.com", "*@board.example.com", "ceo*", "ceo\uff20x.com"]
)
@pytest.mark.parametrize("email", [None, "", " "])
def test_a_pattern_that_may_be_an_email_cannot_tell_of_a_connection_without(
    pattern: str, email: str | None
) -> None:
    protection = Protection((pattern,))
    user = seen("7f6c2d1e", connected("google", email="a@x.com"), connected("zoom", email=email))
    assert protection.may_cover(user)
    assert not Protection((pattern,), UnknownEmail.IGNORE).may_cover(user)


def test_literal_ids_can_tell_of_everybody() -> None:
    assert not Protection(("boss", "7f6c2d1e")).may_cover(seen("a", connected("google")))
    assert not Protection(()).may_cover(seen("a", connected("google")))


def test_what_is_not_connected_has_no_email_to_be_known() -> None:
    protection = Protection(("*@board.example.com",))
    assert not protection.may_cover(seen("a", vacant("google"), vacant("microsoft")))


def test_an_email_is_not_unmatched_while_somebodys_is_not_known() -> None:
    users = (seen("a"), seen("b", connected("google")))
    assert Protection(("boss@x.com", "zoe")).unmatched(users) == ("zoe",)


def test_no_patterns_cover_nobody() -> None:
    assert not Protection(()).covers(seen(""))
    assert not Protection(()).covers(seen(None))


def test_a_name_that_nobody_has_is_unmatched_and_a_wildcard_never() -> None:
    users = (seen("a"), seen("b", connected("google", email="Boss@x.com")))
    protection = Protection(("zoe", "A", "boss@x.com", "*@nowhere", "zoe", "amy"))
    assert protection.unmatched(users) == ("amy", "zoe")
    assert Protection(("*@nowhere",)).unmatched(users) == ()
