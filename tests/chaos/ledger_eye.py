"""The ledger as an auditor reads it: its tables, on a connection of his own.

Nothing of the ledger's own code is used, so that what is durable is what a stranger can read.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

Rows = list[tuple[Any, ...]]


class Step(Struct, frozen=True):
    """A row of ``steps``, with the run's id."""

    number: int
    run: str
    position: int
    kind: str
    call: int | None
    code: str | None
    no_effect: bool | None
    outcome: str | None
    resolved_by: str | None


class LedgerEye:
    """Reads with ``ask``; a ledger that is not there yet reads as empty."""

    def __init__(self, ask: Callable[[str, tuple[object, ...]], Rows]) -> None:
        self._ask = ask

    def run_of(self, pid: int) -> str | None:
        """The run that the process with this number opened."""
        rows = self._ask("SELECT run FROM runs WHERE pid = ? ORDER BY number DESC", (pid,))
        return rows[0][0] if rows else None

    def holder(self) -> str | None:
        """The run that holds the lock."""
        rows = self._ask("SELECT run FROM locks", ())
        return rows[0][0] if rows else None

    def heartbeat(self) -> tuple[str | None, float]:
        """Who holds the lock, and its last heartbeat."""
        rows = self._ask("SELECT run, heartbeat FROM locks", ())
        return (rows[0][0], rows[0][1] or 0.0) if rows else (None, 0.0)

    def steps(self, after: int) -> list[Step]:
        """The steps with a number above ``after``, in order."""
        rows = self._ask(
            "SELECT s.number, r.run, s.position, s.kind, s.call, s.code, s.no_effect, s.outcome,"
            " s.settled_by FROM steps s JOIN runs r ON r.number = s.run WHERE s.number > ?"
            " ORDER BY s.number",
            (after,),
        )
        return [Step(*row) for row in rows]

    def in_doubt(self) -> Rows:
        """Run, position and call of what is in doubt."""
        return self._ask(
            "SELECT r.run, d.position, d.call FROM in_doubt d JOIN runs r ON r.number = d.run", ()
        )

    def accepted(self, run: str) -> tuple[int, int] | None:
        """The fleet that ``run`` made what later ones are measured against: declared, observed."""
        rows = self._ask("SELECT accepted, declared, observed FROM runs WHERE run = ?", (run,))
        return (rows[0][1], rows[0][2]) if rows and rows[0][0] else None

    def rows(self) -> dict[str, int]:
        """The rows of each source in the last accepted run that read it."""
        found = self._ask(
            "SELECT s.source, s.rows FROM source_rows s JOIN runs r ON r.number = s.run"
            " WHERE r.accepted ORDER BY r.number",
            (),
        )
        return {row[0]: row[1] for row in found}

    def state(self, run: str) -> str | None:
        rows = self._ask("SELECT state FROM runs WHERE run = ?", (run,))
        return rows[0][0] if rows else None

    def runs(self) -> list[str]:
        """All runs, newest first."""
        return [row[0] for row in self._ask("SELECT run FROM runs ORDER BY number DESC", ())]
