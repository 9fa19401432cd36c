"""What of a saved plan may still be done today, and what the rest stumbled over."""

from collections.abc import Sequence

import pytest

from reconciler.domain import (
    CalendarUser,
    Connection,
    DesiredState,
    ObservedState,
    Preferences,
)
from reconciler.planning import Content, PreconditionResult, Protection, Stale, UserIndex, divide
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

WANTED = Preferences(bot_name="N")
DESIRED = manifest(
    declared("alice", [MICROSOFT]), declared("bob", []), declared("carol", preferences=WANTED)
)
ALICE = seen("alice", connected("google", "g"), connected("microsoft", "m"))
BOB = seen("bob", connected("google", "g"))
CAROL = seen("carol", preferences=Preferences(bot_name="Old"))
SAVED = content_of(DESIRED, fleet(ALICE, BOB, CAROL))


def divided(
    observed: ObservedState, *, desired: DesiredState = DESIRED, protected: Sequence[str] = ()
) -> tuple[list[str], list[tuple[str, PreconditionResult]]]:
    today = content_of(desired, observed, protected=protected)
    ready, stale = divide(SAVED, today, UserIndex(observed), Protection(tuple(protected)))
    return [a.user for a in ready], [(entry.action.user, entry.result) for entry in stale]


def test_a_world_as_it_was_leaves_every_action_ready_in_plan_order() -> None:
    observed = fleet(CAROL, BOB, ALICE)
    assert divide(SAVED, SAVED, UserIndex(observed), Protection(())) == (SAVED.actions, ())
    assert divided(observed) == (["alice", "bob", "carol"], [])


BOTH_GOOGLE = connected("google", "g"), connected("google", "g2")


@pytest.mark.parametrize(
    ("alice", "bob", "expected"),
    [
        (
            [seen("alice", connected("microsoft", "m"))],
            [seen("bob")],
            PreconditionResult.DONE,
        ),
        ([], [], PreconditionResult.USER_GONE),
        (
            [seen("alice", *ALICE.connections, recall_id="new")],
            [seen("bob", *BOB.connections, recall_id="new")],
            PreconditionResult.USER_REPLACED,
        ),
        (
            [ALICE, seen("alice", recall_id="new")],
            [BOB, BOB],
            PreconditionResult.AMBIGUOUS_IDENTITY,
        ),
        (
            [seen("alice", *BOTH_GOOGLE, connected("microsoft", "m"))],
            [seen("bob", *BOTH_GOOGLE)],
            PreconditionResult.AMBIGUOUS_IDENTITY,
        ),
        (
            [seen("alice", connected("google", "g2"), connected("microsoft", "m"))],
            [seen("bob", connected("google", None))],
            PreconditionResult.CONNECTION_CHANGED,
        ),
    ],
    ids=["done", "gone", "replaced", "two rows", "two calendars", "reconnected"],
)
def test_what_the_list_no_longer_shows_as_planned_is_stale(
    alice: list[CalendarUser], bob: list[CalendarUser], expected: PreconditionResult
) -> None:
    stale_alice, stale_bob = ("alice", expected), ("bob", expected)
    assert divided(fleet(*alice, BOB, CAROL)) == (["bob", "carol"], [stale_alice])
    assert divided(fleet(*bob, ALICE, CAROL)) == (["alice", "carol"], [stale_bob])
    assert divided(fleet(*bob, *alice, CAROL)) == (["carol"], [stale_alice, stale_bob])


def test_a_wanted_platform_that_went_away_makes_that_move_stale_and_no_other() -> None:
    desired = manifest(
        declared("a", [MICROSOFT]), declared("b", [MICROSOFT]), declared("c", [GOOGLE])
    )
    both = connected("google"), connected("microsoft")
    saved = content_of(desired, fleet(seen("a", *both), seen("b", *both), seen("c", *both)))
    now = fleet(seen("a", connected("google")), seen("b", *both), seen("c", connected("microsoft")))
    ready, stale = divide(saved, content_of(desired, now), UserIndex(now), Protection(()))
    assert [action.user for action in ready] == ["b"]
    assert stale == (
        Stale(saved.actions[0], PreconditionResult.WANTED_NOT_CONNECTED),
        Stale(saved.actions[2], PreconditionResult.WANTED_NOT_CONNECTED),
    )


def test_preferences_that_moved_are_stale() -> None:
    desired = manifest(declared("a", preferences=WANTED), declared("b", preferences=WANTED))
    saved = content_of(desired, fleet(seen("a"), seen("b")))
    now = fleet(seen("a", preferences=Preferences(bot_name="X")), seen("b", preferences=WANTED))
    ready, stale = divide(saved, content_of(desired, now), UserIndex(now), Protection(()))
    assert ready == ()
    assert stale == (
        Stale(saved.actions[0], PreconditionResult.PREFERENCES_CHANGED),
        Stale(saved.actions[1], PreconditionResult.DONE),
    )


def test_somebody_protected_since_is_stale() -> None:
    assert divided(fleet(ALICE, BOB, CAROL), protected=["alice", "carol"]) == (
        ["bob"],
        [("alice", PreconditionResult.PROTECTED), ("carol", PreconditionResult.PROTECTED)],
    )


def test_what_today_would_not_be_planned_is_stale_though_the_world_stood_still() -> None:
    desired = manifest(
        declared("alice", [GOOGLE, MICROSOFT]), declared("carol", preferences=WANTED)
    )
    assert divided(fleet(ALICE, BOB, CAROL), desired=desired) == (
        ["carol"],
        [
            ("alice", PreconditionResult.NOT_PLANNED_ANY_MORE),
            ("bob", PreconditionResult.NOT_PLANNED_ANY_MORE),
        ],
    )


def test_other_preferences_wanted_today_are_another_action() -> None:
    desired = manifest(
        declared("bob", []), declared("carol", preferences=Preferences(bot_name="M"))
    )
    ready, stale = divided(fleet(ALICE, BOB, CAROL), desired=desired)
    assert ready == ["bob"]
    assert stale == [
        ("alice", PreconditionResult.NOT_PLANNED_ANY_MORE),
        ("carol", PreconditionResult.NOT_PLANNED_ANY_MORE),
    ]


def test_a_disconnect_that_required_less_when_it_was_planned_is_stale() -> None:
    saved = content_of(
        manifest(declared("alice", [], reason="left"), declared("bob", [])),
        fleet(ALICE, BOB),
    )
    today = content_of(
        manifest(declared("alice", [MICROSOFT]), declared("bob", [])), fleet(ALICE, BOB)
    )
    ready, stale = divide(saved, today, UserIndex(fleet(ALICE, BOB)), Protection(()))
    assert [action.key for action in ready] == ["disconnect google of bob"]
    assert [(entry.action.key, entry.result) for entry in stale] == [
        ("disconnect google of alice", PreconditionResult.NOT_PLANNED_ANY_MORE),
        ("disconnect microsoft of alice", PreconditionResult.NOT_PLANNED_ANY_MORE),
    ]


def test_a_new_email_on_the_same_connection_changes_nothing() -> None:
    renamed = Connection("google", connected=True, email="bob@new.com", id="g")
    assert divided(fleet(ALICE, seen("bob", renamed), CAROL))[0] == ["alice", "bob", "carol"]


def test_what_only_today_plans_is_not_done() -> None:
    saved: Content = content_of(DESIRED, fleet(ALICE, BOB, CAROL), selectors=["bob"])
    today = content_of(DESIRED, fleet(ALICE, BOB, CAROL))
    ready, stale = divide(saved, today, UserIndex(fleet(ALICE, BOB, CAROL)), Protection(()))
    assert (ready, stale) == (saved.actions, ())


def test_a_saved_action_is_stale_where_today_the_email_is_not_told_and_may_be_protected() -> None:
    shown = fleet(
        seen("alice", connected("google", "g", "a@x.com"), connected("microsoft", "m", "a@x.com")),
        seen("bob", connected("google", "g")),
        CAROL,
    )
    assert divided(shown, protected=["*@board.example.com"]) == (
        ["alice", "carol"],
        [("bob", PreconditionResult.EMAIL_NOT_KNOWN)],
    )
