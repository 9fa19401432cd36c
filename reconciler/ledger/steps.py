"""The steps of one run's actions: appended, never altered, and what they leave in doubt.

The books of dead runs, for the run that settles what they left in doubt.

Failures of the ledger, as who writes a journal is told of them.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from reconciler.ledger.claim import Claim
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.integrity import refuse_foreign_rows
from reconciler.ledger.schema import in_doubt, runs, steps
from reconciler.ledger.stored_plans import stored_actions
from reconciler.ledger.upsert import insert_new
from reconciler.planning import Action
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
    """Writes the steps of the run with this ``number``, of actions of its stored plan alone.

    ``settled_by`` is the later run that writes, None where it is the run itself. Every method
    is given the transaction to write in, and raises :class:`JournalFailed`.
    """

    def __init__(
        self, run: str, number: int, actions: tuple[Action, ...], settled_by: str | None = None
    ) -> None:
        self.run = run
        self.number: Final = number
        self._actions = actions
        self._positions = {action.key: at for at, action in enumerate(actions)}
        self._settled_by = settled_by

    def position(self, action: Action) -> int:
        """Where ``action`` stands in the plan: that very action, not one that is called so."""
        at = self._positions.get(action.key)
        if at is None or self._actions[at] != action:
            raise JournalFailed(f"{action.key} is not in the plan of run {self.run} as it is here")
        return at

    def intent(self, connection: Connection, record: Intent) -> None:
        """A call is about to be sent; refused while one for the action is in doubt."""
        position = self.position(record.action)
        values = {"run": self.number, "position": position, "call": record.call, "at": record.at}
        if not insert_new(connection, in_doubt, **values):
            raise JournalFailed(
                f"{record.action.key}: an earlier call may have been sent, and has no outcome yet"
            )
        self._append(connection, record, StepKind.INTENT, record.action, call=record.call)

    def answer(self, connection: Connection, record: Answer) -> None:
        """What came back; an answer that proves that nothing happened ends the doubt."""
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
        """What a look at the user showed."""
        self._append(
            connection,
            record,
            StepKind.READ_BACK,
            record.action,
            call=record.call,
            code=record.reading,
        )

    def outcome(self, connection: Connection, record: Ended) -> None:
        """How the action ended: nothing of it is in doubt any more."""
        position = self.position(record.result.action)
        self._append_outcomes(connection, record.at, [(position, record.result)])
        self._settle(connection, [position])
        # What was counted when the run was closed does not hold any more.
        connection.execute(
            update(runs)
            .where(runs.c.number == self.number, runs.c.outcomes.is_not(None))
            .values(outcomes=None)
        )

    def complete(
        self, connection: Connection, at: str, results: Iterable[ActionResult]
    ) -> Counter[Outcome]:
        """Take down the outcomes that are not yet; how many actions have which, all in all.

        An action of which a call is in doubt is not brought to an end by a run that says only
        that it was not attempted: it stays in doubt, to be settled.
        """
        ended = self._outcomes(connection)
        doubted = self._doubted(connection)
        missing = []
        for result in results:
            position = self.position(result.action)
            unsettled = position in doubted and result.outcome is Outcome.NOT_ATTEMPTED
            if position not in ended and not unsettled:
                missing.append((position, result))
                ended[position] = result.outcome
        self._append_outcomes(connection, at, missing)
        self._settle(connection, [position for position, _ in missing if position in doubted])
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

    def _doubted(self, connection: Connection) -> set[int]:
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
                    "settled_by": self._settled_by,
                }
                for position, result in ended
            ],
        )

    def _settle(self, connection: Connection, positions: list[int]) -> None:
        """Nothing is in doubt of these any more."""
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
                settled_by=self._settled_by,
                **values,
            )
        )
        return position


class DeadRunSteps:
    """Opened when they are first written in. Thread-safe."""

    def __init__(self, settler: Claim) -> None:
        self._settler = settler
        self._lock = threading.Lock()
        self._books: dict[str, StepRecords] = {}

    def of(self, connection: Connection, run: str) -> StepRecords:
        """The book of ``run``, which is over, of the settler's own workspace and address.

        Raises :class:`JournalFailed` for any other.
        """
        with self._lock:
            if run not in self._books:
                self._books[run] = self._open(connection, run)
            return self._books[run]

    def _open(self, connection: Connection, run: str) -> StepRecords:
        settler = self._settler
        row = connection.execute(
            select(runs).where(
                runs.c.run == run,
                runs.c.workspace == settler.workspace,
                runs.c.address == settler.base_url,
                runs.c.state != RunState.RUNNING.value,
            )
        ).one_or_none()
        if row is None:
            raise JournalFailed(f"run {run} is none that run {settler.run} may settle")
        return StepRecords(run, row.number, stored_actions(connection, row), settled_by=settler.run)


@contextmanager
def journalled() -> Iterator[None]:
    """Raise what the ledger raises as :class:`JournalFailed`, with the hint in its text."""
    try:
        yield
    except LedgerError as error:
        raise JournalFailed(f"{error} ({error.hint})" if error.hint else str(error)) from error
    except IntegrityError:
        # Not chained: its text quotes the row.
        raise JournalFailed("the ledger holds something else in the place of a record") from None
