"""The last lines of a report: a summary, an exit status, the command to type next."""

import shlex
from collections.abc import Mapping
from typing import Final

from reconciler.domain import Exit, UndeclaredPolicy
from reconciler.planning import Content, Judgement, Verdict
from reconciler.reporting.documents import (
    CheckState,
    DoctorReport,
    ErrorReport,
    PlanReport,
    RunHistoryReport,
    RunReport,
    RunsReport,
    UnlockReport,
    ValidationReport,
    WorkspacesReport,
)
from reconciler.reporting.phrase import PROSE_LIMIT, Foreign, Phrase, ShellCommand, counted, visible
from reconciler.reporting.wording import changes, outcomes, runs
from reconciler.runs.history import RunState
from reconciler.runs.journal import ActionResult

_MOST_NAMES: Final = 20
"""Workspaces that a line names."""


def of_plan(report: PlanReport) -> str:
    """``Plan: 3 to disconnect, …``, or ``No changes. …`` where that is known."""
    acting = report.verdicts is not None and _refused(report.guards)
    undone = " Nothing was changed." if acting else ""
    fails = report.undeclared is UndeclaredPolicy.FAIL and len(report.plan.content.undeclared)
    said = f" Failed: {fails} connected and in no manifest." if fails else ""
    return _of_content(report.plan.content, report.guards) + said + undone


def of_run(report: RunReport) -> str:
    """``Run: 3 verified, 1 unknown, 1 held in doubt; 4 calls sent.``"""
    counts = {
        outcomes.OUTCOMES[outcome]: number for outcome, number in report.result.count().items()
    }
    counts["held in doubt"] = report.result.in_doubt
    ended = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    calls = counted(report.result.calls, "mutating call")
    return f"Run: {ended or 'nothing to do'}; {calls} sent.{_refused(report.guards)}"


def of_workspaces(report: WorkspacesReport) -> tuple[str, ...]:
    """``12 workspaces: 10 with status 0, 2 with status 3.``, and which have another than 0."""
    shard = f" of shard {report.shard}" if report.shard else ""
    if not report.sections:
        return (f"No workspace{shard}: nothing to do.",)
    names: dict[int, list[str]] = {}
    for section in report.sections:
        names.setdefault(section.report.status, []).append(section.workspace)
    number = counted(len(report.sections), "workspace")
    counts = ", ".join(f"{len(names[code])} with status {code}" for code in sorted(names))
    return (
        f"{number}{shard}: {counts}.",
        *(f"{status(code)}: {_some(names[code])}" for code in sorted(names) if code != Exit.OK),
        *([] if report.beyond is None else [f"Refused: {report.beyond}."]),
        *([f"Next: {outcomes.command(report.again)}"] if report.again else []),
    )


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def of_runs(report: RunsReport) -> Phrase:
    """``3 runs; 1 died: resume it with …``, or where none was found."""
    if not report.runs:
        name = report.workspace
        of: Phrase = () if name is None else (" of workspace ", Foreign(name))
        return ("No runs", *of, " yet in the ledger at ", Foreign(report.place), ".")
    number = len(report.runs)
    listed = counted(number, "run")
    if number >= report.limit:
        listed = f"The last {listed}" if number > 1 else "The last run"
    died = [run for run in report.runs if run.state is RunState.DIED]
    left = [run for run in died if runs.resumable(run)]
    if not died:
        return (f"{listed}.",)
    if not left:
        return (f"{listed}; {len(died)} died.",)
    if len(died) == 1:
        resume = ShellCommand("reconciler resume", left[0].run)
        return (f"{listed}; 1 died: resume it with ", resume, ".")
    return (f"{listed}; {len(died)} died, {len(left)} can be resumed: `reconciler resume RUN`.",)


def of_run_history(report: RunHistoryReport) -> Phrase:
    """``Run: died; 3 verified, 1 in doubt; 4 mutating calls sent.``, and what is left to do."""
    run = report.history.summary
    calls = counted(run.calls, "mutating call")
    ended = runs.ended(run) or "nothing was done"
    said = f"Run: {runs.STATES[run.state]}; {ended}; {calls} sent."
    if not runs.resumable(run):
        return (said,)
    return (said, " ", ShellCommand("reconciler resume", run.run), " continues it.")


def of_unlock(report: UnlockReport) -> Phrase:
    """Who held the lock, and what becomes of that run."""
    holder = report.holder
    return (
        "Took the lock of workspace ",
        Foreign(report.workspace),
        " away from run ",
        Foreign(report.run),
        " of ",
        *runs.who(holder.who),
        " (held since ",
        Foreign(holder.since),
        ", last heartbeat ",
        Foreign(holder.heartbeat),
        "). That run can start nothing more; the next run resolves what it left in doubt.",
    )


def of_validation(report: ValidationReport) -> str:
    """``Valid: …``, or ``Invalid: …`` with the number of files that errors were found in."""
    if not report.diagnostics:
        read = f"{counted(report.users, 'user')} in {counted(report.files, 'file')}"
        return f"Valid: {read}."
    files = {d.location.file for d in report.diagnostics if d.location is not None}
    where = f" in {counted(len(files), 'file')}" if files else ""
    return f"Invalid: {counted(len(report.diagnostics), 'error')}{where}."


def of_doctor(report: DoctorReport) -> str:
    """``Doctor: 5 ok, 1 warning.``"""
    states = [check.state for check in report.checks]
    found = [f"{states.count(state)} {CHECKS[state]}" for state in CheckState if state in states]
    return f"Doctor: {', '.join(found) or 'nothing was checked'}."


def of_error(report: ErrorReport) -> str:
    """``Exit status 65: invalid manifest or configuration.``"""
    return f"{status(report.status)}."


def of_planned(content: Content) -> str:
    """The line of a plan that nothing is said about but what it holds."""
    return _of_content(content, content.guards)


def of_outcome(result: ActionResult, done: int, total: int) -> Phrase:
    """``[12/60] verified: disconnect google bruno@example.com``, with the cause of what is not."""
    action, outcome = result.action, result.outcome
    head = f"[{done}/{total}] {outcomes.OUTCOMES[outcome]}: {changes.what(action)} "
    cause: Phrase = () if outcome.in_effect else (": ", *outcomes.cause(result))
    return (head, Foreign(action.user), *cause)


def of_silence(phase: str, seconds: float) -> str:
    """``still applying after 3 min 30 s``, of a run that has shown nothing for a while."""
    minutes, rest = divmod(round(seconds), 60)
    return f"still {phase} after {f'{minutes} min ' if minutes else ''}{rest} s"


def _of_content(content: Content, guards: tuple[Verdict, ...]) -> str:
    disconnects = len(content.disconnects)
    acting = {
        "to disconnect": disconnects,
        "to update": len(content.actions) - disconnects,
    }
    standing = {
        "waiting for a person": len(content.pending) - content.not_found,
        "not found": content.not_found,
        "held": len(content.blocked),
        "undetermined": len(content.undetermined),
        "converged": content.fleet.converged,
        "left alone": len(content.unmanaged),
        "left out by the selection": content.deselected,
        "reported by rules": content.reported,
    }
    unchanged = not content.actions and not content.problems
    shown = standing if unchanged else acting | standing
    parts = ", ".join(f"{n} {name}" for name, n in shown.items() if n or name == "to disconnect")
    if not unchanged:
        return f"Plan: {parts}.{_refused(guards)}"
    return f"No changes.{f' {parts}.' if parts else ''}{_refused(guards)}"


def beyond_actions(content: Content) -> str | None:
    """What a run of this plan leaves as it is; None where that is nothing."""
    parts = {
        "waiting for a person": len(content.pending) - content.not_found,
        "not found": content.not_found,
        "held": len(content.blocked),
        "left out by the selection": content.deselected,
    }
    shown = ", ".join(f"{number} {name}" for name, number in parts.items() if number)
    return f"Not acted on: {shown}." if shown else None


def _refused(guards: tuple[Verdict, ...]) -> str:
    names = [verdict.guard for verdict in guards if verdict.judgement is Judgement.REFUSED]
    return f" Refused by {' and '.join(names)}." if names else ""


STATUSES: Final[Mapping[int, str]] = {
    0: "success",
    1: "unexpected error, a defect in this tool",
    2: "there are changes to apply",
    3: "refused: by a guard, because no ledger was found, or because the user gets no connect link",
    4: "partly applied",
    5: "the saved plan cannot be used, or there is nothing to resume",
    6: "the observation is incomplete",
    7: "nothing to apply, but something waits for a person",
    8: "somebody is connected and in no manifest",
    64: "wrong usage",
    65: "invalid manifest or configuration",
    69: "the API is unreachable, or the account is out of credit",
    75: "try again later",
    77: "the credentials were refused",
    130: "interrupted",
    143: "terminated",
}

CHECKS: Final[Mapping[CheckState, str]] = {
    CheckState.OK: "ok",
    CheckState.WARNING: "warning",
    CheckState.FAILED: "failed",
    CheckState.SKIPPED: "skipped",
}


def status(code: int) -> str:
    """``code`` as a sentence without its full stop."""
    return f"Exit status {code}: {STATUSES[code]}" if code in STATUSES else f"Exit status {code}"


def after_plan(report: PlanReport) -> tuple[str, ...]:
    """The commands that go on from a plan; none where nobody but a person can."""
    if report.again is None:
        return ()
    if any(verdict.judgement is Judgement.REFUSED for verdict in report.guards):
        return (f"Next: fix what the guards refused, then {_command('plan', report.again)}",)
    if not report.plan.content.actions:
        return ()
    if report.saved_to is not None:
        apply = _command("apply", report.again, report.saved_to)
        return (f"Next: {apply}  # applies exactly this",)
    save = _command("plan", report.again, "-o", "fleet.plan")
    return (
        f"Next: {_command('apply', report.again)}  # asks, then applies this",
        f"  or: {save}  # saves it, to review and apply later",
    )


def _command(name: str, options: tuple[str, ...], *more: str) -> str:
    words = ("reconciler", name, *options, *more)
    return " ".join(shlex.quote(visible(word, PROSE_LIMIT)) for word in words)
