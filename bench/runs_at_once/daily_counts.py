"""What the daily limit adds to an intent, by how much is recorded and how much it counts."""

import statistics
import time
from datetime import datetime, timedelta

from msgspec import Struct, structs

from bench import recorded_run
from bench.leavers import leavers_plan, made_again
from bench.recorded_ledger import Shape, fill
from reconciler.domain import PostgresqlDatabase, SystemClock, rfc3339
from reconciler.ledger import open_ledger
from reconciler.planning import GuardName, Judgement, Verdict

_ACTIONS = 100
_LIMIT = 10_000_000


class DailyCount(Struct, frozen=True):
    """Median seconds of an intent with and without the limit, in a ledger of so many ``steps``, of
    which so many disconnects are ``counted`` because they are of the last 24 hours."""

    steps: int
    counted: int
    with_limit: float
    without: float


def measure_daily_counts(
    place: PostgresqlDatabase, actions: int, intents: int
) -> tuple[DailyCount, DailyCount]:
    """In a ledger of ``actions`` recorded disconnects of one workspace: the day after next, when
    none counts any more, and on the same day, when all do."""
    recorded = fill(place, Shape(max(1, actions // _ACTIONS), min(_ACTIONS, actions)))
    same_day = datetime.fromisoformat(recorded_run.AT) + timedelta(minutes=1)
    later, same = (
        DailyCount(
            recorded.steps,
            counted,
            _median(place, rfc3339(at), intents, limited=True),
            _median(place, rfc3339(at), intents, limited=False),
        )
        for at, counted in ((same_day + timedelta(days=2), 0), (same_day, recorded.actions))
    )
    return later, same


def _median(place: PostgresqlDatabase, at: str, intents: int, *, limited: bool) -> float:
    plan = made_again(leavers_plan(intents), time.time_ns() % 10**6)
    verdict = Verdict(GuardName.MAX_DISCONNECTS_PER_DAY, Judgement.PASSED, 0, _LIMIT)
    seconds = []
    with (
        open_ledger(place, create=False) as ledger,
        ledger.begin(recorded_run.claim(), clock=SystemClock(), pause=time.sleep) as run,
    ):
        record = recorded_run.opened(run.id, plan)
        run.run_opened(structs.replace(record, verdicts=(verdict,) if limited else ()))
        for action in plan.content.actions:
            intent = structs.replace(recorded_run.intent(run.id, action), at=at)
            began = time.perf_counter()
            run.intent(intent)
            seconds.append(time.perf_counter() - began)
        run.run_closed(recorded_run.closed(run.id, plan))
    return statistics.median(seconds)
