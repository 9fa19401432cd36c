"""What a run records, and what can be read back of it later.

The journal protocol and its records, outcomes, and the histories that the ledger reads back. This
is all that the ledger and reporting need of an apply.
"""

from reconciler.runs.history import (
    ActionHistory,
    Front,
    Holder,
    InDoubt,
    ResolvedCall,
    RunHistory,
    RunState,
    RunSummary,
    Step,
    StepKind,
    Who,
)
from reconciler.runs.journal import (
    ActionResult,
    Answer,
    CallsInDoubt,
    Cause,
    Ended,
    HaltCause,
    InDoubtCount,
    Intent,
    Journal,
    JournalFailed,
    MemoryJournal,
    Outcome,
    ReadBack,
    RunClosed,
    RunOpened,
    RunResult,
    StepJournal,
)

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
    "ResolvedCall",
    "RunClosed",
    "RunHistory",
    "RunOpened",
    "RunResult",
    "RunState",
    "RunSummary",
    "Step",
    "StepJournal",
    "StepKind",
    "Who",
]
