"""The guards that remember: fewer users than in the last accepted run."""

import pytest
from msgspec import UNSET, UnsetType, structs

from reconciler.domain import Limits
from reconciler.planning import (
    Content,
    FleetSize,
    GuardName,
    History,
    Judgement,
    Verdict,
    allow,
    judge,
)
from reconciler.planning.guards import Evidence
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

OBSERVED, DESIRED = GuardName.OBSERVED_FLEET_SHRINK, GuardName.DESIRED_FLEET_SHRINK
PASSED, REFUSED, ALLOWED = Judgement.PASSED, Judgement.REFUSED, Judgement.ALLOWED
NOT_JUDGED, NOT_APPLICABLE = Judgement.NOT_JUDGED, Judgement.NOT_APPLICABLE


def evidence(
    *,
    declared: int = 100,
    observed: int = 100,
    accepted: FleetSize | None,
    percent: int | None = 30,
    problems: int = 0,
) -> Evidence:
    return Evidence(
        declared=declared,
        observed=observed,
        connections=100,
        unrecognised_rows=0,
        problems=problems,
        disconnects=0,
        limits=Limits(None, None, percent),
        history=History(accepted),
    )


def verdicts(given: Evidence, *allowed: GuardName) -> list[Verdict]:
    return [v for v in allow(judge(given), set(allowed)) if v.guard in (OBSERVED, DESIRED)]


BOUNDARIES = pytest.mark.parametrize(
    ("percent", "before", "now", "judgement"),
    [
        (30, 100, 70, PASSED),
        (30, 100, 69, REFUSED),
        (30, 10, 7, PASSED),
        (30, 10, 6, REFUSED),
        (33, 3, 2, REFUSED),  # 33.3 %: a rounded share would pass
        (34, 3, 2, PASSED),
        (30, 1, 0, REFUSED),  # small fleets are fleets
        (30, 3, 2, REFUSED),
        (30, 4, 3, PASSED),
        (30, 100, 100, PASSED),
        (30, 100, 5000, PASSED),
        (30, 0, 0, PASSED),
        (30, 0, 9, PASSED),
        (0, 100, 100, PASSED),
        (0, 100, 101, PASSED),
        (0, 10**6, 10**6 - 1, REFUSED),
        (100, 100, 1, PASSED),
        (100, 100, 0, PASSED),
        (1, 10**18, 10**18 - 10**16, PASSED),
        (1, 10**18, 10**18 - 10**16 - 1, REFUSED),  # too fine for floating point
    ],
)


@BOUNDARIES
def test_more_listed_users_missing_than_the_limit_are_refused(
    percent: int, before: int, now: int, judgement: Judgement
) -> None:
    given = evidence(observed=now, accepted=FleetSize(100, before), percent=percent)
    assert verdicts(given) == [
        Verdict(OBSERVED, judgement, now, percent, before),
        Verdict(DESIRED, PASSED, 100, percent, 100),
    ]


@BOUNDARIES
def test_more_declared_users_missing_than_the_limit_are_refused(
    percent: int, before: int, now: int, judgement: Judgement
) -> None:
    given = evidence(declared=now, accepted=FleetSize(before, 100), percent=percent)
    assert verdicts(given) == [
        Verdict(OBSERVED, PASSED, 100, percent, 100),
        Verdict(DESIRED, judgement, now, percent, before),
    ]


def test_without_a_memory_neither_fleet_is_judged() -> None:
    assert verdicts(evidence(declared=0, observed=1, accepted=None)) == [
        Verdict(OBSERVED, NOT_JUDGED, 1, 30, None),
        Verdict(DESIRED, NOT_JUDGED, 0, 30, None),
    ]


def test_an_incomplete_list_says_nothing_of_the_observed_fleet() -> None:
    accepted = FleetSize(declared=100, observed=100)
    assert verdicts(evidence(declared=1, observed=1, accepted=accepted, problems=1)) == [
        Verdict(OBSERVED, NOT_JUDGED, 1, 30, 100),
        Verdict(DESIRED, REFUSED, 1, 30, 100),
    ]


@pytest.mark.parametrize("accepted", [None, FleetSize(declared=200, observed=300)])
@pytest.mark.parametrize("problems", [0, 1])
def test_where_no_limit_is_set_neither_guard_applies(
    accepted: FleetSize | None, problems: int
) -> None:
    given = evidence(accepted=accepted, percent=None, problems=problems)
    assert [(v.guard, v.judgement, v.limit) for v in verdicts(given)] == [
        (OBSERVED, NOT_APPLICABLE, None),
        (DESIRED, NOT_APPLICABLE, None),
    ]


BOTH_SHRANK = evidence(declared=10, observed=20, accepted=FleetSize(declared=100, observed=100))


@pytest.mark.parametrize(
    ("allowed", "judgements"),
    [
        ([], [REFUSED, REFUSED]),
        ([OBSERVED], [ALLOWED, REFUSED]),
        ([DESIRED], [REFUSED, ALLOWED]),
        ([OBSERVED, DESIRED], [ALLOWED, ALLOWED]),
    ],
)
def test_to_allow_one_fleet_to_shrink_does_not_allow_the_other(
    allowed: list[GuardName], judgements: list[Judgement]
) -> None:
    found = verdicts(BOTH_SHRANK, *allowed)
    assert [v.judgement for v in found] == judgements
    assert [(v.actual, v.limit, v.total) for v in found] == [(20, 30, 100), (10, 30, 100)]


def test_what_is_not_judged_is_not_shown_as_allowed() -> None:
    given = evidence(accepted=None)
    assert verdicts(given, OBSERVED, DESIRED) == verdicts(given)


def plan(history: History, percent: int | None = 30) -> Content:
    return content_of(
        manifest(declared("a", []), declared("b", [MICROSOFT]), declared("c", [GOOGLE])),
        fleet(
            seen("a", connected("google")),
            seen("b", connected("google"), connected("microsoft")),
            seen("stranger", connected("google")),
            seen(None, connected("google"), recall_id="r0"),
        ),
        limits=Limits(None, None, percent),
        history=history,
    )


def test_a_plan_is_refused_where_a_fleet_shrank_and_still_shows_what_it_would_do() -> None:
    content = plan(History(FleetSize(declared=3, observed=6)))
    assert content.refusals == (Verdict(OBSERVED, REFUSED, 4, 30, 6),)
    assert [action.key for action in content.actions] == [
        "disconnect google of a",
        "disconnect google of b",
    ]


def test_everybody_whom_the_list_shows_belongs_to_the_observed_fleet() -> None:
    assert plan(History(FleetSize(declared=3, observed=4)), percent=0).refusals == ()


def test_a_plan_without_a_memory_is_not_refused_for_that() -> None:
    assert plan(History()).refusals == ()


class TestSourceShrink:
    """Each source for itself."""

    def judged(
        self, now: dict[str, int], before: dict[str, int], percent: int | None | UnsetType = UNSET
    ) -> list[Verdict]:
        given = structs.replace(
            evidence(accepted=None),
            rows=now,
            history=History(rows=before),
            limits=Limits(None, None, None, percent),
        )
        return [v for v in judge(given) if v.guard is GuardName.SOURCE_SHRINK]

    def test_without_sources_there_is_nothing_to_judge(self) -> None:
        assert self.judged({}, {"gone": 10}) == []

    @pytest.mark.parametrize(
        ("percent", "now", "judgement"),
        [
            (UNSET, 70, PASSED),
            (UNSET, 69, REFUSED),
            (UNSET, 1000, PASSED),
            (50, 50, PASSED),
            (50, 49, REFUSED),
            (0, 99, REFUSED),
            (0, 100, PASSED),
            (None, 0, NOT_APPLICABLE),
        ],
    )
    def test_it_refuses_beyond_its_limit(
        self, percent: int | None | UnsetType, now: int, judgement: Judgement
    ) -> None:
        (verdict,) = self.judged({"hr": now}, {"hr": 100}, percent)
        assert (verdict.judgement, verdict.actual, verdict.total) == (judgement, now, 100)
        assert verdict.subject == "hr"

    def test_a_source_that_nobody_read_before_is_not_judged(self) -> None:
        (verdict,) = self.judged({"hr": 5}, {"other": 10})
        assert (verdict.judgement, verdict.subject) == (NOT_JUDGED, "hr")

    def test_the_verdict_is_on_the_one_that_shrank_most(self) -> None:
        now = {"new": 1, "grown": 200, "half": 50, "less": 60}
        (verdict,) = self.judged(now, {"grown": 100, "half": 100, "less": 100, "empty": 0})
        assert (verdict.subject, verdict.judgement) == ("half", REFUSED)

    def test_a_source_that_was_empty_can_only_grow(self) -> None:
        (verdict,) = self.judged({"hr": 0}, {"hr": 0})
        assert verdict.judgement is PASSED
