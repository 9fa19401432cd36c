"""What a run writes down and what is read back of it.

The journal protocol and its records, outcomes, and the histories that the ledger reads back. The
ledger and reporting need this of an apply, and nothing else.
"""

from reconciler.runs.history import (
    ActionHistory,
    Front,
    Holder,
    InDoubt,
    RunHistory,
    RunState,
    RunSummary,
    Settled,
    Step,
    StepKind,
    Who,
)
from reconciler.runs.journal import (
    Answer,
    CallsInDoubt,
    Ended,
    InDoubtCount,
    Intent,
    Journal,
    JournalFailed,
    MemoryJournal,
    ReadBack,
    RunClosed,
    RunOpened,
    StepJournal,
)
from reconciler.runs.outcome import ActionResult, Cause, HaltCause, Outcome, RunResult

__all__ = [
    "ActionHistory",
    "ActionResult",
    "Answer",
    "CallsInDoubt",
    "Cause",
    "Ended",
    "Front",
    "HaltCause",
    "Holder",
    "InDoubt",
    "InDoubtCount",
    "Intent",
    "Journal",
    "JournalFailed",
    "MemoryJournal",
    "Outcome",
    "ReadBack",
    "RunClosed",
    "RunHistory",
    "RunOpened",
    "RunResult",
    "RunState",
    "RunSummary",
    "Settled",
    "Step",
    "StepJournal",
    "StepKind",
    "Who",
]
