"""What changed between a saved plan and the plan made now."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from reconciler.domain import (
    CalendarUser,
    Connection,
    DesiredState,
    Limits,
    ObservedState,
    Preferences,
)
from reconciler.planning import (
    Content,
    FleetCounts,
    FleetSize,
    GuardChange,
    GuardName,
    History,
    Hold,
    Judgement,
    Pending,
    PendingReason,
    PlanChanges,
    PreconditionResult,
    Protection,
    Stale,
    UserIndex,
    Verdict,
    decode_plan,
    encode_plan,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    NO_LIMITS,
    connected,
    content_of,
    declared,
    differences,
    disconnect,
    fleet,
    manifest,
    plan_of,
    seen,
)

WANTED = Preferences(bot_name="N")
DESIRED = manifest(
    declared("alice", [MICROSOFT]),
    declared("bob", [], reason="left"),
    declared("carol", preferences=WANTED),
)
ALICE = seen("alice", connected("google", "g"), connected("microsoft", "m"))
BOB = seen("bob", connected("google", "g"))
CAROL = seen("carol", preferences=Preferences(bot_name="Old"))
WORLD = fleet(ALICE, BOB, CAROL)
SAVED = content_of(DESIRED, WORLD)


def changes(
    observed: ObservedState = WORLD,
    *,
    desired: DesiredState = DESIRED,
    saved: Content = SAVED,
    protected: Sequence[str] = (),
    limits: Limits = NO_LIMITS,
    history: History = History(),  # noqa: B008 - frozen
) -> PlanChanges:
    today = content_of(desired, observed, protected=protected, limits=limits, history=history)
    return differences(saved, today, UserIndex(observed), Protection(tuple(protected)))


def test_a_world_that_stood_still_changes_nothing() -> None:
    found = changes()
    assert found.nothing
    assert found.kept == 3
    assert (
        found.then == found.now == FleetCounts(declared=3, observed=3, connections=3, converged=0)
    )


def test_a_plan_that_was_made_when_there_was_less_to_do_lacks_what_is_added() -> None:
    saved = content_of(
        DESIRED, fleet(seen("alice", connected("microsoft", "m")), seen("bob"), CAROL)
    )
    found = changes(saved=saved)
    assert found.added == (
        disconnect("alice", GOOGLE, account="g", requires=[MICROSOFT]),
        structs.replace(SAVED.actions[1], email=None),
    )
    assert (found.kept, found.gone) == (1, ())
    assert not found.nothing


def test_what_is_done_by_now_is_gone_and_the_fleets_tell_so() -> None:
    found = changes(fleet(ALICE, CAROL, seen("bob")))
    assert found.gone == (Stale(SAVED.actions[1], PreconditionResult.DONE),)
    assert (found.kept, found.added) == (2, ())
    assert (found.then.converged, found.now.converged) == (0, 1)
    assert not found.nothing


def test_another_connection_is_another_call() -> None:
    found = changes(fleet(ALICE, seen("bob", connected("google", "g2")), CAROL))
    assert found.gone == (Stale(SAVED.actions[1], PreconditionResult.CONNECTION_CHANGED),)
    assert [(action.key, action.connection_id) for action in found.added] == [  # type: ignore[union-attr]
        ("disconnect google of bob", "g2")
    ]


def test_an_email_or_a_reason_that_was_rewritten_is_no_other_call() -> None:
    renamed = Connection("google", connected=True, email="bob@new.com", id="g")
    found = changes(fleet(ALICE, seen("bob", renamed), CAROL))
    assert found.nothing
    assert found.kept == 3


def test_manifests_that_ask_for_something_else_are_reported() -> None:
    desired = manifest(declared("alice", [MICROSOFT]), declared("carol", preferences=WANTED))
    found = changes(desired=desired)
    assert found.manifests
    assert found.gone == (Stale(SAVED.actions[1], PreconditionResult.NOT_PLANNED_ANY_MORE),)
    assert (found.kept, found.then.declared, found.now.declared) == (2, 3, 2)
    assert not structs.replace(found, gone=()).nothing


@pytest.mark.parametrize(
    ("limits", "protected"),
    [(Limits(None, None, 30), []), (Limits(10, None, None), []), (NO_LIMITS, ["nobody"])],
)
def test_another_configuration_is_reported(limits: Limits, protected: list[str]) -> None:
    found = changes(limits=limits, protected=protected)
    assert found.configuration
    assert not structs.replace(found, guards=()).nothing
    assert (found.kept, found.manifests) == (3, False)


def test_somebody_protected_since_is_gone_from_the_actions_and_blocked() -> None:
    found = changes(protected=["bob"])
    assert found.gone == (Stale(SAVED.actions[1], PreconditionResult.PROTECTED),)
    assert [(blocked.action, blocked.holds) for blocked in found.blocked] == [
        (SAVED.actions[1], (Hold.PROTECTED,))
    ]


def test_another_hold_on_what_was_blocked_is_reported() -> None:
    desired = manifest(declared("alice", [MICROSOFT]), declared("bob", [MICROSOFT]))
    observed = fleet(seen("alice", connected("google")), seen("bob", connected("google")))
    saved = content_of(desired, observed)
    found = changes(observed, desired=desired, saved=saved, protected=["alice"])
    assert [(blocked.action.user, blocked.holds) for blocked in found.blocked] == [
        ("alice", (Hold.HANDOVER, Hold.PROTECTED))
    ]
    assert not structs.replace(found, configuration=False).nothing


def test_what_was_blocked_as_it_is_now_is_no_change_whatever_its_email() -> None:
    desired = manifest(declared("alice", [MICROSOFT]), declared("bob", [MICROSOFT]))

    def observed(email: str) -> ObservedState:
        return fleet(seen("alice", connected("google", email=email)), seen("bob"))

    saved = content_of(desired, observed("old@x.com"))
    assert [blocked.action.user for blocked in saved.blocked] == ["alice"]
    assert changes(observed("new@x.com"), desired=desired, saved=saved).nothing


def test_who_has_to_connect_now_is_reported_and_who_had_to_is_not() -> None:
    desired = manifest(declared("alice", [MICROSOFT]), declared("bob", [GOOGLE]))
    saved = content_of(desired, fleet(seen("alice", connected("microsoft")), seen("bob")))
    found = changes(fleet(seen("alice"), seen("bob")), desired=desired, saved=saved)
    assert found.pending == (Pending("alice", MICROSOFT, PendingReason.NOT_CONNECTED),)
    assert not found.nothing


def test_somebody_whom_recall_no_longer_knows_waits_for_another_reason() -> None:
    desired = manifest(declared("alice", [MICROSOFT]), declared("bob", [GOOGLE]))
    saved = content_of(desired, fleet(seen("alice"), seen("bob")))
    found = changes(fleet(seen("bob")), desired=desired, saved=saved)
    assert found.pending == (Pending("alice", MICROSOFT, PendingReason.UNKNOWN_TO_RECALL),)


def test_a_name_that_looks_alike_now_makes_nobody_wait_anew() -> None:
    desired = manifest(declared("alice@x.com", [MICROSOFT]), declared("bob", [GOOGLE]))
    google = seen("bob", connected("google"))
    saved = content_of(desired, fleet(google))
    observed = fleet(google, seen("alicia@x.com"))
    assert content_of(desired, observed).pending != saved.pending
    assert changes(observed, desired=desired, saved=saved).nothing


def people(count: int) -> tuple[CalendarUser, ...]:
    return tuple(seen(f"u{n}", connected("zoom")) for n in range(count))


def test_a_guard_that_judges_otherwise_is_reported_and_no_other() -> None:
    limits = Limits(None, None, 30)
    saved = content_of(DESIRED, fleet(ALICE, BOB, CAROL, *people(7)), limits=limits)
    remembered = History(FleetSize(declared=3, observed=10))
    found = changes(saved=saved, limits=limits, history=remembered)
    assert found.guards == (
        GuardChange(GuardName.OBSERVED_FLEET_SHRINK, Judgement.NOT_JUDGED, Judgement.REFUSED),
        GuardChange(GuardName.DESIRED_FLEET_SHRINK, Judgement.NOT_JUDGED, Judgement.PASSED),
    )
    assert (found.then.observed, found.now.observed) == (10, 3)
    assert not found.nothing


def test_a_guard_that_counts_otherwise_and_judges_alike_is_no_change() -> None:
    limits = Limits(1, None, None)
    saved = content_of(DESIRED, fleet(ALICE, BOB, CAROL), limits=limits)
    more = content_of(
        manifest(*DESIRED.users.values(), declared("u0", [])),
        fleet(ALICE, BOB, CAROL, seen("u0", connected("google"))),
        limits=limits,
    )
    assert {v.actual for v in more.refusals} != {v.actual for v in saved.refusals}
    assert differences(saved, more, UserIndex(WORLD), Protection(())).guards == ()


def test_a_guard_that_the_saved_plan_did_not_ask_is_reported() -> None:
    saved = structs.replace(SAVED, guards=SAVED.guards[:-1])
    last = SAVED.guards[-1]
    assert changes(saved=saved).guards == (GuardChange(last.guard, None, last.judgement),)
    today = structs.replace(SAVED, guards=SAVED.guards[1:])
    first = SAVED.guards[0]
    assert differences(SAVED, today, UserIndex(WORLD), Protection(())).guards == (
        GuardChange(first.guard, first.judgement, None),
    )


def test_forged_verdicts_are_reported_and_the_judgement_of_today_stands() -> None:
    limits = Limits(0, None, None)
    honest = content_of(DESIRED, WORLD, limits=limits)
    forged = structs.replace(
        honest,
        guards=tuple(
            Verdict(v.guard, Judgement.ALLOWED, 2**63 - 1, 0, 0) for v in reversed(honest.guards)
        ),
    )
    saved = decode_plan(encode_plan(plan_of(forged))).content
    found = changes(saved=saved, limits=limits)
    assert [(c.guard, c.then, c.now) for c in found.guards] == [
        (v.guard, Judgement.ALLOWED, v.judgement) for v in honest.guards
    ]
    assert (found.kept, found.gone, found.added) == (3, (), ())


def test_a_forged_action_is_gone() -> None:
    forged = structs.replace(SAVED, actions=(*SAVED.actions, disconnect("alice", MICROSOFT)))
    found = changes(saved=forged)
    assert [(stale.action.key, stale.result) for stale in found.gone] == [
        ("disconnect microsoft of alice", PreconditionResult.CONNECTION_CHANGED)
    ]
    assert found.kept == 3
