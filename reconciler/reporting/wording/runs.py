"""What the ledger tells of a run, in words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.planning import Action, FleetSize
from reconciler.reporting.phrase import Foreign, Phrase, counted, prose, visible
from reconciler.reporting.wording.outcomes import HALTS, OUTCOMES, done, meaning
from reconciler.runs.history import (
    Front,
    RunHistory,
    RunState,
    RunSummary,
    Step,
    StepKind,
    Who,
)
from reconciler.runs.journal import Cause, Outcome

STATES: Final[Mapping[RunState, str]] = {
    RunState.RUNNING: "running",
    RunState.COMPLETED: "completed",
    RunState.REFUSED: "refused",
    RunState.DECLINED: "declined",
    RunState.STOPPED: "stopped",
    RunState.DIED: "died",
}

STATE_SENTENCES: Final[Mapping[RunState, str]] = {
    RunState.RUNNING: "It holds the lock and is still running",
    RunState.COMPLETED: "The run is closed",
    RunState.REFUSED: "It was refused, by a guard or because its saved plan could not be used",
    RunState.DECLINED: "The plan was shown and not approved",
    RunState.STOPPED: "An error or a signal ended it before it acted",
    RunState.DIED: "It died: its process ended or fell silent without closing it",
}

FRONTS: Final[Mapping[Front, str]] = {
    Front.APPLY: "apply",
    Front.RESUME: "resume",
    Front.PULUMI: "pulumi",
}

COLUMNS: Final = ("Run", "Workspace", "Began", "Front", "By", "State", "Actions", "Commit")
"""The columns of a list of runs; the workspace only where it lists several."""

NO_COMMIT: Final = "none"
"""For what was not planned in a checkout of Git."""

_SHORT_COMMIT: Final = 10

IN_DOUBT: Final = "in doubt: its call may have been sent, but no outcome is recorded"
NEVER_BEGUN: Final = "never begun"

_NO_EFFECT: Final = ", which proves that nothing was done"
_HALTS: Final[Mapping[str, str]] = {cause.value: text for cause, text in HALTS.items()}
_ANSWERS: Final[Mapping[str, str]] = {
    "accepted": "accepted",
    "not_sent": "withdrawn before it was sent",
}
_READINGS: Final[Mapping[str, str]] = {
    Cause.READ_BACK: "{done}",
    Cause.ROW_ABSENT: "the platform has no row, which counts as disconnected",
    Cause.SEEN_IN_LIST: "{done}, by the list of a later run",
    Cause.NOT_SEEN_IN_TIME: "not yet: {done}",
}
"""What one read-back shows, where its code would say more as the cause of an outcome."""


def who(run: Who) -> Phrase:
    """Who runs it, where."""
    return (Foreign(f"{run.user}@{run.host}"),)


def began(run: RunSummary) -> Phrase:
    """When ``run`` began, and who started it."""
    return (Foreign(run.opened), " by ", *who(run.who))


def left(run: RunSummary) -> str:
    """What ``run`` left undone or in doubt, in short; empty where that is nothing."""
    never = "not begun yet" if run.state is RunState.RUNNING else NEVER_BEGUN
    parts = {"in doubt": run.in_doubt, never: run.unattempted}
    return ", ".join(f"{number} {name}" for name, number in parts.items() if number)


def ended(run: RunSummary) -> str:
    """How the actions of ``run`` ended, and what it left, in short."""
    counts = [
        f"{run.outcomes[outcome]} {OUTCOMES[outcome]}"
        for outcome in Outcome
        if outcome is not Outcome.NOT_ATTEMPTED and run.outcomes.get(outcome)
    ]
    return ", ".join([*counts, *([left(run)] if left(run) else [])])


def row(run: RunSummary) -> tuple[Phrase, ...]:
    """``run`` by :data:`COLUMNS`."""
    resumed = "" if run.resumed_by is None else ", resumed"
    return (
        (Foreign(run.run),),
        (Foreign(run.workspace),),
        (Foreign(run.opened),),
        (FRONTS[run.front],),
        who(run.who),
        (f"{STATES[run.state]}{resumed}",),
        (ended(run) or "none",),
        (Foreign(_short(run.commit)) if run.commit else NO_COMMIT,),
    )


def _short(commit: str) -> str:
    name, dash, dirty = commit.partition("-")
    return f"{name[:_SHORT_COMMIT]}{dash}{dirty}"


def resumable(run: RunSummary) -> bool:
    """Whether there is something of ``run`` to continue, which nobody did yet."""
    over = run.state in (RunState.DIED, RunState.COMPLETED) and run.plan_digest is not None
    return over and run.resumed_by is None and bool(run.in_doubt or run.unattempted)


def why_ended(run: RunSummary) -> Phrase:
    """How ``run`` ended, and all that is recorded on why."""
    detail: Phrase = (": ", prose(run.detail), ".") if run.detail else (".",)
    if run.halted is None:
        return (STATE_SENTENCES[run.state], *detail)
    halted = _HALTS.get(run.halted) or Foreign(run.halted)
    return (f"{STATE_SENTENCES[run.state]}. It stopped early: ", halted, *detail)


def title(run: RunSummary) -> Phrase:
    """Which run, and where."""
    where: Phrase = (Foreign(run.workspace), " at ", Foreign(run.base_url))
    return ("Run ", Foreign(run.run), " for workspace ", *where)


def facts(past: RunHistory, place: str) -> Iterator[Phrase]:
    """What is recorded of the run beside its actions; ``place`` is the ledger."""
    run = past.summary
    yield ("plan ", Foreign(run.plan_digest)) if run.plan_digest else ("no plan",)
    commit: Phrase = (", commit ", Foreign(run.commit) if run.commit else NO_COMMIT)
    yield (f"{FRONTS[run.front]} by ", *who(run.who), f", process {run.who.pid}", *commit)
    end: Phrase = (", not ended",) if run.ended is None else (", ended ", Foreign(run.ended))
    yield ("began ", Foreign(run.opened), *end)
    if run.owner is not None:
        yield ("the users belong to ", Foreign(run.owner))
    if run.resumes is not None:
        yield ("resumes run ", Foreign(run.resumes))
    if run.resumed_by is not None:
        yield ("resumed by run ", Foreign(run.resumed_by))
    if past.fleet is not None:
        yield (f"{_fleet(past.fleet)}; {_compared(accepted=past.accepted)}",)
    yield ("recorded by version ", Foreign(run.tool_version), " in the ledger at ", Foreign(place))


def time_of(step: Step, run: RunSummary) -> str:
    """When ``step`` was recorded: ``03:12:08 UTC`` where it is the day of ``run``, whose beginning
    has the date."""
    day, _, time = visible(step.at).partition("T")
    if not time.endswith("Z") or not run.opened.startswith(f"{day}T"):
        return visible(step.at)
    return f"{time.removesuffix('Z')} UTC"


def _compared(*, accepted: bool) -> str:
    """Whether the guards of later runs compare with this one."""
    if accepted:
        return "later runs compare their numbers with these, to notice a fleet that shrank"
    return "not approved, so later runs do not compare with these numbers"


def _fleet(fleet: FleetSize) -> str:
    declared = counted(fleet.declared, "declared user")
    return f"{declared}, {counted(fleet.observed, 'listed calendar user')}"


def step(step: Step, action: Action) -> Phrase:
    """One record of ``action``, without its time."""
    detail: Phrase = (": ", prose(step.detail)) if step.detail else ()
    by: Phrase = () if step.by is None else (", resolved by run ", Foreign(step.by))
    return (*_SAID[step.kind](step, action), *detail, *by)


def _intent(step: Step, _: Action) -> Phrase:
    return ("intent" if step.call is None else f"intent, call {step.call}",)


def _answer(step: Step, action: Action) -> Phrase:
    code = step.code or ""
    answer: Phrase = (_ANSWERS[code],) if code in _ANSWERS else meaning(code, action)
    return ("answered: ", *answer, _NO_EFFECT if step.no_effect else "")


def _read_back(step: Step, action: Action) -> Phrase:
    code = step.code or ""
    if code in _READINGS:
        return (f"read back: {_READINGS[code].replace('{done}', done(action))}",)
    return ("read back: ", *meaning(code, action))


def _outcome(step: Step, action: Action) -> Phrase:
    outcome = "none" if step.outcome is None else OUTCOMES[step.outcome]
    return (f"outcome: {outcome}", *((": ", *meaning(step.code, action)) if step.code else ()))


_SAID: Final[Mapping[StepKind, Callable[[Step, Action], Phrase]]] = {
    StepKind.INTENT: _intent,
    StepKind.ANSWER: _answer,
    StepKind.READ_BACK: _read_back,
    StepKind.OUTCOME: _outcome,
}
