"""What waits for a person, and declared users that the list does not show."""

from reconciler.domain import Preferences
from reconciler.planning import Pending, PendingReason, Undetermined
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
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


def test_an_unknown_user_of_whom_nothing_is_wanted_connected_is_converged() -> None:
    content = content_of(
        manifest(
            declared("leaver", []),
            declared("prefs", preferences=Preferences(bot_name="N")),
            declared("new", [GOOGLE]),
        ),
        fleet(seen("other")),
    )
    assert content.fleet.converged == 2
    assert content.pending == (Pending("new", GOOGLE, UNKNOWN),)
