"""An SQLite ledger whose files are deleted or replaced while a run has them open.

SQLite would go on writing into files that nobody finds again, and whoever opens the name finds no
lock in the new one.
"""

from typing import Final, TypeAlias

from reconciler.domain import SqliteFile
from reconciler.ledger.errors import LedgerUnreachable

_Identity: TypeAlias = tuple[tuple[int, int], ...]


class SameFiles:
    """Remembers which files the names led to at first: the ledger, its log and their index."""

    def __init__(self, place: SqliteFile) -> None:
        self._place = place
        real = place.path.resolve()
        self._paths: Final = (
            place.path,
            *(real.with_name(f"{real.name}{end}") for end in ("-wal", "-shm")),
        )
        self._first: _Identity | None = None

    def check(self) -> None:
        """Raise :class:`LedgerUnreachable` unless they lead there still.

        To be asked within a transaction, when all of them are there.
        """
        found = self._identity()
        if self._first is None:
            self._first = found
        if found is None or found != self._first:
            raise LedgerUnreachable(
                f"the ledger {self._place} was moved, deleted or replaced while it was in use",
                "put back the one that was there, if it is still to be had, and look what else is"
                " running: another run would not have seen this one's lock",
            )

    def _identity(self) -> _Identity | None:
        try:
            return tuple((s.st_dev, s.st_ino) for s in (path.stat() for path in self._paths))
        except OSError:
            return None
