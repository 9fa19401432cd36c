"""The journal: the protocol by which a run records every step and how each planned action ended.

An intent is durable before its call is sent, and an answer before the next step. So a journal that
raises stops the run: without a record nothing is disconnected. Every planned action ends with
exactly one outcome.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from reconciler.domain import Platform
from reconciler.planning import Action, FleetSize, Plan, Verdict


class Outcome(StrEnum):
    """How one planned action ended. Every planned action ends with exactly one outcome."""

    VERIFIED = "verified"  # read back as done
    ALREADY_ABSENT = "already_absent"  # the re-read showed it done; nothing was sent
    SKIPPED_STALE = "skipped_stale"  # a precondition no longer held; nothing was sent
    FAILED = "failed"  # it is proven that it had no effect
    UNKNOWN = "unknown"  # everything else
    NOT_ATTEMPTED = "not_attempted"  # the run stopped before it

    @property
    def in_effect(self) -> bool:
        """Whether the user is known to be as the action would make them."""
        return self in (Outcome.VERIFIED, Outcome.ALREADY_ABSENT)


class Cause(StrEnum):
    """Why an action has its outcome.

    A stale action has a ``planning.PreconditionResult`` instead. A call that the API refused has
    the ``code`` of its ``recall.RecallError``.
    """

    READ_BACK = "read_back"
    ROW_ABSENT = "row_absent"  # the platform's row is gone, which counts as disconnected
    RECONNECTED = "reconnected"  # ours is gone; there is another connection now
    FOUND_DONE = "found_done"
    SEEN_IN_LIST = "seen_in_list"  # the list shows that a call in doubt is done
    NOT_SEEN_IN_TIME = "not_seen_in_time"  # no read-back before the deadline showed it done
    NOT_READABLE = "not_readable"  # no read-back succeeded
    INCOMPLETE_LIST = "incomplete_list"  # a newer list was needed, and came back incomplete
    STOPPED = "stopped"  # the run was halting
    NOT_HANDED_OVER = "not_handed_over"  # it never reached the process that acts


class HaltCause(StrEnum):
    """Why a run starts no more actions."""

    INTERRUPTED = "interrupted"
    MAX_FAILURES = "max_failures"
    OUT_OF_CREDIT = "out_of_credit"
    CREDENTIALS_REFUSED = "credentials_refused"
    RETRY_AFTER_BEYOND_CAP = "retry_after_beyond_cap"
    JOURNAL_FAILED = "journal_failed"
    DAILY_LIMIT = "daily_limit"
    DEFECT = "defect"


class ActionResult(Struct, frozen=True):
    """One planned action and how it ended.

    ``cause`` is a stable code; ``detail`` is a sentence from the API or the system, bounded and
    without secrets. ``calls`` counts the calls that were sent for it.
    """

    action: Action
    outcome: Outcome
    cause: str
    detail: str | None = None
    calls: int = 0


class RunResult(Struct, frozen=True):
    """How a run ended: one result for each action, in plan order.

    ``started`` and ``finished`` are RFC 3339 in UTC; ``signal`` is the number of the signal that
    interrupted it. ``carried`` are the keys of actions whose results come from an earlier run,
    whose calls do not count as this run's. ``in_doubt`` counts the actions that the plan holds
    because an earlier call for their user may still be in progress.
    """

    run: str
    workspace: str
    base_url: str
    plan_digest: str
    started: str
    finished: str
    results: tuple[ActionResult, ...]
    halted: HaltCause | None = None
    halt_detail: str | None = None
    signal: int | None = None
    carried: frozenset[str] = frozenset()
    in_doubt: int = 0

    @property
    def calls(self) -> int:
        """The number of calls that this run sent."""
        return sum(r.calls for r in self.results if r.action.key not in self.carried)

    @property
    def converged(self) -> bool:
        """Whether every planned action is in effect, and no user is in doubt."""
        return not self.in_doubt and all(result.outcome.in_effect for result in self.results)

    def count(self) -> dict[Outcome, int]:
        """How many actions ended with each outcome."""
        counts = Counter(result.outcome for result in self.results)
        return {outcome: counts[outcome] for outcome in Outcome}


NOT_SENT: Final = "not_sent"
"""The answer of a withdrawn intent: nothing left this machine."""


class JournalFailed(Exception):
    """A record could not be stored. The text says what the operator can do."""


class DailyLimitReached(JournalFailed):
    """The intent is not recorded: with it, runs would disconnect more than a day allows."""


class RunOpened(Struct, frozen=True):
    """A run begins to act: its id, the time (RFC 3339, UTC) and the whole plan that binds it.

    ``verdicts`` are those of the guards that let it through. ``fleet`` is what it saw; later runs
    compare theirs with it. ``declared`` are the platforms of all users whose connections its owner
    manages: from now on they belong to that owner. ``seen`` are the users that are declared and
    listed. ``rows`` says how many rows each source selected.
    """

    run: str
    at: str
    plan: Plan
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize
    declared: Mapping[str, frozenset[Platform]]
    seen: frozenset[str] = frozenset()
    rows: Mapping[str, int] = {}


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
    ``applying.INTENT_GOOD_FOR`` seconds: it also checks the lock.
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
