"""What the executor reports to: every step, before and after.

An intent is on record before its call is sent and an answer before the next step, so a journal
that raises stops the run: without a record nothing is disconnected.

How many calls of a run are under way or not known yet, at any moment, from any thread.
"""

import threading
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from reconciler.domain import Platform
from reconciler.planning import Action, FleetSize, Plan, Verdict
from reconciler.runs.outcome import ActionResult, RunResult

NOT_SENT: Final = "not_sent"
"""The answer that stands for an intent that was taken back: nothing left this machine."""


class JournalFailed(Exception):
    """A record could not be made safe; says what the operator can do."""


class RunOpened(Struct, frozen=True):
    """A run begins to act: its id, when (RFC 3339, UTC) and the whole plan that it is bound by.

    ``verdicts`` are those it was let through with, on a list in which ``fleet`` was seen: which
    is herewith accepted, and what later runs are measured against. ``declared`` are the platforms
    of all whose connections its owner manages: they belong to that owner from now on. ``seen`` are
    those that are declared, and were listed.
    """

    run: str
    at: str
    plan: Plan
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize
    declared: Mapping[str, frozenset[Platform]]
    seen: frozenset[str] = frozenset()


class Intent(Struct, frozen=True):
    """The mutating call number ``call`` (from 1) of ``action`` is about to be sent."""

    run: str
    at: str
    action: Action
    call: int


class Answer(Struct, frozen=True):
    """What came back for a call: ``accepted`` for a 2xx, else the code of the error.

    ``no_effect`` says that the answer proves that nothing happened.
    """

    run: str
    at: str
    action: Action
    call: int
    answer: str
    no_effect: bool


class ReadBack(Struct, frozen=True):
    """What a read-back after a call showed: done, not done, or the code of the error."""

    run: str
    at: str
    action: Action
    call: int
    reading: str


class Ended(Struct, frozen=True):
    """An action has its outcome."""

    run: str
    at: str
    result: ActionResult


class RunClosed(Struct, frozen=True):
    """The run is over."""

    run: str
    at: str
    result: RunResult


class StepJournal(Protocol):
    """Takes down the steps of actions. Called from several threads; returns once the record is
    safe.

    Every method raises :class:`JournalFailed` when it can not. An intent is good for
    ``settings.INTENT_GOOD_FOR`` seconds: what makes sure that nobody else acts was checked with it.
    """

    def intent(self, record: Intent) -> None: ...
    def answer(self, record: Answer) -> None: ...
    def read_back(self, record: ReadBack) -> None: ...
    def outcome(self, record: Ended) -> None: ...


class Journal(StepJournal, Protocol):
    """Takes down a whole run, as :class:`StepJournal` does its steps."""

    def run_opened(self, record: RunOpened) -> None: ...
    def run_closed(self, record: RunClosed) -> None: ...


Record = RunOpened | Intent | Answer | ReadBack | Ended | RunClosed


class MemoryJournal:
    """A journal that lives as long as the process: the records in the order they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []

    @property
    def records(self) -> tuple[Record, ...]:
        with self._lock:
            return tuple(self._records)

    def _take(self, record: Record) -> None:
        with self._lock:
            self._records.append(record)

    def run_opened(self, record: RunOpened) -> None:
        self._take(record)

    def intent(self, record: Intent) -> None:
        self._take(record)

    def answer(self, record: Answer) -> None:
        self._take(record)

    def read_back(self, record: ReadBack) -> None:
        self._take(record)

    def outcome(self, record: Ended) -> None:
        self._take(record)

    def run_closed(self, record: RunClosed) -> None:
        self._take(record)


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
