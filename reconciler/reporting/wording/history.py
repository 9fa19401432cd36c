"""What a command had of the ledger, and what it says of runs that died, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.reporting.documents import LedgerAccess, LedgerView
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand, counted, prose
from reconciler.reporting.wording.runs import began, left, resumable
from reconciler.runs.history import RunState, RunSummary

_NEEDS_MEMORY: Final = "what needs a memory (fleet shrinkage, takeover) was not judged"
BEFORE_PLACE: Final[Mapping[LedgerAccess, str]] = {
    LedgerAccess.NONE: "No ledger at ",
    LedgerAccess.UNREADABLE: "The ledger at ",
    LedgerAccess.MADE: "No ledger was found at ",
}
AFTER_PLACE: Final[Mapping[LedgerAccess, str]] = {
    LedgerAccess.NONE: (
        f": {_NEEDS_MEMORY}. An acting run makes one there; under `requireLedger: true` only "
        "with `--allow new-ledger`."
    ),
    LedgerAccess.UNREADABLE: f" cannot be read: {_NEEDS_MEMORY}.",
    LedgerAccess.MADE: ": a new one was made, and this run knows of no earlier one.",
}
_DIED: Final = "died"
_LEFT: Final = "ended, and left calls in doubt"
LOOKING: Final = (LedgerAccess.READ, LedgerAccess.NONE, LedgerAccess.UNREADABLE)
"""The states of a command that settles nothing."""


def state(view: LedgerView) -> Phrase | None:
    """What there is to say of the ledger; None where all is well."""
    if view.state not in BEFORE_PLACE:
        return None
    detail: Phrase = (" ", prose(view.detail)) if view.detail else ()
    return (
        BEFORE_PLACE[view.state],
        Foreign(view.place),
        AFTER_PLACE[view.state],
        *detail,
    )


def died(view: LedgerView, run: RunSummary) -> Phrase:
    """That ``run`` died (or was completed and left calls in doubt), what it left, and who settles
    that."""
    return (
        "Run ",
        Foreign(run.run),
        f" {how_ended(run)}. It was begun ",
        *began(run),
        f" and left {left(run) or 'nothing'}.",
        *_settling(view, run),
    )


def steps(run: RunSummary, resumes: str | None = None) -> tuple[Phrase, ...]:
    """What can be done about a dead ``run``; ``resumes`` is the one that is continued here."""
    story: Phrase = (ShellCommand("reconciler runs", run.run), " tells its story")
    if run.run == resumes:
        return (story, ("this run continues it",))
    if run.resumed_by is not None:
        return (story, ("run ", Foreign(run.resumed_by), " continued it"))
    if resumable(run):
        return (story, (ShellCommand("reconciler resume", run.run), " continues it"))
    return (story,)


def announced(view: LedgerView, run: RunSummary, resumes: str | None = None) -> Phrase:
    """:func:`died` and :func:`steps` in one."""
    story, *others = steps(run, resumes)
    return (*died(view, run), " ", *story, *(p for other in others for p in (", ", *other)), ".")


def _settling(view: LedgerView, run: RunSummary) -> Phrase:
    """Who settles what is in doubt of ``run``."""
    if not run.in_doubt:
        return ()
    done = Counter(settled.run for settled in view.settled)[run.run]
    if view.state in LOOKING or not done:
        return (" The next acting run settles what is in doubt.",)
    if done < run.in_doubt:
        return (f" This run settled {done} of what is in doubt; the next settles the rest.",)
    return (" This run settled what was in doubt.",)


def finding_out(calls: int, under_way: float) -> str:
    """Before a run waits for ``calls`` of dead runs, each until ``under_way`` seconds after it."""
    return (
        f"Finding out what became of {counted(calls, 'call')} of a run that died: up to"
        f" {under_way:g} s after it was sent, as long as it may still be under way."
    )


def settled_of(run: str) -> Phrase:
    """The head of what was settled of ``run``."""
    return ("Settled, of run ", Foreign(run))


def used(view: LedgerView) -> Phrase | None:
    """That the saved plan that the command looks at was used; None where it was not."""
    if view.used_by is None:
        return None
    return ("The saved plan was applied by run ", Foreign(view.used_by), ": plan again to apply.")


def how_ended(run: RunSummary) -> str:
    """How a run ended that is announced: one that did not die could not write what it found."""
    return _DIED if run.state is RunState.DIED else _LEFT


def dead_runs(dead: Sequence[RunSummary]) -> str:
    """How many runs are announced."""
    died = all(run.state is RunState.DIED for run in dead)
    return f"{counted(len(dead), 'run')} {_DIED if died else 'died or left calls in doubt'}"
