"""Counts the disconnects of all runs of a workspace in the last 24 hours, and limits them.

An engine that starts a run again and again multiplies every limit a run. This limit holds whatever
starts the runs: it is checked in the transaction of each intent.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, func, or_, select

from reconciler.domain import rfc3339
from reconciler.ledger.declared_users import Scope
from reconciler.ledger.schema import runs, steps
from reconciler.planning import GuardName, Judgement, Verdict
from reconciler.runs import DailyLimitReached, Outcome, RunState, StepKind

DAY: Final = timedelta(hours=24)

_COUNTED: Final = (Outcome.VERIFIED, Outcome.UNKNOWN)


class DailyLimit(Struct, frozen=True):
    """How many disconnects the runs of ``scope`` may make within 24 hours."""

    scope: Scope
    limit: int

    def check(self, connection: Connection, at: str, run: int, position: int) -> None:
        """Raise :class:`DailyLimitReached` if one more intent is too many.

        It is that of the action at ``position`` of ``run``, whose earlier intents do not count.
        """
        made = disconnects_since(connection, self.scope, day_before(at), but=(run, position))
        if made >= self.limit:
            raise DailyLimitReached(
                f"{made} disconnects were made within the last 24 hours, and the limit is"
                f" {self.limit}"
            )


def daily_limit(scope: Scope, verdicts: tuple[Verdict, ...]) -> DailyLimit | None:
    """The limit that ``verdicts`` let a run pass by; None if there is none or it was allowed."""
    for verdict in verdicts:
        if verdict.guard is GuardName.MAX_DISCONNECTS_PER_DAY:
            limit, allowed = verdict.limit, verdict.judgement is Judgement.ALLOWED
            return None if allowed or limit is None else DailyLimit(scope, limit)
    return None


def day_before(at: str) -> str:
    """24 hours before ``at``; both are RFC 3339 in UTC."""
    return rfc3339(datetime.fromisoformat(at) - DAY)


def disconnects_since(
    connection: Connection, scope: Scope, since: str, *, but: tuple[int, int] | None = None
) -> int:
    """How many actions of ``scope`` were begun ``since`` then, and may have disconnected somebody.

    An action whose last outcome proves that it did nothing does not count, and one without an
    outcome does. ``but`` is an action that is left out: number of its run, and position. Intents
    of earlier versions do not say whether they are to disconnect, and count.
    """
    # The end of a dead run is the beginning of the run that found it, and of a run in which the
    # clock was set back it may be before its beginning.
    recent = select(runs.c.number).where(
        runs.c.workspace == scope.workspace,
        runs.c.address == scope.address,
        or_(
            runs.c.ended_at.is_(None),
            runs.c.ended_at >= since,
            runs.c.opened_at >= since,
            runs.c.state == RunState.DIED,
        ),
    )
    begun = (
        select(steps.c.run, steps.c.position)
        .where(
            steps.c.run.in_(recent),
            steps.c.kind == StepKind.INTENT,
            steps.c.at >= since,
            steps.c.disconnects.is_not(False),
        )
        .distinct()
        .subquery()
    )
    ended = steps.alias()
    last = (
        select(ended.c.outcome)
        .where(
            ended.c.run == begun.c.run,
            ended.c.position == begun.c.position,
            ended.c.outcome.is_not(None),
        )
        .order_by(ended.c.number.desc())
        .limit(1)
        .correlate(begun)
        .scalar_subquery()
    )
    counted = select(func.count()).select_from(begun).where(or_(last.is_(None), last.in_(_COUNTED)))
    if but is not None:
        run, position = but
        counted = counted.where(or_(begun.c.run != run, begun.c.position != position))
    return int(connection.execute(counted).scalar_one())
