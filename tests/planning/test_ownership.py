"""Users who belong to another owner: taken over without a word, or refused where two disagree."""

import pytest
from msgspec import UNSET, structs

from reconciler.domain import COMMAND_LINE, DesiredState, Platform, stack_owner
from reconciler.planning import (
    NAMED,
    Contested,
    FleetSize,
    GuardName,
    History,
    Judgement,
    Owned,
    Ownership,
    Plan,
    Verdict,
    decode_plan,
    encode_plan,
)
from reconciler.planning.history import contested
from reconciler.planning.protection import Protection
from reconciler.planning.user_index import UserIndex
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    differences,
    fleet,
    manifest,
    plan_of,
    seen,
)

STACK = stack_owner("acme/fleet/prod")
OTHER = stack_owner("acme/fleet/stage")
TAKEOVER = GuardName.TAKEOVER


def owned(*platforms: Platform, by: str = STACK) -> Owned:
    return Owned(by, tuple(sorted(platforms)))


def found(desired: DesiredState, **others: Owned) -> list[Contested]:
    return list(contested(desired, Ownership(COMMAND_LINE, others)))


def test_a_user_of_another_owner_with_other_platforms_is_contested_with_what_both_say() -> None:
    desired = manifest(declared("alice", [GOOGLE]), declared("bob", [MICROSOFT, GOOGLE]))
    assert found(desired, bob=owned(GOOGLE, by=OTHER), alice=owned(MICROSOFT)) == [
        Contested("alice", Owned(COMMAND_LINE, (GOOGLE,)), Owned(STACK, (MICROSOFT,))),
        Contested("bob", Owned(COMMAND_LINE, (GOOGLE, MICROSOFT)), Owned(OTHER, (GOOGLE,))),
    ]


def test_the_same_platforms_are_no_conflict() -> None:
    desired = manifest(declared("alice", [MICROSOFT, GOOGLE]), declared("bob", []))
    assert found(desired, alice=owned(GOOGLE, MICROSOFT), bob=owned()) == []


def test_nothing_wanted_is_other_than_something_wanted() -> None:
    desired = manifest(declared("alice", []), declared("bob", [GOOGLE]))
    wanted = [
        (c.user, c.here.platforms, c.there.platforms)
        for c in found(desired, alice=owned(GOOGLE), bob=owned())
    ]
    assert wanted == [("alice", (), (GOOGLE,)), ("bob", (GOOGLE,), ())]


def test_nobody_is_taken_over_whose_connections_are_not_managed_here() -> None:
    assert found(manifest(declared("alice")), alice=owned(GOOGLE)) == []


def test_a_user_who_is_not_declared_here_is_left_to_his_owner() -> None:
    assert found(manifest(declared("alice", [GOOGLE])), bob=owned(MICROSOFT)) == []


def test_without_a_memory_nobody_is_contested() -> None:
    assert contested(manifest(declared("alice", [GOOGLE])), None) == ()


# The guard.

DESIRED = manifest(declared("alice", [GOOGLE]), declared("bob", [MICROSOFT]))
OBSERVED = fleet(
    seen("alice", connected("google"), connected("microsoft")), seen("bob", connected("microsoft"))
)
TAKEN = Contested("alice", owned(GOOGLE, by=COMMAND_LINE), owned(MICROSOFT))


def remembering(**others: Owned) -> History:
    return History(FleetSize(2, 2), ownership=Ownership(COMMAND_LINE, others))


def verdict_of(history: History, *selectors: str) -> Verdict:
    content = content_of(DESIRED, OBSERVED, history=history, selectors=selectors or None)
    (verdict,) = (verdict for verdict in content.guards if verdict.guard is TAKEOVER)
    return verdict


def test_a_plan_that_takes_somebody_over_is_refused_and_says_whom() -> None:
    history = remembering(alice=owned(MICROSOFT), bob=owned(MICROSOFT))
    content = content_of(DESIRED, OBSERVED, history=history)
    assert content.refusals == (Verdict(TAKEOVER, Judgement.REFUSED, 1, contested=(TAKEN,)),)
    assert content.contested == (TAKEN,)
    assert [action.key for action in content.actions] == ["disconnect microsoft of alice"]


def test_it_is_judged_on_the_whole_fleet_whatever_is_selected() -> None:
    assert verdict_of(remembering(alice=owned(MICROSOFT)), "bob").judgement is Judgement.REFUSED


def test_where_nobody_is_contested_it_passes_and_the_plan_names_nobody() -> None:
    assert verdict_of(remembering(bob=owned(MICROSOFT))) == Verdict(TAKEOVER, Judgement.PASSED, 0)
    content = content_of(DESIRED, OBSERVED, history=remembering())
    assert content.contested is UNSET


@pytest.mark.parametrize("accepted", [None, FleetSize(2, 2)])
def test_without_a_memory_of_owners_it_is_not_judged(accepted: FleetSize | None) -> None:
    assert verdict_of(History(accepted)) == Verdict(TAKEOVER, Judgement.NOT_JUDGED, 0)


def test_a_verdict_counts_all_and_names_the_first() -> None:
    names = [f"user-{number:02}" for number in range(NAMED + 3)]
    content = content_of(
        manifest(*(declared(name, [GOOGLE]) for name in names)),
        fleet(*(seen(name, connected("google")) for name in names)),
        history=remembering(**{name: owned() for name in names}),
    )
    (verdict,) = content.refusals
    assert verdict.actual == len(names)
    assert [one.user for one in verdict.contested or ()] == names[:NAMED]
    assert [one.user for one in content.contested or ()] == names


# Plan files.


def saved(history: History) -> Plan:
    return plan_of(content_of(DESIRED, OBSERVED, history=history))


def test_a_plan_that_takes_over_can_be_saved_and_read() -> None:
    plan = saved(remembering(alice=owned(MICROSOFT)))
    assert decode_plan(encode_plan(plan)) == plan


def test_a_plan_file_of_before_there_were_owners_is_read_as_it_is() -> None:
    plan = saved(History())
    guards = tuple(verdict for verdict in plan.content.guards if verdict.guard is not TAKEOVER)
    old = structs.replace(plan, content=structs.replace(plan.content, guards=guards))
    data = encode_plan(old)
    assert b"contested" not in data
    assert decode_plan(data) == old


def test_what_changed_since_such_a_plan_says_that_the_guard_judges_now() -> None:
    today = content_of(DESIRED, OBSERVED, history=remembering(alice=owned(MICROSOFT)))
    guards = tuple(verdict for verdict in today.guards if verdict.guard is not TAKEOVER)
    changes = differences(
        structs.replace(today, guards=guards, contested=UNSET),
        today,
        UserIndex(OBSERVED),
        Protection(()),
    )
    assert [(c.guard, c.then, c.now) for c in changes.guards] == [
        (TAKEOVER, None, Judgement.REFUSED)
    ]
