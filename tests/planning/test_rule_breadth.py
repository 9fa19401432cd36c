"""The guard on rules that take everything from too many, and who counts as declared by a rule."""

from collections.abc import Sequence

import pytest
from msgspec import UNSET, UnsetType

from reconciler.domain import DesiredUser, Limits, Preferences, Rule, RuleMatch, RuleMode, Window
from reconciler.planning import GuardName, Judgement, Verdict
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    seen,
    vacant,
)
from tests.planning.rules import ANYBODY, NOW, rule, state

PASSED, REFUSED = Judgement.PASSED, Judgement.REFUSED
MATCHED = [seen(f"c-{number}", connected("google")) for number in range(3)]
OTHERS = [seen(name, connected("google")) for name in ("alice", "bob")]
CONTRACTORS = RuleMatch(id="c-*")


def verdicts(
    guard: GuardName,
    *rules: Rule,
    limit: int | None | UnsetType = UNSET,
    entries: tuple[DesiredUser, ...] = (),
    problems: tuple[str, ...] = (),
) -> list[Verdict]:
    """What ``guard`` says of these rules in a list of three contractors and two others."""
    users = (*MATCHED, *OTHERS)
    content = content_of(
        state(rules, *users, entries=entries, problems=problems),
        fleet(*users, problems=problems),
        limits=Limits(None, None, None, max_rule_matches=limit),
    )
    return [verdict for verdict in content.guards if verdict.guard is guard]


@pytest.mark.parametrize(
    ("limit", "judgement"),
    [(UNSET, PASSED), (None, PASSED), (3, PASSED), (2, REFUSED), (0, REFUSED)],
)
def test_a_rule_may_match_as_many_users_as_the_limit_says(
    limit: int | None | UnsetType, judgement: Judgement
) -> None:
    (verdict,) = verdicts(GuardName.RULE_BREADTH, rule(CONTRACTORS), limit=limit)
    shown = 50 if limit is UNSET else limit
    assert verdict == Verdict(GuardName.RULE_BREADTH, judgement, 3, shown, 5, subject="r")


def test_without_a_limit_fifty_users_are_let_through_and_one_more_is_not() -> None:
    for number, judgement in ((50, PASSED), (51, REFUSED)):
        users = [seen(f"c-{at}") for at in range(number)]
        content = content_of(state([rule(CONTRACTORS)], *users, *OTHERS), fleet(*users, *OTHERS))
        (verdict,) = [v for v in content.guards if v.guard is GuardName.RULE_BREADTH]
        assert (verdict.actual, verdict.judgement) == (number, judgement)


@pytest.mark.parametrize("limit", [None, 50])
def test_a_rule_that_matches_everybody_is_refused_at_any_limit(limit: int | None) -> None:
    (verdict,) = verdicts(GuardName.RULE_BREADTH, rule(ANYBODY), limit=limit)
    assert (verdict.judgement, verdict.actual, verdict.total) == (REFUSED, 5, 5)


@pytest.mark.parametrize(
    ("match", "excepted"),
    [
        (RuleMatch(email="*"), []),
        (RuleMatch(id="*"), ["lead"]),
        (RuleMatch(connected=(GOOGLE, MICROSOFT)), ["lead"]),
    ],
)
def test_a_rule_that_leaves_out_its_exceptions_alone_means_everybody(
    match: RuleMatch, excepted: Sequence[str]
) -> None:
    users = (
        seen("a", connected("google", email="a@x")),
        seen("lead", connected("google", email="lead")),
        seen("nothing", vacant("google")),
    )
    excepted = [*excepted, "lead"]
    desired = state([rule(match, excepted=excepted)], *users)
    (verdict,) = content_of(desired, fleet(*users)).refusals
    assert verdict.guard is GuardName.RULE_BREADTH
    other = seen("b", connected("google", email=None))
    with_another = state([rule(RuleMatch(id="a"), excepted=excepted)], *users, other)
    assert content_of(with_another, fleet(*users, other)).refusals == ()


def test_whoever_has_no_external_id_is_not_missing_from_everybody() -> None:
    users = (*OTHERS, seen(None, connected("google")))
    content = content_of(state([rule(ANYBODY)], *users), fleet(*users))
    assert [verdict.guard for verdict in content.refusals] == [GuardName.RULE_BREADTH]


def test_in_an_empty_list_a_rule_matches_nobody() -> None:
    content = content_of(state([rule(ANYBODY)]), fleet())
    (verdict,) = [v for v in content.guards if v.guard is GuardName.RULE_BREADTH]
    assert (verdict.judgement, verdict.actual) == (PASSED, 0)


def test_who_an_entry_keeps_away_from_the_rule_counts_too() -> None:
    kept = tuple(declared(user.external_id or "", [GOOGLE]) for user in MATCHED)
    (verdict,) = verdicts(GuardName.RULE_BREADTH, rule(CONTRACTORS), limit=2, entries=kept)
    assert (verdict.judgement, verdict.actual) == (REFUSED, 3)


def test_the_verdict_is_on_the_broadest_rule() -> None:
    narrow, broad = rule(RuleMatch(id="c-1"), name="z"), rule(CONTRACTORS, name="a")
    for rules in ((narrow, broad), (broad, narrow)):
        (verdict,) = verdicts(GuardName.RULE_BREADTH, *rules)
        assert (verdict.subject, verdict.actual) == ("a", 3)


@pytest.mark.parametrize(
    "harmless",
    [
        rule(ANYBODY, mode=RuleMode.REPORT),
        rule(ANYBODY, [GOOGLE]),
        rule(ANYBODY, None, preferences=Preferences(bot_name="N")),
        rule(ANYBODY, window=Window(None, NOW)),
    ],
    ids=["only reports", "wants a platform", "only preferences", "ended"],
)
def test_a_rule_that_takes_nothing_away_is_not_judged(harmless: Rule) -> None:
    assert verdicts(GuardName.RULE_BREADTH, harmless, limit=0) == []


def test_no_rule_is_judged_by_half_a_list() -> None:
    assert verdicts(GuardName.RULE_BREADTH, rule(ANYBODY), problems=("page 2 failed",)) == []


@pytest.mark.parametrize(
    "only",
    [rule(CONTRACTORS), rule(mode=RuleMode.REPORT), rule(window=Window(None, NOW))],
    ids=["enforced", "only reports", "ended"],
)
def test_a_workspace_that_has_only_rules_is_not_empty(only: Rule) -> None:
    (verdict,) = verdicts(GuardName.EMPTY_DESIRED, only)
    assert (verdict.judgement, verdict.actual, verdict.total) == (PASSED, 0, 1)


def test_a_workspace_without_entries_and_rules_is_empty() -> None:
    (verdict,) = verdicts(GuardName.EMPTY_DESIRED)
    assert (verdict.judgement, verdict.actual, verdict.total) == (REFUSED, 0, None)


def test_half_a_list_does_not_make_the_manifests_empty() -> None:
    (verdict,) = verdicts(GuardName.EMPTY_DESIRED, rule(), problems=("page 2 failed",))
    assert verdict.judgement is PASSED
