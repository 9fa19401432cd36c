"""Outcomes: how each planned action ended, and how the run did, as plain data."""

from collections import Counter
from enum import StrEnum

from msgspec import Struct

from reconciler.planning import Action


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
