"""The books of dead runs, for the run that settles what they left in doubt."""

import threading

from sqlalchemy import Connection, select

from reconciler.applying import JournalFailed, RunState
from reconciler.ledger.claim import Claim
from reconciler.ledger.schema import runs
from reconciler.ledger.step_book import StepBook
from reconciler.ledger.stored_plan import stored_actions


class DeadBooks:
    """Opened when they are first written in. Thread-safe."""

    def __init__(self, settler: Claim) -> None:
        self._settler = settler
        self._lock = threading.Lock()
        self._books: dict[str, StepBook] = {}

    def of(self, connection: Connection, run: str) -> StepBook:
        """The book of ``run``, which is over, of the settler's own workspace and address.

        Raises :class:`JournalFailed` for any other.
        """
        with self._lock:
            if run not in self._books:
                self._books[run] = self._open(connection, run)
            return self._books[run]

    def _open(self, connection: Connection, run: str) -> StepBook:
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
        return StepBook(run, row.number, stored_actions(connection, row), settled_by=settler.run)
