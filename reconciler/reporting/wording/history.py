"""What a command had of the ledger, and what it says of runs that died, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.reporting.documents import LedgerAccess, LedgerView
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand, counted, prose
from reconciler.reporting.wording.runs import began, left, resumable
from reconciler.runs.history import RunState, RunSummary

_SKIPPED: Final = "the guards that need history (fleet shrinkage, takeover) were skipped"
BEFORE_PLACE: Final[Mapping[LedgerAccess, str]] = {
    LedgerAccess.NONE: "No ledger at ",
    LedgerAccess.UNREADABLE: "The ledger at ",
    LedgerAccess.MADE: "No ledger was found at ",
}
AFTER_PLACE: Final[Mapping[LedgerAccess, str]] = {
    LedgerAccess.NONE: (
        f": {_SKIPPED}. The next run creates one there; under `requireLedger: true` only with "
        "`--allow new-ledger`."
    ),
    LedgerAccess.UNREADABLE: f" cannot be read: {_SKIPPED}.",
    LedgerAccess.MADE: ". A new one was created; this run knows of no earlier run.",
}
_DIED: Final = "died"
_LEFT: Final = "ended and left calls in doubt"
LOOKING: Final = (LedgerAccess.READ, LedgerAccess.NONE, LedgerAccess.UNREADABLE)
"""The states of a command that resolves nothing."""


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
    """That ``run`` died (or was completed and left calls in doubt), what it left, and who resolves
    that."""
    return (
        "Run ",
        Foreign(run.run),
        f" {how_ended(run)}. It was started at ",
        *began(run),
        f" and left {left(run) or 'nothing'}.",
        *_settling(view, run),
    )


def steps(run: RunSummary, resumes: str | None = None) -> tuple[Phrase, ...]:
    """What can be done about a dead ``run``; ``resumes`` is the one that is continued here."""
    shows: Phrase = (ShellCommand("reconciler runs", run.run), " shows what it did")
    if run.run == resumes:
        return (shows, ("this run continues it",))
    if run.resumed_by is not None:
        return (shows, ("run ", Foreign(run.resumed_by), " continued it"))
    if resumable(run):
        return (shows, (ShellCommand("reconciler resume", run.run), " continues it"))
    return (shows,)


def announced(view: LedgerView, run: RunSummary, resumes: str | None = None) -> Phrase:
    """:func:`died` and :func:`steps` in one."""
    shows, *others = steps(run, resumes)
    return (*died(view, run), " ", *shows, *(p for other in others for p in (", ", *other)), ".")


def _settling(view: LedgerView, run: RunSummary) -> Phrase:
    """Who resolves the calls that ``run`` left in doubt."""
    if not run.in_doubt:
        return ()
    done = Counter(resolved.run for resolved in view.resolved)[run.run]
    if view.state in LOOKING or not done:
        return (" The next run resolves what is in doubt.",)
    if done < run.in_doubt:
        return (f" This run resolved {done} of what is in doubt; the next run resolves the rest.",)
    return (" This run resolved what was in doubt.",)


def finding_out(calls: int, under_way: float) -> str:
    """Before a run waits for ``calls`` of dead runs, each until ``under_way`` seconds after it."""
    return (
        f"Finding out what became of {counted(calls, 'call')} of a dead run: a call may still be"
        f" under way for {under_way:g} s after it was sent."
    )


def resolved_of(run: str) -> Phrase:
    """The heading of what was resolved of ``run``."""
    return ("Resolved, of run ", Foreign(run))


def used(view: LedgerView) -> Phrase | None:
    """That the saved plan that the command looks at was used; None where it was not."""
    if view.used_by is None:
        return None
    return ("Run ", Foreign(view.used_by), " already used this saved plan. Plan again to apply.")


def how_ended(run: RunSummary) -> str:
    """How a run ended that is announced: one that did not die could not write what it found."""
    return _DIED if run.state is RunState.DIED else _LEFT


def dead_runs(dead: Sequence[RunSummary]) -> str:
    """How many runs are announced."""
    died = all(run.state is RunState.DIED for run in dead)
    return f"{counted(len(dead), 'run')} {_DIED if died else 'died or left calls in doubt'}"
