"""What must hold of every plan for every fleet, however odd."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET, structs

from reconciler.domain import (
    CalendarUser,
    Connection,
    DesiredUser,
    Handover,
    Limits,
    ObservedState,
    Platform,
    SourceLocation,
    UnknownEmail,
)
from reconciler.planning import (
    Action,
    ActionReason,
    Content,
    Disconnect,
    GuardName,
    History,
    Hold,
    Judgement,
    PendingReason,
    PreconditionResult,
    UpdatePreferences,
    UserIndex,
    canonical_json,
    check_listed_preconditions,
    divide,
)
from reconciler.planning.plan_diff import identity
from tests.planning.fleets import differences, manifest
from tests.planning.random_fleets import (
    QUICK,
    World,
    complete_worlds,
    cut_worlds,
    observed_users,
    worlds,
)

T = TypeVar("T")


def rows_of(world: World, user: str) -> list[CalendarUser]:
    return [row for row in world.observed.users if row.external_id == user]


def accounts(row: CalendarUser, platform: Platform) -> list[Connection]:
    return [c for c in row.connections if c.connected and c.platform == platform]


def is_protected(world: World, row: CalendarUser) -> bool:
    if world.protection.covers(row):
        return True
    asks_for_emails = any("@" in p or "*" in p for p in world.protected)
    unknown = any(c.connected and c.email is None for c in row.connections)
    return asks_for_emails and unknown and world.unknown_email is UnknownEmail.HOLD


def every_disconnect(content: Content) -> list[Disconnect]:
    planned = [*content.actions, *(blocked.action for blocked in content.blocked)]
    return [action for action in planned if isinstance(action, Disconnect)]


def after(observed: ObservedState, actions: tuple[Action, ...]) -> ObservedState:
    """A model of the API: ``observed`` once all of ``actions`` were done."""
    users = list(observed.users)
    for action in actions:
        [index] = [i for i, row in enumerate(users) if row.external_id == action.user]
        row = users[index]
        if isinstance(action, Disconnect):
            done = structs.replace(
                row,
                connections=tuple(
                    Connection(c.platform, connected=False) if c.platform == action.platform else c
                    for c in row.connections
                ),
            )
        else:
            now = row.preferences or action.preferences
            done = structs.replace(
                row, preferences=structs.replace(now, **action.preferences.present())
            )
        users[index] = done
    return ObservedState(tuple(users), observed.problems)


def wanted_actions(user: DesiredUser, row: CalendarUser) -> set[str]:
    """An oracle: what is to be done to the one unprotected ``row`` of ``user``."""
    keys = set()
    if user.platforms is not None:
        has = {platform for platform in Platform if accounts(row, platform)}
        free = user.handover is Handover.IMMEDIATE or user.platforms <= has
        keys = {
            f"disconnect {platform} of {user.id}"
            for platform in has - user.platforms
            if free and len(accounts(row, platform)) == 1
        }
    if user.preferences is not None:
        shown = row.preferences.present() if row.preferences else {}
        if any(shown.get(name) is not value for name, value in user.preferences.present().items()):
            keys.add(f"update preferences of {user.id}")
    return keys


@QUICK
@given(worlds)
def test_exactly_what_the_oracle_wants_is_planned(world: World) -> None:
    wanted: set[str] = set()
    for user in world.desired.users.values():
        match rows_of(world, user.id):
            case [row] if not is_protected(world, row):
                wanted |= wanted_actions(user, row)
            case _:
                pass
    assert sorted(action.key for action in world.content().actions) == sorted(wanted)


@QUICK
@given(worlds)
def test_only_declared_users_have_anything_planned(world: World) -> None:
    content = world.content()
    named = {
        *(action.user for action in content.actions),
        *(blocked.action.user for blocked in content.blocked),
        *(pending.user for pending in content.pending),
        *(missing.user for missing in content.undetermined),
    }
    assert named <= world.desired.users.keys()


@QUICK
@given(worlds)
def test_a_wanted_platform_is_never_disconnected_not_even_in_what_is_held(world: World) -> None:
    for action in every_disconnect(world.content()):
        assert action.platform not in (world.desired.users[action.user].platforms or ())
        assert world.desired.users[action.user].platforms is not None


@QUICK
@given(worlds)
def test_nobody_is_left_with_nothing_who_is_to_keep_something(world: World) -> None:
    content = world.content()
    left = UserIndex(after(world.observed, content.actions))
    for action in content.disconnects:
        user = world.desired.users[action.user]
        if user.platforms and user.handover is Handover.WAIT:
            [row] = left.rows(action.user)
            assert all(row.connected(platform) for platform in user.platforms)


@QUICK
@given(worlds)
def test_a_disconnect_requires_the_wanted_platforms_of_whoever_waits(world: World) -> None:
    for action in every_disconnect(world.content()):
        user = world.desired.users[action.user]
        assert user.platforms is not None
        waits = bool(user.platforms) and user.handover is Handover.WAIT
        assert action.requires_connected == (tuple(sorted(user.platforms)) if waits else ())
        assert (action.reason is ActionReason.NOTHING_WANTED) == (not user.platforms)


@QUICK
@given(worlds)
def test_an_action_points_at_a_connection_that_was_seen(world: World) -> None:
    for action in every_disconnect(world.content()):
        assert (action.connection_id, action.email) in {
            (account.id, account.email)
            for row in rows_of(world, action.user)
            if row.id == action.recall_id
            for account in accounts(row, action.platform)
        }


@QUICK
@given(worlds)
def test_protected_users_have_no_action(world: World) -> None:
    content = world.content()
    for action in content.actions:
        assert not any(is_protected(world, row) for row in rows_of(world, action.user))
    for blocked in content.blocked:
        protected = any(is_protected(world, row) for row in rows_of(world, blocked.action.user))
        assert (Hold.PROTECTED in blocked.holds) == protected


@QUICK
@given(worlds)
def test_ambiguous_users_have_no_action(world: World) -> None:
    content = world.content()
    for action in content.actions:
        [row] = rows_of(world, action.user)
        assert isinstance(action, UpdatePreferences) or len(accounts(row, action.platform)) == 1
    for blocked in content.blocked:
        assert blocked.holds
        if len(rows_of(world, blocked.action.user)) > 1:
            assert Hold.AMBIGUOUS_IDENTITY in blocked.holds


@QUICK
@given(complete_worlds)
def test_once_everything_is_done_nothing_is_left_to_do(world: World) -> None:
    before = world.content()
    done = structs.replace(world, observed=after(world.observed, before.actions))
    now = done.content()
    assert now.actions == ()
    assert now.pending == before.pending


@QUICK
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_changes_no_byte(world: World, random: Random) -> None:
    def shuffled(items: Sequence[T]) -> tuple[T, ...]:
        return tuple(random.sample(items, len(items)))

    other = World(
        manifest(
            *shuffled(list(world.desired.users.values())),
            groups=sorted(world.desired.declarations.groups),
        ),
        ObservedState(
            tuple(
                structs.replace(row, connections=shuffled(row.connections))
                for row in shuffled(world.observed.users)
            ),
            world.observed.problems,
        ),
        shuffled(world.protected),
        world.limits,
        world.history,
        world.unknown_email,
    )
    assert canonical_json(other.content()) == canonical_json(world.content())


@QUICK
@given(worlds)
def test_where_it_is_written_changes_no_byte(world: World) -> None:
    moved = manifest(
        *(
            structs.replace(user, place=SourceLocation("z.yaml", 7, 7), group=None)
            for user in world.desired.users.values()
        )
    )
    other = structs.replace(world, desired=moved)
    assert canonical_json(other.content()) == canonical_json(world.content())


@QUICK
@given(worlds)
def test_every_declared_user_ends_in_exactly_one_place(world: World) -> None:
    content = world.content()
    in_motion = {
        *(action.user for action in content.actions),
        *(pending.user for pending in content.pending),
        *(blocked.action.user for blocked in content.blocked),
    }
    undetermined = {missing.user for missing in content.undetermined}
    assert not in_motion & undetermined
    assert len(content.undetermined) == len(undetermined)
    assert content.fleet.converged + len(in_motion) + len(undetermined) == content.fleet.declared


@QUICK
@given(cut_worlds)
def test_whoever_is_missing_from_half_a_list_is_undetermined(world: World) -> None:
    content = world.content()
    assert GuardName.COMPLETE_OBSERVATION in [verdict.guard for verdict in content.refusals]
    assert [missing.user for missing in content.undetermined] == sorted(
        user for user in world.desired.users if not rows_of(world, user)
    )
    assert all(p.reason is PendingReason.NOT_CONNECTED for p in content.pending)


@QUICK
@given(complete_worlds)
def test_nobody_is_undetermined_in_a_complete_list(world: World) -> None:
    content = world.content()
    assert content.undetermined == ()
    assert content.guards[0].judgement is Judgement.PASSED


@QUICK
@given(worlds, st.data())
def test_the_parts_of_a_fleet_make_up_the_whole(world: World, data: st.DataObject) -> None:
    users = sorted(world.desired.users)
    assume(len(users) > 1)
    cut = data.draw(st.integers(1, len(users) - 1))
    whole, first, second = (
        world.content(),
        world.content(*users[:cut]),
        world.content(*users[cut:]),
    )
    assert first.actions + second.actions == whole.actions
    assert first.pending + second.pending == whole.pending
    assert first.blocked + second.blocked == whole.blocked
    assert first.undetermined + second.undetermined == whole.undetermined
    assert (first.deselected, second.deselected) == (len(second.actions), len(first.actions))
    assert first.fleet == second.fleet == whole.fleet
    assert first.guards[:3] == second.guards[:3] == whole.guards[:3]


@QUICK
@given(worlds)
def test_everything_is_listed_in_order_of_users(world: World) -> None:
    content = world.content()
    for users in (
        [action.user for action in content.actions],
        [pending.user for pending in content.pending],
        [blocked.action.user for blocked in content.blocked],
        [missing.user for missing in content.undetermined],
        [entry.user or "" for entry in content.unmanaged],
    ):
        assert users == sorted(users)


@QUICK
@given(worlds)
def test_no_action_is_planned_twice(world: World) -> None:
    keys = [action.key for action in world.content().actions]
    assert len(keys) == len(set(keys))


@QUICK
@given(worlds)
def test_every_action_of_a_fresh_plan_may_be_done(world: World) -> None:
    user_index, protection = UserIndex(world.observed), world.protection
    for action in world.content().actions:
        rows = user_index.rows(action.user)
        assert check_listed_preconditions(action, rows, protection) is PreconditionResult.READY


@QUICK
@given(complete_worlds, observed_users)
def test_what_is_still_ready_in_another_world_meets_its_preconditions_there(
    world: World, users: tuple[CalendarUser, ...]
) -> None:
    today = structs.replace(world, observed=ObservedState((*users, *world.observed.users[1:])))
    saved, user_index = world.content(), UserIndex(today.observed)
    protection = world.protection
    ready, stale = divide(saved, today.content(), user_index, protection)
    assert {*ready, *(entry.action for entry in stale)} == set(saved.actions)
    assert len(ready) + len(stale) == len(saved.actions)
    for action in ready:
        assert (
            check_listed_preconditions(action, user_index.rows(action.user), protection)
            is PreconditionResult.READY
        )
    assert PreconditionResult.READY not in {entry.result for entry in stale}


@QUICK
@given(worlds)
def test_the_limits_judge_what_would_be_called(world: World) -> None:
    none_allowed = structs.replace(world, limits=Limits(0, None, None)).content()
    refused = GuardName.MAX_DISCONNECTS in [verdict.guard for verdict in none_allowed.refusals]
    assert refused == bool(none_allowed.disconnects)


FLEETS = (GuardName.OBSERVED_FLEET_SHRINK, GuardName.DESIRED_FLEET_SHRINK)


@QUICK
@given(worlds)
def test_without_a_memory_no_guard_on_shrinkage_lets_a_fleet_pass_or_refuses_it(
    world: World,
) -> None:
    content = structs.replace(world, history=History()).content()
    judgements = {v.judgement for v in content.guards if v.guard in FLEETS}
    assert judgements <= {Judgement.NOT_JUDGED, Judgement.NOT_APPLICABLE}


REMEMBERING = (*FLEETS, GuardName.TAKEOVER)


@QUICK
@given(worlds)
def test_a_memory_changes_nothing_of_a_plan_but_what_those_guards_say(world: World) -> None:
    remembered, forgotten = world.content(), structs.replace(world, history=History()).content()
    others = tuple(v for v in remembered.guards if v.guard not in REMEMBERING)
    assert others == tuple(v for v in forgotten.guards if v.guard not in REMEMBERING)
    remembered, forgotten = (
        structs.replace(content, guards=(), contested=UNSET) for content in (remembered, forgotten)
    )
    assert remembered == forgotten


@QUICK
@given(worlds)
def test_a_plan_is_refused_exactly_where_somebody_is_taken_over_who_is_declared_otherwise(
    world: World,
) -> None:
    content, ownership = world.content(), world.history.ownership
    others = {} if ownership is None else ownership.others
    taken = [
        name
        for name, of in others.items()
        if (user := world.desired.users.get(name)) is not None
        and user.platforms is not None
        and sorted(user.platforms) != list(of.platforms)
    ]
    refused = GuardName.TAKEOVER in [verdict.guard for verdict in content.refusals]
    assert refused is bool(taken)
    assert [one.user for one in content.contested or ()] == sorted(taken)


@QUICK
@given(worlds, observed_users)
def test_what_changed_since_a_plan_was_made_leads_from_it_to_the_plan_of_today(
    world: World, users: tuple[CalendarUser, ...]
) -> None:
    later = structs.replace(world, observed=ObservedState((*users, *world.observed.users[1:])))
    saved, today = world.content(), later.content()
    changes = differences(saved, today, UserIndex(later.observed), world.protection)
    gone = {identity(stale.action) for stale in changes.gone}
    kept = {identity(action) for action in saved.actions} - gone
    assert len(kept) == changes.kept
    assert kept | {identity(action) for action in changes.added} == {
        identity(action) for action in today.actions
    }
    assert set(changes.pending) <= set(today.pending)
    assert set(changes.blocked) <= set(today.blocked)
    assert changes.manifests is changes.configuration is False


@QUICK
@given(complete_worlds)
def test_a_plan_made_twice_shows_no_change(world: World) -> None:
    changes = differences(
        world.content(), world.content(), UserIndex(world.observed), world.protection
    )
    assert changes.nothing
    assert changes.kept == len(world.content().actions)
