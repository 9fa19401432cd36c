"""What waits for a person, and declared users that the list does not show."""

import pytest

from reconciler.domain import CalendarUser, Declarations, Preferences
from reconciler.planning import History, Pending, PendingReason, Undetermined, users_to_look_up
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

UNKNOWN = PendingReason.UNKNOWN_TO_RECALL


def test_each_wanted_platform_that_is_missing_is_pending_in_order() -> None:
    content = content_of(
        manifest(declared("c", [GOOGLE]), declared("a", [MICROSOFT, GOOGLE]), declared("b", [])),
        fleet(seen("c"), seen("b"), seen("a")),
    )
    assert content.pending == (
        Pending("a", GOOGLE, PendingReason.NOT_CONNECTED),
        Pending("a", MICROSOFT, PendingReason.NOT_CONNECTED),
        Pending("c", GOOGLE, PendingReason.NOT_CONNECTED),
    )


def test_a_declared_user_unknown_to_recall_is_pending_between_the_others() -> None:
    content = content_of(
        manifest(
            declared("a", [GOOGLE]), declared("b", [MICROSOFT, GOOGLE]), declared("c", [GOOGLE])
        ),
        fleet(seen("c"), seen("a")),
    )
    assert content.pending == (
        Pending("a", GOOGLE, PendingReason.NOT_CONNECTED),
        Pending("b", GOOGLE, UNKNOWN),
        Pending("b", MICROSOFT, UNKNOWN),
        Pending("c", GOOGLE, PendingReason.NOT_CONNECTED),
    )


def test_an_unknown_user_comes_with_ids_that_look_alike() -> None:
    content = content_of(
        manifest(declared("Alice@example.com", [GOOGLE]), declared("bob@example.com", [GOOGLE])),
        fleet(
            seen("alice@example.com", connected("google")),
            seen("carol@elsewhere.org", connected("google")),
        ),
    )
    assert content.pending == (
        Pending("Alice@example.com", GOOGLE, UNKNOWN, ("alice@example.com",)),
        Pending("bob@example.com", GOOGLE, UNKNOWN),
    )


def test_somebody_missing_from_half_a_list_is_undetermined_and_not_pending() -> None:
    content = content_of(
        manifest(declared("a", [GOOGLE]), declared("b", []), declared("c", [GOOGLE])),
        fleet(seen("c"), problems=["page 2: timeout"]),
    )
    assert content.undetermined == (Undetermined("a"), Undetermined("b"))
    assert content.pending == (Pending("c", GOOGLE, PendingReason.NOT_CONNECTED),)
    assert content.problems == ("page 2: timeout",)
    assert content.fleet.converged == 0


def not_found(user: str, *similar: str) -> Pending:
    return Pending(user, None, PendingReason.NOT_FOUND, similar, kind="not_found")


LEAVERS = manifest(
    declared("leaver", []),
    declared("prefs", preferences=Preferences(bot_name="N")),
    declared("new", [GOOGLE]),
)


def test_an_unknown_user_of_whom_nothing_is_wanted_and_who_was_never_seen_is_not_found() -> None:
    content = content_of(LEAVERS, fleet(seen("other")))
    assert content.fleet.converged == 0
    assert content.pending == (
        not_found("leaver"),
        Pending("new", GOOGLE, UNKNOWN),
        not_found("prefs"),
    )
    assert (content.not_found, content.waits) == (2, True)


def test_who_was_seen_once_and_is_gone_since_is_converged() -> None:
    history = History(seen=frozenset({"leaver", "new"}))
    content = content_of(LEAVERS, fleet(seen("other")), history=history)
    assert content.fleet.converged == 1
    assert content.pending == (Pending("new", GOOGLE, UNKNOWN), not_found("prefs"))


def test_a_misspelt_leaver_is_not_found_with_the_id_that_was_meant() -> None:
    content = content_of(
        manifest(declared("dupp@example.com", []), declared("bob", [GOOGLE])),
        fleet(
            seen("dup@example.com", connected("google")),
            seen("bob", connected("google"), vacant("microsoft")),
        ),
    )
    assert content.pending == (not_found("dupp@example.com", "dup@example.com"),)
    assert (content.fleet.converged, content.notices) == (1, ())


def test_who_was_seen_once_is_not_taken_for_somebody_who_only_looks_alike() -> None:
    content = content_of(
        manifest(declared("dave@example.com", [])),
        fleet(seen("dana@example.com", connected("google"))),
        history=History(seen=frozenset({"dave@example.com"})),
    )
    assert (content.pending, content.fleet.converged) == ((), 1)


@pytest.mark.parametrize(
    "other",
    [
        seen("Dave@Example.com", connected("google")),
        seen("7f6c2d1e", connected("google", email="dave@example.com")),
    ],
    ids=["the same id in another case", "the id is their e-mail"],
)
def test_who_was_seen_once_is_not_found_while_listed_under_another_id(other: CalendarUser) -> None:
    content = content_of(
        manifest(declared("dave@example.com", [])),
        fleet(other),
        history=History(seen=frozenset({"dave@example.com"})),
    )
    assert content.pending == (not_found("dave@example.com", str(other.external_id)),)
    assert content.fleet.converged == 0


def test_of_those_of_whom_something_is_wanted_nothing_is_asked_of_the_past() -> None:
    assert users_to_look_up(LEAVERS.declarations) == {"leaver", "prefs"}


def test_whoever_is_declared_several_times_may_be_unwanted_by_any_of_them() -> None:
    stays, leaves = declared("alice", [GOOGLE]), declared("alice", [])
    declarations = Declarations({"alice": stays}, others={"alice": (leaves,)})
    assert users_to_look_up(declarations) == {"alice"}
