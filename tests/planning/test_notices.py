"""Remarks that every plan makes."""

from msgspec import structs

from reconciler.domain import Connection, RuleMatch, SourceUse
from reconciler.planning import History, Notice, NoticeCode
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
    vacant,
)
from tests.planning.rules import HERE, rule, state

DESIRED = manifest(declared("a", [GOOGLE]))
NEITHER = (vacant("google"), vacant("microsoft"))
SHARED = NoticeCode.EMAIL_UNDER_SEVERAL_USERS


def test_a_protected_entry_that_matches_nobody_is_remarked() -> None:
    content = content_of(DESIRED, fleet(seen("a", *NEITHER)), protected=["a", "bosss", "*@b"])
    assert content.notices == (Notice(NoticeCode.PROTECTED_MATCHES_NOBODY, "bosss"),)


def test_an_exception_of_a_rule_that_matches_nobody_is_remarked() -> None:
    users = seen("a", *NEITHER), seen("b", connected("google", email="b@x"))
    asks = rule(RuleMatch(id="*"), excepted=["b@x", "bb@x", "z*"])
    desired = state([asks], *users, entries=[*DESIRED.users.values()])
    content = content_of(desired, fleet(*users))
    assert Notice(NoticeCode.EXCEPT_MATCHES_NOBODY, "bb@x") in content.notices
    assert [n.code for n in content.notices].count(NoticeCode.EXCEPT_MATCHES_NOBODY) == 1


def test_a_source_that_selects_no_row_is_remarked() -> None:
    empty, full = (
        SourceUse(name, "sha256:0", rows, {}, HERE) for name, rows in (("e", 0), ("f", 1))
    )
    declarations = structs.replace(DESIRED.declarations, sources=(empty, full))
    desired = structs.replace(DESIRED, declarations=declarations)
    content = content_of(desired, fleet(seen("a", *NEITHER)))
    assert content.notices == (Notice(NoticeCode.SOURCE_SELECTS_NOBODY, "e"),)


def test_half_a_list_says_nothing_of_whom_an_entry_matches() -> None:
    content = content_of(
        DESIRED, fleet(seen("a", *NEITHER), problems=["cut short"]), protected=["bosss"]
    )
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
            seen("a", connected("google", email="x"), vacant("microsoft")),
            seen("b", Connection("google", connected=False, email="x")),
            seen("c", connected("google", email=None)),
            seen("d", connected("google", email=None)),
        ),
    )
    assert content.notices == ()


def test_a_leaver_who_is_known_to_be_gone_is_remarked() -> None:
    content = content_of(
        manifest(declared("leaver@example.com", []), declared("a", [GOOGLE])),
        fleet(seen("a", connected("google"), vacant("microsoft"))),
        history=History(seen=frozenset({"leaver@example.com"})),
    )
    assert content.notices == (Notice(NoticeCode.DECLARED_BUT_UNKNOWN, "leaver@example.com"),)


def test_a_leaver_whom_half_a_list_does_not_show_is_not_called_unknown() -> None:
    content = content_of(
        manifest(declared("leaver", []), declared("a", [GOOGLE])),
        fleet(seen("a", connected("google"), vacant("microsoft")), problems=["cut short"]),
    )
    assert content.notices == ()


EMPTY = NoticeCode.CONNECTIONS_EMPTY
NOT_LISTED = NoticeCode.PLATFORM_NOT_LISTED


def test_who_counts_as_converged_without_any_row_is_remarked_in_one_notice() -> None:
    content = content_of(
        manifest(declared("left", []), declared("gone", []), declared("a", [GOOGLE])),
        fleet(
            seen("left"),
            seen("gone"),
            seen("a", connected("google"), vacant("microsoft")),
        ),
    )
    assert content.fleet.converged == 3
    assert content.notices == (Notice(EMPTY, "connections", ("gone", "left")),)


def test_who_counts_as_converged_without_a_row_of_the_platform_is_remarked_by_platform() -> None:
    content = content_of(
        manifest(declared("b", [GOOGLE]), declared("left", []), declared("a", [MICROSOFT])),
        fleet(
            seen("b", connected("google")),
            seen("left", vacant("google")),
            seen("a", connected("microsoft")),
        ),
    )
    assert content.fleet.converged == 3
    assert content.notices == (
        Notice(NOT_LISTED, "google", ("a",)),
        Notice(NOT_LISTED, "microsoft", ("b", "left")),
    )


def test_a_missing_row_of_a_wanted_platform_is_no_belief_that_anything_rests_on() -> None:
    content = content_of(
        manifest(declared("a", [GOOGLE]), declared("b", [GOOGLE, MICROSOFT])),
        fleet(seen("a", vacant("microsoft")), seen("b")),
    )
    assert len(content.pending) == 3
    assert content.notices == ()


def test_missing_rows_of_whom_nothing_is_managed_are_not_remarked() -> None:
    content = content_of(
        manifest(declared("a", [GOOGLE]), declared("unmanaged")),
        fleet(
            seen("a", connected("google"), vacant("microsoft")),
            seen("unmanaged"),
            seen("stranger"),
        ),
    )
    assert content.notices == ()


def test_of_two_rows_that_answer_to_an_id_each_without_connections_is_remarked() -> None:
    content = content_of(
        manifest(declared("twice", []), declared("a", [GOOGLE])),
        fleet(
            seen("twice", vacant("google"), vacant("microsoft"), recall_id="r-1"),
            seen("twice", recall_id="r-2"),
            seen("a", connected("google"), vacant("microsoft")),
        ),
    )
    assert content.notices == (Notice(EMPTY, "connections", ("twice",)),)
