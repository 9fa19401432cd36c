"""Records the steps of actions: appended, never changed. Keeps track of the calls in doubt.

A run records its own steps, and those of dead runs whose calls it resolves.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from reconciler.ledger.daily_limit import DailyLimit
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.opening import Claim
from reconciler.ledger.rows import insert_new, refuse_foreign_rows
from reconciler.ledger.schema import in_doubt, runs, steps
from reconciler.ledger.stored_plans import stored_actions
from reconciler.planning import Action, Disconnect
from reconciler.runs import (
    ActionResult,
    Answer,
    Ended,
    Intent,
    JournalFailed,
    Outcome,
    ReadBack,
    RunState,
    StepKind,
)


class StepRecords:
    """Records steps of the run with this ``number``, only for actions of its stored plan.

    ``resolved_by`` is the later run that writes them; None if the run itself does. No disconnect
    begins beyond the ``daily_limit``. Every method
    writes in the transaction of ``connection``, and raises :class:`JournalFailed`.
    """

    def __init__(
        self,
        run: str,
        number: int,
        actions: tuple[Action, ...],
        resolved_by: str | None = None,
        *,
        daily_limit: DailyLimit | None = None,
    ) -> None:
        self.run = run
        self.number: Final = number
        self._actions = actions
        self._positions = {action.key: at for at, action in enumerate(actions)}
        self._resolved_by = resolved_by
        self._daily_limit = daily_limit

    def position(self, action: Action) -> int:
        """The position of exactly this ``action`` in the plan; its name alone is not enough."""
        at = self._positions.get(action.key)
        if at is None or self._actions[at] != action:
            raise JournalFailed(f"{action.key} is not in the plan of run {self.run}")
        return at

    def intent(self, connection: Connection, record: Intent) -> None:
        """Record an intent. Refused while an earlier call of the action is in doubt.

        Raises :class:`DailyLimitReached` too.
        """
        position = self.position(record.action)
        if self._daily_limit is not None and isinstance(record.action, Disconnect):
            self._daily_limit.check(connection, record.at, self.number, position)
        values = {"run": self.number, "position": position, "call": record.call, "at": record.at}
        if not insert_new(connection, in_doubt, **values):
            raise JournalFailed(
                f"{record.action.key}: an earlier call may have been sent and has no outcome"
            )
        self._append(
            connection,
            record,
            StepKind.INTENT,
            record.action,
            call=record.call,
            disconnects=isinstance(record.action, Disconnect),
        )

    def answer(self, connection: Connection, record: Answer) -> None:
        """Record an answer. If it proves that the call did nothing, the call is not in doubt."""
        position = self._append(
            connection,
            record,
            StepKind.ANSWER,
            record.action,
            call=record.call,
            code=record.answer,
            no_effect=record.no_effect,
        )
        this = (
            in_doubt.c.run == self.number,
            in_doubt.c.position == position,
            in_doubt.c.call == record.call,
        )
        if record.no_effect:
            connection.execute(delete(in_doubt).where(*this))
        else:
            connection.execute(update(in_doubt).where(*this).values(answer=record.answer))

    def read_back(self, connection: Connection, record: ReadBack) -> None:
        """Record a read-back."""
        self._append(
            connection,
            record,
            StepKind.READ_BACK,
            record.action,
            call=record.call,
            code=record.reading,
        )

    def outcome(self, connection: Connection, record: Ended) -> None:
        """Record an outcome: the action is no longer in doubt."""
        position = self.position(record.result.action)
        self._append_outcomes(connection, record.at, [(position, record.result)])
        self._resolve(connection, [position])
        # The counts made when the run was closed are no longer right.
        connection.execute(
            update(runs)
            .where(runs.c.number == self.number, runs.c.outcomes.is_not(None))
            .values(outcomes=None)
        )

    def complete(
        self, connection: Connection, at: str, results: Iterable[ActionResult]
    ) -> Counter[Outcome]:
        """Record the missing outcomes. Returns the number of actions for each outcome.

        "Not attempted" does not end an action with a call in doubt: it stays in doubt until a run
        resolves it.
        """
        ended = self._outcomes(connection)
        in_doubt = self._positions_in_doubt(connection)
        missing = []
        for result in results:
            position = self.position(result.action)
            unresolved = position in in_doubt and result.outcome is Outcome.NOT_ATTEMPTED
            if position not in ended and not unresolved:
                missing.append((position, result))
                ended[position] = result.outcome
        self._append_outcomes(connection, at, missing)
        self._resolve(connection, [position for position, _ in missing if position in in_doubt])
        return Counter(ended.values())

    @refuse_foreign_rows()
    def _outcomes(self, connection: Connection) -> dict[int, Outcome]:
        """The last outcome of each action that has one."""
        rows = connection.execute(
            select(steps.c.position, steps.c.outcome)
            .where(steps.c.run == self.number, steps.c.kind == StepKind.OUTCOME)
            .order_by(steps.c.number)
        )
        return {position: Outcome(outcome) for position, outcome in rows}

    def _positions_in_doubt(self, connection: Connection) -> set[int]:
        rows = connection.execute(select(in_doubt.c.position).where(in_doubt.c.run == self.number))
        return set(rows.scalars())

    def _append_outcomes(
        self, connection: Connection, at: str, ended: list[tuple[int, ActionResult]]
    ) -> None:
        if not ended:
            return
        connection.execute(
            insert(steps),
            [
                {
                    "run": self.number,
                    "position": position,
                    "at": at,
                    "kind": StepKind.OUTCOME,
                    "user": result.action.user,
                    "call": result.calls,
                    "code": result.cause,
                    "outcome": result.outcome,
                    "detail": result.detail,
                    "settled_by": self._resolved_by,
                }
                for position, result in ended
            ],
        )

    def _resolve(self, connection: Connection, positions: list[int]) -> None:
        """Record that these actions are no longer in doubt."""
        connection.execute(
            delete(in_doubt).where(
                in_doubt.c.run == self.number, in_doubt.c.position.in_(positions)
            )
        )

    def _append(
        self,
        connection: Connection,
        record: Intent | Answer | ReadBack,
        kind: StepKind,
        action: Action,
        **values: Any,
    ) -> int:
        position = self.position(action)
        connection.execute(
            insert(steps).values(
                run=self.number,
                position=position,
                at=record.at,
                kind=kind,
                user=action.user,
                settled_by=self._resolved_by,
                **values,
            )
        )
        return position


class DeadRunSteps:
    """Step records of dead runs, for the run of ``claim``, which resolves their calls in doubt.

    Thread-safe.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._lock = threading.Lock()
        self._opened: dict[str, StepRecords] = {}

    def of(self, connection: Connection, run: str) -> StepRecords:
        """The records of ``run``, a closed or dead run of the same workspace and address.

        Raises :class:`JournalFailed` for any other run.
        """
        with self._lock:
            if run not in self._opened:
                self._opened[run] = self._open(connection, run)
            return self._opened[run]

    def _open(self, connection: Connection, run: str) -> StepRecords:
        claim = self._claim
        row = connection.execute(
            select(runs).where(
                runs.c.run == run,
                runs.c.workspace == claim.workspace,
                runs.c.address == claim.base_url,
                runs.c.state != RunState.RUNNING.value,
            )
        ).one_or_none()
        if row is None:
            raise JournalFailed(f"run {claim.run} may not resolve calls of run {run}")
        return StepRecords(run, row.number, stored_actions(connection, row), resolved_by=claim.run)


@contextmanager
def journalled() -> Iterator[None]:
    """Raise errors of the ledger as :class:`JournalFailed`, with the hint in the text."""
    try:
        yield
    except LedgerError as error:
        raise JournalFailed(f"{error} ({error.hint})" if error.hint else str(error)) from error
    except IntegrityError:
        # Not chained: its text quotes the row.
        raise JournalFailed("the ledger has a different record in this place") from None
