"""How many calls of a run are under way or not known yet, at any moment, from any thread."""

import threading
from typing import NamedTuple

from reconciler.applying.journal import (
    Answer,
    Ended,
    Intent,
    Journal,
    ReadBack,
    RunClosed,
    RunOpened,
)


class InDoubtCount(NamedTuple):
    """Calls ``unanswered``: about to be sent or waiting for an answer; ``unverified``: answered,
    and not read back as done yet."""

    unanswered: int
    unverified: int


class CallsInDoubt:
    """A journal that counts what goes through it to the ``journal`` that keeps it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._answered: dict[str, bool] = {}

    @property
    def count(self) -> InDoubtCount:
        """How it is now."""
        with self._lock:
            unverified = sum(self._answered.values())
            return InDoubtCount(len(self._answered) - unverified, unverified)

    def run_opened(self, record: RunOpened) -> None:
        self._journal.run_opened(record)

    def intent(self, record: Intent) -> None:
        self._journal.intent(record)
        with self._lock:
            self._answered[record.action.key] = False

    def answer(self, record: Answer) -> None:
        with self._lock:
            if record.no_effect:
                self._answered.pop(record.action.key, None)
            else:
                self._answered[record.action.key] = True
        self._journal.answer(record)

    def read_back(self, record: ReadBack) -> None:
        self._journal.read_back(record)

    def outcome(self, record: Ended) -> None:
        with self._lock:
            self._answered.pop(record.result.action.key, None)
        self._journal.outcome(record)

    def run_closed(self, record: RunClosed) -> None:
        self._journal.run_closed(record)
