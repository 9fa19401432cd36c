"""The executor's side of the journal: stamps every record with the run and the time.

A journal that fails before a call stops that call. One that fails after a call stops only what is
new, because a call that was sent still has to be followed to its end.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from reconciler.applying.circuit_breaker import CircuitBreaker
from reconciler.domain import Clock, rfc3339
from reconciler.planning import Action
from reconciler.recall import RecallError
from reconciler.runs.journal import (
    NOT_SENT,
    ActionResult,
    Answer,
    DailyLimitReached,
    Ended,
    HaltCause,
    Intent,
    JournalFailed,
    ReadBack,
    StepJournal,
)

ACCEPTED = "accepted"

_Record = TypeVar("_Record")


class Recorder:
    """Records the steps of ``run`` and collects its results. Thread-safe.

    ``failure`` is the first failure of the journal, None while it has not failed. ``on_result``
    gets each result as it comes, from any thread.
    """

    def __init__(
        self,
        run: str,
        journal: StepJournal,
        clock: Clock,
        circuit_breaker: CircuitBreaker,
        on_result: Callable[[ActionResult], None],
    ) -> None:
        self._run = run
        self.failure: JournalFailed | None = None
        self._journal = journal
        self._clock = clock
        self._circuit_breaker = circuit_breaker
        self._on_result = on_result
        self._lock = threading.Lock()
        self._results: dict[str, ActionResult] = {}

    @property
    def results(self) -> dict[str, ActionResult]:
        """The results so far, by the key of their action."""
        with self._lock:
            return dict(self._results)

    def intent(self, action: Action, call: int) -> None:
        """Record the intent before its call.

        Raises :class:`JournalFailed`: then nothing may be sent.
        """
        try:
            self._journal.intent(Intent(self._run, self._now(), action, call))
        except DailyLimitReached as error:
            self._circuit_breaker.halt(HaltCause.DAILY_LIMIT, str(error))
            raise
        except JournalFailed as error:
            self._halt(error)
            raise

    def answer(
        self, action: Action, call: int, answer: RecallError | None, *, no_effect: bool
    ) -> None:
        code = ACCEPTED if answer is None else answer.code
        self._after(
            self._journal.answer, Answer(self._run, self._now(), action, call, code, no_effect)
        )

    def not_sent(self, action: Action, call: int) -> None:
        """Take back the intent of ``call``: nothing left this machine."""
        self._after(
            self._journal.answer,
            Answer(self._run, self._now(), action, call, NOT_SENT, no_effect=True),
        )

    def read_back(self, action: Action, call: int, reading: str) -> None:
        self._after(
            self._journal.read_back, ReadBack(self._run, self._now(), action, call, reading)
        )

    def outcome(self, result: ActionResult) -> None:
        self._take(result)
        self._circuit_breaker.note_result(result)
        self._on_result(result)

    def carry(self, result: ActionResult) -> None:
        """Record an outcome of an earlier run: a failure there does not stop this one."""
        self._take(result)
        self._on_result(result)

    def _take(self, result: ActionResult) -> None:
        with self._lock:
            self._results[result.action.key] = result
        self._after(self._journal.outcome, Ended(self._run, self._now(), result))

    def _after(self, write: Callable[[_Record], None], record: _Record) -> None:
        try:
            write(record)
        except JournalFailed as error:
            self._halt(error)

    def _halt(self, error: JournalFailed) -> None:
        self.failure = self.failure or error
        self._circuit_breaker.halt(HaltCause.JOURNAL_FAILED, str(error))

    def _now(self) -> str:
        return rfc3339(self._clock.now())
