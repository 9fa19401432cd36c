"""The executor's side of the journal: stamps every record with the run and the time.

Before a call a journal that fails stops the call; after it, it stops only what is new, since
what was sent has to be looked after all the same.
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
    Answer,
    Ended,
    Intent,
    JournalFailed,
    ReadBack,
    StepJournal,
)
from reconciler.runs.outcome import ActionResult, HaltCause

ACCEPTED = "accepted"

_Record = TypeVar("_Record")


class Recorder:
    """Takes down the steps of one run and collects its results.

    ``failure`` is the first failure of the journal, None while it has not failed.
    """

    def __init__(
        self,
        run: str,
        journal: StepJournal,
        clock: Clock,
        brakes: CircuitBreaker,
        on_result: Callable[[ActionResult], None],
    ) -> None:
        self.failure: JournalFailed | None = None
        self._run = run
        self._journal = journal
        self._clock = clock
        self._brakes = brakes
        self._on_result = on_result
        self._lock = threading.Lock()
        self._results: dict[str, ActionResult] = {}

    @property
    def results(self) -> dict[str, ActionResult]:
        """The results so far, by the key of their action."""
        with self._lock:
            return dict(self._results)

    def intent(self, action: Action, call: int) -> None:
        """On record before the call. Raises :class:`JournalFailed`: then nothing may be sent."""
        try:
            self._journal.intent(Intent(self._run, self._now(), action, call))
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
        """The intent of ``call`` was taken back: nothing left this machine."""
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
        self._brakes.note_result(result)
        self._on_result(result)

    def carry(self, result: ActionResult) -> None:
        """An outcome that an earlier run came to: what failed there does not stop this one."""
        self._take(result)
        self._on_result(result)

    def _take(self, result: ActionResult) -> None:
        with self._lock:
            self._results[result.action.key] = result
        self._after(self._journal.outcome, Ended(self._run, self._now(), result))

    def _after(self, take: Callable[[_Record], None], record: _Record) -> None:
        try:
            take(record)
        except JournalFailed as error:
            self._halt(error)

    def _halt(self, error: JournalFailed) -> None:
        self.failure = self.failure or error
        self._brakes.halt(HaltCause.JOURNAL_FAILED, str(error))

    def _now(self) -> str:
        return rfc3339(self._clock.now())
