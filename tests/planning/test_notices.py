"""Remarks that every plan makes."""

from reconciler.domain import Connection
from reconciler.planning import History, Notice, NoticeCode
from tests.planning.fleets import (
    GOOGLE,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
)

DESIRED = manifest(declared("a", [GOOGLE]))
SHARED = NoticeCode.EMAIL_UNDER_SEVERAL_USERS


def test_a_protected_entry_that_matches_nobody_is_remarked() -> None:
    content = content_of(DESIRED, fleet(seen("a")), protected=["a", "bosss", "*@b"])
    assert content.notices == (Notice(NoticeCode.PROTECTED_MATCHES_NOBODY, "bosss"),)


def test_half_a_list_says_nothing_of_whom_an_entry_matches() -> None:
    content = content_of(DESIRED, fleet(seen("a"), problems=["cut short"]), protected=["bosss"])
    assert content.notices == ()


def test_one_email_under_two_users_is_remarked_whoever_declares_them() -> None:
    content = content_of(
        DESIRED,
        fleet(
            seen("c", connected("google", email="X@x.com")),
            seen("a", connected("microsoft", email="x@X.com")),
            seen(None, connected("google", email="x@x.com"), recall_id="r-9"),
            seen("d", connected("google", email="other@x.com")),
            seen("e", connected("google", email=" x@x.com ")),
        ),
    )
    assert content.notices == (Notice(SHARED, "x@x.com", ("a", "c", "e", "r-9")),)


def test_one_email_on_both_platforms_of_one_user_is_nothing_to_remark() -> None:
    content = content_of(
        DESIRED,
        fleet(seen("a", connected("google", email="x"), connected("microsoft", email="x"))),
    )
    assert content.notices == ()


def test_emails_of_what_is_not_connected_are_not_compared() -> None:
    content = content_of(
        DESIRED,
        fleet(
            seen("a", connected("google", email="x")),
            seen("b", Connection("google", connected=False, email="x")),
            seen("c", connected("google", email=None)),
            seen("d", connected("google", email=None)),
        ),
    )
    assert content.notices == ()


def test_a_leaver_who_is_known_to_be_gone_is_remarked() -> None:
    content = content_of(
        manifest(declared("leaver@example.com", []), declared("a", [GOOGLE])),
        fleet(seen("a", connected("google"))),
        history=History(seen=frozenset({"leaver@example.com"})),
    )
    assert content.notices == (Notice(NoticeCode.DECLARED_BUT_UNKNOWN, "leaver@example.com"),)


def test_a_leaver_whom_half_a_list_does_not_show_is_not_called_unknown() -> None:
    content = content_of(
        manifest(declared("leaver", []), declared("a", [GOOGLE])),
        fleet(seen("a", connected("google")), problems=["cut short"]),
    )
    assert content.notices == ()
