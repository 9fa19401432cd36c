"""Acts on an approved plan, once, and proves what happened.

``executor`` runs the users of a plan through ``user_run`` (re-read, act once, read back) and
reports every step to a ``journal``. Whether to act is decided before, by the guards and the
operator.
"""

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
)
from reconciler.applying.outcome import ActionResult, Cause, HaltCause, Outcome, RunResult
from reconciler.applying.settings import LISTING_MAX_AGE, ApplySettings

__all__ = [
    "LISTING_MAX_AGE",
    "ActionResult",
    "Answer",
    "ApplySettings",
    "Assignment",
    "Cause",
    "Ended",
    "Executor",
    "HaltCause",
    "Intent",
    "Journal",
    "JournalFailed",
    "MemoryJournal",
    "Outcome",
    "ReadBack",
    "RunClosed",
    "RunOpened",
    "RunResult",
]
