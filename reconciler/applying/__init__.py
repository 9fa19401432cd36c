"""Acts on an approved plan, once, and proves what happened.

``executor`` runs the users of a plan through ``user_run`` (re-read, act once, read back) and
reports every step to a ``journal``. Whether to act is decided before, by the guards and the
operator. ``settling`` finds out, without acting, what runs that died left in doubt.
"""

from reconciler.applying.calls_in_doubt import CallsInDoubt, InDoubtCount
from reconciler.applying.crew import Crew, Means
from reconciler.applying.executor import Assignment, Executor
from reconciler.applying.journal import (
    Answer,
    Ended,
    Intent,
    Journal,
    JournalFailed,
    MemoryJournal,
    ReadBack,
    RunClosed,
    RunOpened,
    StepJournal,
)
from reconciler.applying.outcome import ActionResult, Cause, HaltCause, Outcome, RunResult
from reconciler.applying.records import (
    ActionStory,
    Front,
    Holder,
    InDoubt,
    RunState,
    RunStory,
    RunSummary,
    Settled,
    Step,
    StepKind,
    Who,
)
from reconciler.applying.settings import LIST_MAX_AGE, STOP_GRACE, ApplySettings
from reconciler.applying.settling import Settler

__all__ = [
    "LIST_MAX_AGE",
    "STOP_GRACE",
    "ActionResult",
    "ActionStory",
    "Answer",
    "ApplySettings",
    "Assignment",
    "CallsInDoubt",
    "Cause",
    "Crew",
    "Ended",
    "Executor",
    "Front",
    "HaltCause",
    "Holder",
    "InDoubt",
    "InDoubtCount",
    "Intent",
    "Journal",
    "JournalFailed",
    "Means",
    "MemoryJournal",
    "Outcome",
    "ReadBack",
    "RunClosed",
    "RunOpened",
    "RunResult",
    "RunState",
    "RunStory",
    "RunSummary",
    "Settled",
    "Settler",
    "Step",
    "StepJournal",
    "StepKind",
    "Who",
]
