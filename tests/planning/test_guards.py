"""The refusals: exact boundaries, what is counted, what can be allowed."""

import pytest
from msgspec import structs

from reconciler.domain import DesiredState, Limits, ObservedState, Preferences, RuleEffect
from reconciler.planning import (
    ALLOWABLE,
    SMALL_FLEET,
    FleetSize,
    GuardName,
    History,
    Judgement,
    Ownership,
    Verdict,
    allow,
    evidence_of,
    judge,
    judge_list,
)
from reconciler.planning.guards import Evidence
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    NO_LIMITS,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
    vacant,
)
from tests.planning.rules import rule

PASSED, REFUSED, ALLOWED = Judgement.PASSED, Judgement.REFUSED, Judgement.ALLOWED
HEALTHY = Evidence(
    declared=100,
    observed=100,
    connections=100,
    unrecognised_rows=0,
    problems=0,
    disconnects=0,
    limits=Limits(),
    history=History(
        FleetSize(declared=100, observed=100),
        ownership=Ownership("the command line", {}),
    ),
)
WITH_ROWS_AND_RULES = structs.replace(
    HEALTHY,
    limits=Limits(max_disconnects_per_day=50),
    history=structs.replace(HEALTHY.history, rows={"hr": 100}, disconnects_of_the_day=7),
    rows={"hr": 100},
    rules=1,
    effects=(RuleEffect(rule(), ("alice",), (), 100),),
)


def verdict(guard: GuardName, **changes: object) -> Verdict:
    [found] = [v for v in judge(structs.replace(HEALTHY, **changes)) if v.guard is guard]
    return found


def test_a_healthy_fleet_passes_every_guard_in_the_order_they_are_shown() -> None:
    verdicts = judge(WITH_ROWS_AND_RULES)
    assert [v.guard for v in verdicts] == list(GuardName)
    assert {v.judgement for v in verdicts} == {PASSED}


@pytest.mark.parametrize(
    ("limit", "count", "judgement"),
    [
        (10, 10, PASSED),
        (10, 11, REFUSED),
        (0, 0, PASSED),
        (0, 1, REFUSED),
        (None, 100_000, PASSED),
    ],
)
def test_more_disconnects_than_the_limit_are_refused(
    limit: int | None, count: int, judgement: Judgement
) -> None:
    assert verdict(
        GuardName.MAX_DISCONNECTS, limits=Limits(limit, None), disconnects=count
    ) == Verdict(GuardName.MAX_DISCONNECTS, judgement, count, limit)


@pytest.mark.parametrize(
    ("percent", "count", "total", "judgement"),
    [
        (20, 20, 100, PASSED),
        (20, 21, 100, REFUSED),
        (20, 5, 25, PASSED),
        (20, 6, 25, REFUSED),
        (33, 33, 100, PASSED),
        (33, 10, 30, REFUSED),  # 33.3 %: a rounded share would pass
        (33, 9, 30, PASSED),
        (1, 10**16, 10**18, PASSED),
        (1, 10**16 + 1, 10**18, REFUSED),  # too fine for floating point
        (100, 30, 30, PASSED),
        (None, 30, 30, PASSED),
        (0, 0, 30, PASSED),
        (0, 1, 10**6, REFUSED),
    ],
)
def test_a_larger_share_than_the_limit_is_refused(
    percent: int | None, count: int, total: int, judgement: Judgement
) -> None:
    assert verdict(
        GuardName.MAX_DISCONNECT_PERCENT,
        limits=Limits(None, percent),
        disconnects=count,
        connections=total,
    ) == Verdict(GuardName.MAX_DISCONNECT_PERCENT, judgement, count, percent, total)


@pytest.mark.parametrize(
    ("percent", "count", "total", "judgement"),
    [
        (20, 24, 24, Judgement.NOT_APPLICABLE),
        (20, 0, 0, Judgement.NOT_APPLICABLE),
        (20, 25, 25, REFUSED),
        (0, 1, 24, REFUSED),
        (0, 0, 24, PASSED),
        (0, 0, 0, PASSED),
        (None, 24, 24, PASSED),
    ],
)
def test_in_a_small_fleet_only_a_share_of_zero_is_a_limit(
    percent: int | None, count: int, total: int, judgement: Judgement
) -> None:
    assert SMALL_FLEET == 25
    found = verdict(
        GuardName.MAX_DISCONNECT_PERCENT,
        limits=Limits(None, percent),
        disconnects=count,
        connections=total,
    )
    assert found.judgement is judgement


def test_both_limits_of_disconnects_must_hold() -> None:
    def refused(count: int, limits: Limits) -> list[GuardName]:
        evidence = structs.replace(HEALTHY, disconnects=count, limits=limits)
        return [v.guard for v in judge(evidence) if v.judgement is REFUSED]

    assert refused(10, Limits(10, 20)) == []
    assert refused(11, Limits(10, 20)) == [GuardName.MAX_DISCONNECTS]
    assert refused(21, Limits(30, 20)) == [GuardName.MAX_DISCONNECT_PERCENT]
    assert refused(31, Limits(30, 20)) == [
        GuardName.MAX_DISCONNECTS,
        GuardName.MAX_DISCONNECT_PERCENT,
    ]


def test_the_limits_are_ten_a_fifth_and_three_tenths_where_none_are_set() -> None:
    assert Limits() == Limits(
        max_disconnects=10, max_disconnect_percent=20, max_fleet_shrink_percent=30
    )


@pytest.mark.parametrize(
    ("declared_users", "judgement"), [(0, REFUSED), (1, PASSED)], ids=["nobody", "somebody"]
)
def test_manifests_that_declare_nobody_are_refused(
    declared_users: int, judgement: Judgement
) -> None:
    assert verdict(GuardName.EMPTY_DESIRED, declared=declared_users) == Verdict(
        GuardName.EMPTY_DESIRED, judgement, declared_users
    )


@pytest.mark.parametrize(
    ("observed", "problems", "judgement"),
    [(0, 0, REFUSED), (1, 0, PASSED), (0, 1, PASSED)],
    ids=["nobody", "somebody", "unknown"],
)
def test_a_complete_list_of_nobody_is_refused_and_an_unknown_one_is_another_guards(
    observed: int, problems: int, judgement: Judgement
) -> None:
    assert verdict(GuardName.EMPTY_OBSERVED, observed=observed, problems=problems) == Verdict(
        GuardName.EMPTY_OBSERVED, judgement, observed
    )


UNKNOWN_NAMES = (seen("a", connected("Google")), seen("b", connected("zoom"), vacant("google")))


@pytest.mark.parametrize(
    ("observed", "judgement", "total"),
    [
        (fleet(*UNKNOWN_NAMES), REFUSED, 2),
        (fleet(*UNKNOWN_NAMES, problems=["cut short"]), PASSED, 2),
        (fleet(*UNKNOWN_NAMES, seen("c", connected("google"))), PASSED, None),
        (fleet(seen("a"), seen("b", vacant("zoom"))), PASSED, None),
    ],
    ids=["all unknown", "incomplete", "one is known", "nothing connected"],
)
def test_a_list_of_which_no_connected_platform_is_known_is_refused_like_an_empty_one(
    observed: ObservedState, judgement: Judgement, total: int | None
) -> None:
    desired = manifest(declared("a", []), declared("b", [GOOGLE]))
    expected = Verdict(GuardName.EMPTY_OBSERVED, judgement, len(observed.users), total=total)
    assert expected in content_of(desired, observed).guards
    assert expected in judge_list(observed, NO_LIMITS, History(), frozenset())


@pytest.mark.parametrize(("problems", "judgement"), [(0, PASSED), (1, REFUSED), (7, REFUSED)])
def test_any_problem_of_the_observation_is_refused(problems: int, judgement: Judgement) -> None:
    assert verdict(GuardName.COMPLETE_OBSERVATION, problems=problems) == Verdict(
        GuardName.COMPLETE_OBSERVATION, judgement, problems
    )


@pytest.mark.parametrize(
    ("limit", "made", "count", "judgement"),
    [
        (10, 4, 6, PASSED),
        (10, 4, 7, REFUSED),
        (10, 11, 0, PASSED),
        (0, 0, 1, REFUSED),
        (10, None, 1, Judgement.NOT_JUDGED),
    ],
)
def test_more_disconnects_of_all_runs_than_a_day_allows_are_refused(
    limit: int, made: int | None, count: int, judgement: Judgement
) -> None:
    history = structs.replace(HEALTHY.history, disconnects_of_the_day=made)
    limits = Limits(max_disconnects_per_day=limit)
    guard = GuardName.MAX_DISCONNECTS_PER_DAY
    found = verdict(guard, disconnects=count, limits=limits, history=history)
    assert found == Verdict(guard, judgement, count, limit, made)


def test_without_a_limit_of_a_day_there_is_no_verdict_on_it() -> None:
    history = structs.replace(HEALTHY.history, disconnects_of_the_day=100_000)
    verdicts = judge(structs.replace(HEALTHY, history=history))
    assert GuardName.MAX_DISCONNECTS_PER_DAY not in [found.guard for found in verdicts]


EVERYTHING_WRONG = structs.replace(HEALTHY, declared=0, observed=0, disconnects=99)


def test_an_allowance_allows_the_guard_it_names_and_no_other() -> None:
    verdicts = allow(judge(EVERYTHING_WRONG), {GuardName.EMPTY_OBSERVED, GuardName.MAX_DISCONNECTS})
    assert [(v.guard, v.judgement) for v in verdicts] == [
        (GuardName.COMPLETE_OBSERVATION, PASSED),
        (GuardName.EMPTY_DESIRED, REFUSED),
        (GuardName.EMPTY_OBSERVED, ALLOWED),
        (GuardName.OBSERVED_FLEET_SHRINK, REFUSED),
        (GuardName.DESIRED_FLEET_SHRINK, REFUSED),
        (GuardName.TAKEOVER, PASSED),
        (GuardName.MAX_DISCONNECTS, ALLOWED),
        (GuardName.MAX_DISCONNECT_PERCENT, REFUSED),
    ]


def test_an_allowance_keeps_the_numbers() -> None:
    [found] = [
        v
        for v in allow(judge(EVERYTHING_WRONG), {GuardName.MAX_DISCONNECT_PERCENT})
        if v.judgement is ALLOWED
    ]
    assert found == Verdict(GuardName.MAX_DISCONNECT_PERCENT, ALLOWED, 99, 20, 100)


def test_what_passes_is_not_shown_as_allowed() -> None:
    assert allow(judge(HEALTHY), set(GuardName)) == judge(HEALTHY)


def test_an_incomplete_observation_can_not_be_allowed() -> None:
    verdicts = allow(judge(structs.replace(EVERYTHING_WRONG, problems=1)), set(GuardName))
    assert [v.guard for v in verdicts if v.judgement is REFUSED] == [GuardName.COMPLETE_OBSERVATION]
    assert GuardName.COMPLETE_OBSERVATION not in ALLOWABLE


def test_every_other_guard_can_be_allowed() -> None:
    assert set(ALLOWABLE) == set(GuardName) - {GuardName.COMPLETE_OBSERVATION}


FLEET_OF_FOUR = (
    manifest(
        declared("a", [GOOGLE]),
        declared("b"),
        declared("twice", [GOOGLE]),
        declared("absent", [MICROSOFT]),
    ),
    fleet(
        seen("a", connected("google"), connected("microsoft"), connected("zoom")),
        seen("b", connected("google"), vacant("microsoft")),
        seen("twice", connected("google"), recall_id="1"),
        seen("twice", connected("google"), recall_id="2"),
        seen("undeclared", connected("google"), connected("microsoft")),
        seen(None, connected("google"), recall_id="3"),
        problems=["one", "two"],
    ),
)


def test_evidence_counts_connected_google_and_microsoft_rows_of_declared_users() -> None:
    desired, observed = FLEET_OF_FOUR
    history = History(FleetSize(declared=7, observed=8))
    evidence = evidence_of(desired, observed, Limits(), history, disconnects=3)
    assert evidence == Evidence(
        declared=4,
        observed=6,
        connections=5,
        unrecognised_rows=0,
        problems=2,
        disconnects=3,
        limits=Limits(),
        history=history,
    )


def test_a_plan_counts_disconnects_after_holds_and_not_preferences() -> None:
    wanted = Preferences(bot_name="N")
    desired = manifest(
        declared("boss", []),
        declared("leaver", []),
        declared("moving", [MICROSOFT]),
        declared("named", preferences=wanted),
    )
    observed = fleet(
        *(seen(user, connected("google")) for user in ("boss", "leaver", "moving", "named"))
    )
    content = content_of(desired, observed, limits=Limits(1, None), protected=["boss"])
    assert [v.actual for v in content.guards if v.guard is GuardName.MAX_DISCONNECTS] == [1]
    assert [action.key for action in content.actions] == [
        "disconnect google of leaver",
        "update preferences of named",
    ]
    assert content.refusals == ()


def leavers(count: int, staying: int) -> tuple[DesiredState, ObservedState]:
    names = [f"u{n:02d}" for n in range(count + staying)]
    desired = manifest(
        *(declared(name, [] if n < count else [GOOGLE]) for n, name in enumerate(names))
    )
    return desired, fleet(*(seen(name, connected("google")) for name in names))


@pytest.mark.parametrize(
    ("leaving", "staying", "refused"),
    [
        (5, 20, []),
        (6, 19, [GuardName.MAX_DISCONNECT_PERCENT]),
        (6, 18, []),
        (10, 14, []),
        (11, 13, [GuardName.MAX_DISCONNECTS]),
    ],
)
def test_a_plan_is_refused_where_its_leavers_are_too_many(
    leaving: int, staying: int, refused: list[GuardName]
) -> None:
    content = content_of(*leavers(leaving, staying), limits=Limits())
    assert [v.guard for v in content.refusals] == refused
    assert len(content.actions) == leaving
