"""A journal that notes how long another one takes."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from reconciler.runs import Answer, Ended, Intent, Journal, ReadBack, RunClosed, RunOpened

_Record = TypeVar("_Record")


class TimedJournal:
    """Hands every record on. ``seconds`` are real ones, summed over the threads that waited."""

    def __init__(self, journal: Journal) -> None:
        self.seconds: list[float] = []
        self._journal = journal
        self._lock = threading.Lock()

    def run_opened(self, record: RunOpened) -> None:
        self._timed(self._journal.run_opened, record)

    def intent(self, record: Intent) -> None:
        self._timed(self._journal.intent, record)

    def answer(self, record: Answer) -> None:
        self._timed(self._journal.answer, record)

    def read_back(self, record: ReadBack) -> None:
        self._timed(self._journal.read_back, record)

    def outcome(self, record: Ended) -> None:
        self._timed(self._journal.outcome, record)

    def run_closed(self, record: RunClosed) -> None:
        self._timed(self._journal.run_closed, record)

    def _timed(self, take: Callable[[_Record], None], record: _Record) -> None:
        began = time.perf_counter()
        try:
            take(record)
        finally:
            took = time.perf_counter() - began
            with self._lock:
                self.seconds.append(took)
