"""What a report has found, one by one: the form that code review, CI and alarms take.

A finding has a rule, a weight, a place and a key that stays the same from run to run. SARIF, JUnit
and annotations write the same findings, so that none of them can leave out what another shows.
"""

from collections.abc import Iterator

from msgspec import UNSET, Struct, structs

from reconciler.domain import Diagnostic, Exit, UndeclaredPolicy
from reconciler.planning import Disconnect, Judgement, Plan
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    ErrorReport,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    ValidationReport,
    WorkspacesReport,
)
from reconciler.reporting.entries import UserEntry
from reconciler.reporting.phrase import plain, prose, visible
from reconciler.reporting.wording import changes, findings, guards, outcomes, summary
from reconciler.reporting.wording.findings import FindingRule, Weight


class Finding(Struct, frozen=True, gc=False):
    """One thing that was found. ``message`` is one harmless line.

    ``subject`` is a user, a guard or a file: text of others. ``key`` names the finding among those
    of its workspace; it holds no line, no time and no number that changes from run to run.
    ``place`` is ``file:line:column``; ``group`` is what the finding belongs to without a file.
    """

    rule: FindingRule
    subject: str
    what: str
    message: str
    key: str
    place: str | None = None
    group: str = ""


class WorkspaceFindings(Struct, frozen=True):
    """What one report found in ``workspace``, in the order of the report.

    ``commit`` is that of the manifests, ``summary`` is the whole report in a line, and ``status``
    the exit status. ``judged`` says whether there was a result at all.
    """

    workspace: str | None
    commit: str | None
    summary: str
    status: int
    found: tuple[Finding, ...]
    judged: bool = True

    @property
    def by_weight(self) -> list[Finding]:
        """What has to be shown, the heaviest first."""
        order = list(Weight)
        shown = (finding for finding in self.found if finding.rule.level is not Weight.NONE)
        return sorted(shown, key=lambda finding: order.index(finding.rule.level))


def findings_of(report: Report) -> tuple[WorkspaceFindings, ...]:
    """What ``report`` found, a part for each workspace.

    Raises ``TypeError`` for a report that judges nothing.
    """
    if isinstance(report, WorkspacesReport):
        return tuple(
            structs.replace(part, workspace=section.workspace)
            for section in report.sections
            for part in findings_of(section.report)
        )
    if isinstance(report, PlanReport):
        return (_of(report.plan, summary.of_plan(report), report.status, _plan(report)),)
    if isinstance(report, RunReport):
        return (_of(report.plan, summary.of_run(report), report.status, _run(report)),)
    if isinstance(report, RunHistoryReport):
        past = report.history.summary
        said, found = plain(summary.of_run_history(report)), tuple(_history(report))
        return (WorkspaceFindings(past.workspace, past.commit, said, report.status, found),)
    if isinstance(report, ValidationReport):
        said, invalid = summary.of_validation(report), tuple(_diagnostics(report.diagnostics))
        return (WorkspaceFindings(report.workspace, None, said, report.status, invalid),)
    if isinstance(report, ErrorReport):
        ended = _of(report.plan, summary.of_error(report), report.status, _error(report))
        return (structs.replace(ended, judged=False),)
    raise TypeError(f"a {type(report).__name__} has no findings")


def _of(plan: Plan | None, said: str, status: int, found: Iterator[Finding]) -> WorkspaceFindings:
    workspace = None if plan is None else plan.content.workspace
    commit = None if plan is None else plan.envelope.commit
    return WorkspaceFindings(workspace, commit, said, status, tuple(found))


def _plan(report: PlanReport) -> Iterator[Finding]:
    plan, content = report.plan, report.plan.content
    yield from _guards(report)
    for problem in content.problems:
        message = plain((prose(problem),))
        yield Finding(
            findings.OBSERVATION, "observation", "problem", message, f"observation {problem}",
            group="observation",
        )  # fmt: skip
    for action, entry in zip(content.actions, entries.actions(content.actions), strict=True):
        acting = isinstance(action, Disconnect)
        rule = findings.DISCONNECTS[action.reason] if acting else findings.UPDATE
        yield _entry(plan, rule, entry, action.key)
    for blocked, entry in zip(content.blocked, entries.held(content.blocked), strict=True):
        key = f"held {blocked.action.key}"
        yield _entry(plan, findings.HELD[blocked.holds[0]], entry, key)
    for pending, entry in zip(content.pending, entries.pending(content.pending), strict=True):
        key = f"pending {pending.platform or 'id'} of {pending.user}"
        yield _entry(plan, findings.PENDING[pending.reason], entry, key)
    for entry in entries.undetermined(content):
        yield _entry(plan, findings.UNDETERMINED, entry, f"undetermined {entry.user}")
    if report.undeclared is UndeclaredPolicy.FAIL:
        for user in content.undeclared:
            name = user.recall_id if user.user is None else user.user
            message = f"{changes.IN_NO_MANIFEST}: {plain(changes.connected(user))}"
            yield Finding(
                findings.UNDECLARED, name, "in no manifest", message,
                f"undeclared {user.recall_id}", group="undeclared",
            )  # fmt: skip
    for notice in content.notices:
        rule, message = findings.NOTICES[notice.code], plain(changes.remark(notice))
        key = f"{notice.code} {notice.subject}"
        yield Finding(rule, notice.subject, "notice", message, key, group="notices")


def _guards(report: PlanReport | RunReport) -> Iterator[Finding]:
    for verdict in report.guards:
        rule = findings.GUARDS[verdict.guard]
        if verdict.judgement in (Judgement.NOT_JUDGED, Judgement.NOT_APPLICABLE):
            continue
        source = report.limit_sources.get(verdict.guard)
        message = plain(guards.sentence(verdict, source))
        if verdict.judgement is Judgement.REFUSED:
            message = f"{message}. {plain(guards.remedy(verdict))}"
        else:
            rule = findings.passed(rule)
        subject = "" if verdict.subject is UNSET else f" {verdict.subject}"
        yield Finding(
            rule, verdict.guard, "guard", message,
            f"guard {verdict.guard}{subject}", _limit_place(source), "guards",
        )  # fmt: skip


def _limit_place(source: str | None) -> str | None:
    """Where a limit is set; None for the default."""
    return source if source and source[-1:].isdigit() else None


def _run(report: RunReport) -> Iterator[Finding]:
    plan, result = report.plan, report.result
    yield from _guards(report)
    if result.halted is not None:
        halt = plain(outcomes.halt(result.halted, result.halt_detail, result.signal))
        yield Finding(findings.HALTED, "run", "stopped early", halt, "halted", group="run")
    ended = zip(result.results, entries.results(result.results, result.carried), strict=True)
    for each, entry in ended:
        rule, step = findings.OUTCOMES[each.outcome], outcomes.next_step(each)
        yield _entry(plan, rule, entry, each.action.key, step)
    in_doubt = plan.content.in_doubt
    for blocked, entry in zip(in_doubt, entries.held(in_doubt), strict=True):
        yield _entry(plan, findings.IN_DOUBT, entry, f"held {blocked.action.key}")


def _history(report: RunHistoryReport) -> Iterator[Finding]:
    for past in report.history.actions:
        if past.result is not None:
            rule = findings.OUTCOMES[past.result.outcome]
        else:
            rule = findings.IN_DOUBT if past.begun else findings.NEVER_BEGUN
        yield _entry(report.history.plan, rule, entries.past(past), past.action.key)


def _error(report: ErrorReport) -> Iterator[Finding]:
    invalid = report.status == Exit.INVALID
    return _diagnostics(report.problems, findings.INVALID if invalid else findings.NO_RESULT)


def _diagnostics(
    problems: tuple[Diagnostic, ...], rule: FindingRule = findings.INVALID
) -> Iterator[Finding]:
    for problem in problems:
        place = None if problem.location is None else str(problem.location)
        file = "" if problem.location is None else problem.location.file
        hint = f" ({plain((prose(problem.hint),))})" if problem.hint else ""
        message = f"{plain((prose(problem.message),))}{hint}"
        yield Finding(rule, file, message, message, f"{file} {problem.message}", place, "command")


def _entry(
    plan: Plan | None, rule: FindingRule, entry: UserEntry, key: str, step: str | None = None
) -> Finding:
    account = f" ({visible(entry.account)})" if entry.account not in (None, entry.user) else ""
    detail = f": {plain((prose(entry.detail),))}" if entry.detail else ""
    note = f"; note: {plain((prose(entry.note),))}" if entry.note else ""
    following = f". {step[:1].upper()}{step[1:]}." if step else ""
    why = f"{plain(entry.why)}{detail}{note}{following}"
    message = f"{visible(entry.user)}{account}: {entry.what}: {why}"
    place = entries.source(plan, entry.user)
    return Finding(rule, entry.user, entry.what, message, key, place, _label(plan, entry.user))


def _label(plan: Plan | None, user: str) -> str:
    """The group of ``user``, or what else declares them."""
    labels = None if plan is None else (plan.envelope.labels or {}).get(user)
    if labels is None:
        return "users"
    return str(labels.group or labels.source or "users")
