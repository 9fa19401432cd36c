"""A saved plan in a run: applied as it is, or finished where an earlier run of it left off."""

from contextlib import suppress

from reconciler.cli.inputs import list_users
from reconciler.cli.run_command import RunCommand
from reconciler.domain import Declarations, LedgerPlace, rfc3339
from reconciler.engine import (
    Approved,
    ManifestsChanged,
    Resumption,
    check_account,
    check_place,
    check_usable,
    compare,
    judge_saved,
    plan_inputs,
    preview_again,
    resumption,
)
from reconciler.ledger import LedgerError, read_ledger
from reconciler.planning import GuardName, Plan, PlanUnusable, seal
from reconciler.recall import RecallError
from reconciler.reporting import RunReport
from reconciler.runs import RunResult


def apply_saved(
    command: RunCommand,
    saved: Plan,
    declarations: Declarations,
    allowed: frozenset[GuardName],
    *,
    same_commit: bool,
    or_resume: bool,
) -> RunReport:
    """Do ``saved``; with ``or_resume`` what is left of it, where a run of it was cut short.

    Whether there is such a run is asked under the lock, so that no other can begin meanwhile.
    Raises ``Refused`` and ``PlanUnusable``.
    """
    session, journal = command.session, command.run.journal
    used_by = journal.used_by(seal(saved)) if or_resume else None
    if used_by is None:
        approved = _approve_saved(command, saved, declarations, allowed, same_commit=same_commit)
        return command.carry_out(approved)
    check_account(session, saved)
    earlier = resumption(journal.lineage(used_by))
    journal.continues(used_by)
    if earlier.done:
        return _done_before(command, used_by, earlier)
    approved = approve_resumed(
        command, used_by, declarations, allowed, unasked=True, same_commit=same_commit
    )
    return command.carry_out(approved, resumes=used_by)


def approve_resumed(
    command: RunCommand,
    run: str,
    declarations: Declarations,
    allowed: frozenset[GuardName],
    *,
    unasked: bool = False,
    same_commit: bool = False,
) -> Approved:
    """Judge what is left of ``run``. Raises ``Refused`` and ``PlanUnusable``.

    Where nobody asked for this run to be resumed (``unasked``), it is only if it was cut short.
    """
    session, journal = command.session, command.run.journal
    observation, history = command.observe(), command.run.history(declarations)
    resumed = resumption(journal.lineage(run))
    check_place(session, resumed.plan)
    if unasked and not (resumed.cut_short or resumed.done):
        raise PlanUnusable(_partly(run, resumed))
    if resumed.left:
        # A saved plan may have been applied again after this run of it died.
        used_by = journal.used_by(seal(resumed.plan))
        used_by = None if used_by == run else used_by
        check_usable(session, resumed.plan, declarations, used_by=used_by, same_commit=same_commit)
    done = resumed.disconnected
    inputs = plan_inputs(session, declarations, observation, history, done)
    today = preview_again(session, resumed.plan, inputs)
    comparison = compare(session, resumed.plan, today.content, observation, done)
    command.changes = comparison.changes
    return command.within_limit(
        judge_saved(session, comparison, inputs, allowed, carried=resumed.carried)
    )


def disconnects_left(saved: Plan, place: LedgerPlace) -> int:
    """The disconnects of ``saved`` that no run has ended, as far as the ledger knows."""
    ended: set[str] = set()
    with suppress(LedgerError), read_ledger(place) as ledger:
        used_by = ledger.used_by(seal(saved))
        if used_by is not None:
            carried = resumption(ledger.lineage(used_by)).carried
            ended = {result.action.key for result in carried}
    return sum(1 for action in saved.content.disconnects if action.key not in ended)


def _partly(run: str, resumed: Resumption) -> str:
    unfinished = f"run {run} already used this plan, and did not do all of it"
    resume = f"continue it with `reconciler resume {run}`, or " if resumed.left else ""
    return f"{unfinished} (`reconciler runs {run}`); {resume}plan again"


def _done_before(command: RunCommand, run: str, earlier: Resumption) -> RunReport:
    """Close this run before it acts, and report what ``run`` did."""
    journal, content = command.run.journal, earlier.plan.content
    journal.stopped(f"run {run} did all of this plan")
    at = rfc3339(command.session.clock.now())
    result = RunResult(
        run=journal.id,
        workspace=content.workspace,
        base_url=content.base_url,
        plan_digest=content.digest(),
        started=at,
        finished=at,
        results=earlier.carried,
        carried=frozenset(result.action.key for result in earlier.carried),
    )
    return command.report(earlier.plan, result, resumes=run)


def _approve_saved(
    command: RunCommand,
    saved: Plan,
    declarations: Declarations,
    allowed: frozenset[GuardName],
    *,
    same_commit: bool,
) -> Approved:
    """Judge a saved plan whole, on today's list. Raises ``Refused`` and ``PlanUnusable``."""
    session, journal = command.session, command.run.journal
    used_by = journal.used_by(seal(saved))
    try:
        check_usable(session, saved, declarations, used_by=used_by, same_commit=same_commit)
    except ManifestsChanged:
        _say_what_changed(command, saved, declarations)
        raise
    observation, history = command.observe(), command.run.history(declarations)
    inputs = plan_inputs(session, declarations, observation, history)
    today = preview_again(session, saved, inputs)
    comparison = compare(session, saved, today.content, observation)
    command.changes = comparison.changes
    return command.within_limit(judge_saved(session, comparison, inputs, allowed))


def _say_what_changed(command: RunCommand, saved: Plan, declarations: Declarations) -> None:
    """Find what the plan would be now, for the refusal to show."""
    session = command.session
    try:
        observation = list_users(command.context, session)
        history = command.run.history(declarations)
        inputs = plan_inputs(session, declarations, observation, history)
        today = preview_again(session, saved, inputs)
    except (RecallError, PlanUnusable):
        return
    command.changes = compare(session, saved, today.content, observation).changes
