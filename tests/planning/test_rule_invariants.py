"""What must hold of rules for every fleet, with entries and rules at random."""

from datetime import UTC, datetime
from random import Random
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, structs

from reconciler.domain import (
    CalendarUser,
    Declarations,
    DesiredState,
    ObservedState,
    Platform,
    Preferences,
    RuleMatch,
    RuleMode,
)
from reconciler.planning import (
    Content,
    HeldAction,
    PreconditionResult,
    Protection,
    UserIndex,
    canonical_json,
    check_listed_preconditions,
    desired_state,
    rules,
)
from reconciler.planning.rules import condition_of, still_matches
from reconciler.planning.suggestions import normalised
from tests.planning.fleets import GOOGLE, MICROSOFT, content_of
from tests.planning.random_fleets import (
    DECLARED,
    IDS,
    QUICK,
    complete_observations,
    cut_observations,
)
from tests.planning.rules import rule

NOW = datetime(2026, 12, 1, tzinfo=UTC)
PATTERNS = ("*", "a", "A*", "*b*", "ü\n", "*@x", "b@*", "*@*", "*a*x", "*x*", "")

matches = st.builds(
    RuleMatch,
    st.sampled_from((None, *PATTERNS)),
    st.sampled_from((None, None, *PATTERNS)),
    st.sampled_from(((), (), (GOOGLE,), (MICROSOFT,), (GOOGLE, MICROSOFT))),
    st.booleans(),
)
rule_sets = st.lists(
    st.builds(
        rule,
        matches,
        st.sampled_from((None, (), (GOOGLE,), (MICROSOFT,), tuple(Platform))),
        excepted=st.lists(st.sampled_from(PATTERNS[1:]), max_size=1),
        preferences=st.sampled_from((None, Preferences(record_external=True))),
        mode=st.sampled_from(RuleMode),
    ),
    min_size=1,
    max_size=3,
).map(lambda found: tuple(structs.replace(one, name=f"r{at}") for at, one in enumerate(found)))
entries = st.fixed_dictionaries(
    {}, optional={user: st.sampled_from(choice) for user, choice in DECLARED.items()}
).flatmap(
    lambda users: st.booleans().map(
        lambda takes: {
            name: structs.replace(users[name], takes_rules=takes) for name in sorted(users)
        }
    )
)
declared = st.builds(
    lambda users, made: Declarations(users, rules=made, groups=frozenset({"g"})),
    entries,
    rule_sets,
)


def planned(declarations: Declarations, observed: ObservedState) -> tuple[DesiredState, Content]:
    desired = desired_state(declarations, observed, NOW)
    return desired, content_of(desired, observed)


def rows_of(observed: ObservedState, name: str) -> list[CalendarUser]:
    return [row for row in observed.users if row.external_id == name]


def listed_ids(observed: ObservedState) -> set[str | None]:
    return {row.external_id for row in observed.users}


def in_sight(declarations: Declarations, observed: ObservedState) -> bool:
    """Whether ids that look alike are all listed, without which there is no plan."""
    listed = listed_ids(observed)
    return set(IDS) <= listed or len({normalised(name) for name in declarations.users}) == len(
        declarations.users
    )


@QUICK
@given(declared, complete_observations)
def test_a_rule_selects_whoever_fulfils_all_its_conditions(
    declarations: Declarations, observed: ObservedState
) -> None:
    for few in (rules._FEW, -1):  # both ways to find out who is excepted
        with patch.object(rules, "_FEW", few):
            effects = desired_state(declarations, observed, NOW).effects
        for effect in effects:
            condition = condition_of(effect.rule)
            if effect.rule.match.unmanaged or len(listed_ids(observed)) < len(observed.users):
                continue
            assert list(effect.matched) == sorted(
                row.external_id
                for row in observed.users
                if row.external_id is not None and still_matches(condition, row)
            )


@QUICK
@given(declared, complete_observations)
def test_nothing_is_asked_of_a_user_without_an_entry_or_an_enforced_rule(
    declarations: Declarations, observed: ObservedState
) -> None:
    desired = desired_state(declarations, observed, NOW)
    enforced = {
        name: {effect.rule.name for effect in desired.effects if name in effect.matched}
        & {one.name for one in declarations.rules if one.mode is RuleMode.ENFORCE}
        for name in desired.users
    }
    for name, user in desired.users.items():
        asking = {one.name for one in user.rules}
        assert asking <= enforced[name]
        assert name in declarations.users or asking


@QUICK
@given(declared, complete_observations)
def test_what_an_entry_sets_counts_before_any_rule(
    declarations: Declarations, observed: ObservedState
) -> None:
    desired = desired_state(declarations, observed, NOW)
    for name, entry in declarations.users.items():
        user = desired.users[name]
        if entry.platforms is not None or not entry.takes_rules:
            assert (user.platforms, user.handover) == (entry.platforms, entry.handover)
            assert not user.platforms_by_rules
        for field, value in (entry.preferences or Preferences()).present().items():
            assert getattr(user.preferences, field) == value


@QUICK
@given(declared, complete_observations, st.randoms(use_true_random=False))
def test_the_order_of_rules_and_of_the_list_changes_no_action(
    declarations: Declarations, observed: ObservedState, random: Random
) -> None:
    if not in_sight(declarations, observed):
        return
    _, content = planned(declarations, observed)
    rows = ObservedState(tuple(random.sample(observed.users, len(observed.users))))
    _, again = planned(declarations, rows)
    assert canonical_json(content) == canonical_json(again)
    mixed = tuple(random.sample(declarations.rules, len(declarations.rules)))
    _, other = planned(structs.replace(declarations, rules=mixed), observed)
    assert canonical_json(content) == canonical_json(other)


@QUICK
@given(declared, complete_observations)
def test_rules_that_only_report_change_nothing_but_what_is_said_of_them(
    declarations: Declarations, observed: ObservedState
) -> None:
    if not in_sight(declarations, observed):
        return
    quiet = tuple(structs.replace(one, mode=RuleMode.REPORT) for one in declarations.rules)
    _, content = planned(structs.replace(declarations, rules=quiet), observed)
    _, without = planned(structs.replace(declarations, rules=()), observed)
    assert content.rules
    for part in ("actions", "pending", "blocked", "unmanaged", "fleet"):
        assert getattr(content, part) == getattr(without, part)


@QUICK
@given(declared, cut_observations)
def test_half_a_list_makes_no_rule_apply(
    declarations: Declarations, observed: ObservedState
) -> None:
    desired = desired_state(declarations, observed, NOW)
    assert desired.effects == ()
    assert dict(desired.users) == dict(declarations.users)


@QUICK
@given(declared, complete_observations)
def test_an_action_of_a_fresh_plan_meets_the_conditions_of_its_rules(
    declarations: Declarations, observed: ObservedState
) -> None:
    if not in_sight(declarations, observed):
        return
    _, content = planned(declarations, observed)
    users = UserIndex(observed)
    for action in content.actions:
        found = check_listed_preconditions(action, users.rows(action.user), Protection(()))
        assert found is PreconditionResult.READY


@QUICK
@given(declared, complete_observations)
def test_users_about_whom_rules_disagree_have_no_action(
    declarations: Declarations, observed: ObservedState
) -> None:
    if not in_sight(declarations, observed):
        return
    desired, content = planned(declarations, observed)
    disputed = {user.id for user in desired.users.values() if user.conflicting}
    assert not disputed & {action.user for action in content.actions}
    held: list[HeldAction] = [one for one in content.blocked if one.rules is not UNSET]
    assert {one.action.user for one in held} <= disputed
