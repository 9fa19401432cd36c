"""The journal: the protocol by which a run records every step, before and after it.

An intent is durable before its call is sent, and an answer before the next step. So a journal that
raises stops the run: without a record nothing is disconnected.
"""

import threading
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from reconciler.domain import Platform
from reconciler.planning import Action, FleetSize, Plan, Verdict
from reconciler.runs.outcome import ActionResult, RunResult

NOT_SENT: Final = "not_sent"
"""The answer of a withdrawn intent: nothing left this machine."""


class JournalFailed(Exception):
    """A record could not be stored. The text says what the operator can do."""


class RunOpened(Struct, frozen=True):
    """A run begins to act: its id, the time (RFC 3339, UTC) and the whole plan that binds it.

    ``verdicts`` are those of the guards that let it through. ``fleet`` is what it saw; later runs
    compare theirs with it. ``declared`` are the platforms of all users whose connections its owner
    manages: from now on they belong to that owner. ``seen`` are the users that are declared and
    listed.
    """

    run: str
    at: str
    plan: Plan
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize
    declared: Mapping[str, frozenset[Platform]]
    seen: frozenset[str] = frozenset()


class Intent(Struct, frozen=True):
    """Call number ``call`` (from 1) of ``action`` is about to be sent."""

    run: str
    at: str
    action: Action
    call: int


class Answer(Struct, frozen=True):
    """The answer to a call: ``accepted`` for a 2xx, else the code of the error.

    ``no_effect`` says that the answer proves that the call did nothing.
    """

    run: str
    at: str
    action: Action
    call: int
    answer: str
    no_effect: bool


class ReadBack(Struct, frozen=True):
    """The result of a read-back: done, not done, or the code of the error."""

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
    """The run is closed."""

    run: str
    at: str
    result: RunResult


class StepJournal(Protocol):
    """Records the steps of actions. Thread-safe; a method returns once its record is durable.

    Every method raises :class:`JournalFailed` when it cannot record. An intent is valid for
    ``settings.INTENT_GOOD_FOR`` seconds: it also checks the lock.
    """

    def intent(self, record: Intent) -> None: ...
    def answer(self, record: Answer) -> None: ...
    def read_back(self, record: ReadBack) -> None: ...
    def outcome(self, record: Ended) -> None: ...


class Journal(StepJournal, Protocol):
    """Records a whole run: its beginning, its steps and its end."""

    def run_opened(self, record: RunOpened) -> None: ...
    def run_closed(self, record: RunClosed) -> None: ...


Record = RunOpened | Intent | Answer | ReadBack | Ended | RunClosed


class MemoryJournal:
    """A journal in memory: the records in the order of their arrival."""

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
    """How many calls are ``unanswered`` (about to be sent, or waiting for an answer), and how many
    are ``unverified`` (answered, and not yet read back as done)."""

    unanswered: int
    unverified: int


class CallsInDoubt:
    """Counts the calls in doubt at any moment, and passes all records on to ``journal``."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._answered: dict[str, bool] = {}

    @property
    def count(self) -> InDoubtCount:
        """The count now; callable from any thread."""
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
