"""The disconnects of a day: what counts, and that no intent goes beyond the limit."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from reconciler.domain import rfc3339
from reconciler.ledger.daily_limit import disconnects_since
from reconciler.ledger.declared_users import Scope
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.planning import Action, GuardName, Judgement, Plan, Verdict, seal
from reconciler.runs import ActionResult, DailyLimitReached, Outcome
from tests.ledger.samples import (
    ADDRESS,
    ALICE,
    AT,
    BOB_GOOGLE,
    BOB_MICROSOFT,
    CAROL,
    LATER,
    PLAN,
    WORKSPACE,
    acting,
    answer,
    begin,
    claim,
    closed,
    crash,
    database_of,
    disconnect_fully,
    ended,
    intent,
    opened,
    plan,
    unknown,
)

SCOPE = Scope(WORKSPACE, ADDRESS)


def later(hours: float) -> str:
    return rfc3339(datetime.fromisoformat(AT) + timedelta(hours=hours))


def counted(ledger: Ledger, since: str = AT) -> int:
    with database_of(ledger).read() as connection:
        return disconnects_since(connection, SCOPE, since)


def verdict(limit: int, judgement: Judgement = Judgement.PASSED) -> Verdict:
    return Verdict(GuardName.MAX_DISCONNECTS_PER_DAY, judgement, 3, limit, 0)


def let_through(run: OpenRun, *verdicts: Verdict, by: Plan = PLAN) -> OpenRun:
    run.run_opened(structs.replace(opened(run.id, by), verdicts=verdicts))
    return run


def begin_at(run: OpenRun, action: Action, at: str) -> None:
    run.intent(structs.replace(intent(run.id, action), at=at))


def test_what_is_verified_or_open_counts_once_and_preferences_do_not(ledger: Ledger) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, CAROL)
        assert counted(ledger) == 0
        disconnect_fully(run, ALICE)
        run.intent(intent(run.id, BOB_GOOGLE))
        assert counted(ledger) == 2
        run.answer(answer(run.id, BOB_GOOGLE, "throttled", no_effect=True))
        run.intent(intent(run.id, BOB_GOOGLE, call=2))
        assert counted(ledger) == 2


@pytest.mark.parametrize(
    ("outcome", "count"),
    [(Outcome.VERIFIED, 1), (Outcome.UNKNOWN, 1), (Outcome.FAILED, 0), (Outcome.SKIPPED_STALE, 0)],
)
def test_an_outcome_that_proves_that_nothing_happened_does_not_count(
    ledger: Ledger, outcome: Outcome, count: int
) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.outcome(ended(run.id, ActionResult(ALICE, outcome, "x", calls=1)))
    assert counted(ledger) == count


def test_what_began_before_does_not_count(ledger: Ledger) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, ALICE)
        begin_at(run, BOB_GOOGLE, later(5))
    assert [counted(ledger, later(hours)) for hours in (0, 0.1, 5, 5.1)] == [2, 1, 1, 0]


def test_a_run_that_died_counts_until_it_is_resolved(ledger: Ledger) -> None:
    run = begin(ledger)
    let_through(run).intent(intent(run.id, ALICE))
    crash(run)
    assert counted(ledger) == 1


def test_a_run_counts_whose_clock_was_set_back_before_it_ended(ledger: Ledger) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, ALICE)
        run.intent(intent(run.id, BOB_GOOGLE))
        results = ActionResult(ALICE, Outcome.VERIFIED, "x", calls=1), unknown(BOB_GOOGLE)
        run.run_closed(structs.replace(closed(run.id, *results), at=later(-30)))
    assert counted(ledger) == 2


def test_another_workspace_and_another_address_have_days_of_their_own(ledger: Ledger) -> None:
    for there in (claim(workspace="stage"), claim(base_url="sandbox:1")):
        with acting(ledger, there) as run:
            action = structs.replace(ALICE, workspace=there.workspace)
            run.intent(intent(run.id, action))
    assert counted(ledger) == 0


def test_the_history_that_guards_judge_by_has_the_day_until_now(ledger: Ledger) -> None:
    with acting(ledger) as run:
        begin_at(run, ALICE, "2999-01-01T00:00:00Z")
        disconnect_fully(run, BOB_GOOGLE)  # at a time long past
    assert ledger.history(WORKSPACE, ADDRESS, None).disconnects_of_the_day == 1


def test_an_intent_beyond_the_limit_is_refused_and_leaves_nothing(ledger: Ledger) -> None:
    with begin(ledger) as run:
        let_through(run, verdict(2))
        disconnect_fully(run, ALICE)
        run.intent(intent(run.id, BOB_GOOGLE))
        with pytest.raises(DailyLimitReached) as refused:
            run.intent(intent(run.id, BOB_MICROSOFT))
        assert str(refused.value) == (
            "2 disconnects were made within the last 24 hours, and the limit is 2"
        )
        assert counted(ledger) == 2
        run.intent(intent(run.id, CAROL))


def test_an_action_does_not_stand_in_its_own_way(ledger: Ledger) -> None:
    with begin(ledger) as run:
        let_through(run, verdict(1))
        run.intent(intent(run.id, ALICE))
        run.answer(answer(run.id, ALICE, "throttled", no_effect=True))
        run.intent(intent(run.id, ALICE, call=2))
    assert counted(ledger) == 1


def test_the_disconnects_of_earlier_runs_count_for_24_hours(ledger: Ledger) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, ALICE)
    with begin(ledger) as run:
        let_through(run, verdict(1), by=plan(LATER))
        with pytest.raises(DailyLimitReached):
            begin_at(run, BOB_GOOGLE, later(24))
        begin_at(run, BOB_GOOGLE, later(24.01))


def test_a_run_for_which_the_limit_was_allowed_has_none(ledger: Ledger) -> None:
    with begin(ledger) as run:
        let_through(run, verdict(0, Judgement.ALLOWED))
        run.intent(intent(run.id, ALICE))


def test_the_process_that_joins_a_run_has_its_limit(ledger: Ledger) -> None:
    with begin(ledger) as run:
        let_through(run, verdict(1))
        joined = ledger.join(WORKSPACE, ADDRESS, seal=seal(PLAN))
        joined.intent(intent(run.id, ALICE))
        joined.outcome(ended(run.id, unknown(ALICE)))
        with pytest.raises(DailyLimitReached):
            joined.intent(intent(run.id, BOB_GOOGLE))
