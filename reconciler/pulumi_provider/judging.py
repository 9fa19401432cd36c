"""One workspace of a program, up to the point at which its resources may be registered.

The engine's load → observe → plan → guards, once; in an update inside a run that another process
will act in.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from reconciler.config import Workspace, load_configuration
from reconciler.domain import Cancellation, SystemClock
from reconciler.engine import (
    Approved,
    PlanInputs,
    Refused,
    RunOptions,
    Session,
    acting_run,
    apply_settings,
    check_usable,
    compare,
    judge_fresh,
    judge_saved,
    narrow,
    observe,
    open_session,
    preview,
    preview_again,
    remember,
)
from reconciler.engine.overrides import NEW_LEDGER, Overrides, in_environment
from reconciler.ledger import LedgerError, read_ledger
from reconciler.manifest import load_manifests
from reconciler.planning import Action, Plan, PlanChanges, Target, seal
from reconciler.pulumi_provider.fleet import Fleet
from reconciler.pulumi_provider.judged import Judged
from reconciler.pulumi_provider.note import Note
from reconciler.pulumi_provider.reports import ReportFile, refusal_report
from reconciler.reporting import LedgerView
from reconciler.runs import Front

CLOCK: Final = SystemClock()


@dataclass(frozen=True)
class Demands:
    """What is asked of a judgement: on behalf of which ``owner``, a ``saved`` plan that is to be
    applied, allowances, and where a refusal is reported."""

    owner: str
    saved: Plan | None
    allowed: Overrides
    report: ReportFile


def configured(fleet: Fleet, demands: Demands) -> Workspace:
    """The workspace of ``fleet``. Raises :class:`pulumi.RunError`."""
    with demands.report.telling(fleet.workspace):
        configuration = load_configuration(Path.cwd() / fleet.configuration)
        return configuration.workspace(fleet.workspace)


def judge_in_preview(fleet: Fleet, demands: Demands) -> Judged:
    """Judge what an update would do now. Raises :class:`pulumi.RunError`."""
    workspace = configured(fleet, demands)
    with demands.report.telling(fleet.workspace, workspace), ExitStack() as stack:
        session = _session(workspace, stack)
        desired = load_manifests(workspace.manifests)
        address = session.endpoint.address
        remembered = remember(workspace, address, demands.owner, desired=desired)
        observation = observe(session)
        circumstances = PlanInputs(desired, observation, remembered.history)
        changes = None
        with _reported(demands, workspace, remembered.ledger):
            if demands.saved is None:
                today = preview(session, desired, observation, remembered.history)
                approved = judge_fresh(session, today, circumstances, demands.allowed.guards)
            else:
                used_by = _used_by(workspace, demands.saved)
                check_usable(session, demands.saved, desired, used_by=used_by)
                approved, changes = _judge_saved(session, demands, circumstances, demands.saved)
        return Judged(
            fleet, session, desired, approved, stack.pop_all(), remembered.ledger, changes=changes
        )


def judge_in_update(
    fleet: Fleet, demands: Demands, shown: Callable[[Target], Note | None]
) -> Judged:
    """Judge what this update does, in a run of its own, which is open from now on.

    It does what ``shown`` holds, where there is such a note. Raises :class:`pulumi.RunError`.
    """
    workspace = configured(fleet, demands)
    with demands.report.telling(fleet.workspace, workspace), ExitStack() as stack:
        session = _session(workspace, stack)
        desired = load_manifests(workspace.manifests)
        terms = RunOptions(
            new_ledger=demands.allowed.new_ledger, new_ledger_by=in_environment(NEW_LEDGER)
        )
        run = stack.enter_context(acting_run(session, desired, Front.PULUMI, terms, demands.owner))
        saved, changes = demands.saved, None
        left: tuple[Action, ...] = ()
        if saved is not None:
            check_usable(session, saved, desired, used_by=run.journal.used_by(seal(saved)))
        observation = run.settle(observe(session), apply_settings(workspace), pulumi.log.info)
        circumstances = PlanInputs(desired, observation, run.history(desired))
        with _reported(demands, workspace, run.ledger_view):
            if saved is not None:
                approved, changes = _judge_saved(session, demands, circumstances, saved)
            else:
                note = shown(session.target)
                approved, left = _judge_shown(session, demands, circumstances, note)
        return Judged(
            fleet,
            session,
            desired,
            approved,
            stack.pop_all(),
            run.ledger_view,
            left=left,
            changes=changes,
            run=run,
        )


@contextmanager
def _reported(demands: Demands, workspace: Workspace, ledger: LedgerView) -> Iterator[None]:
    """Report what a guard refuses here."""
    try:
        yield
    except Refused as refused:
        demands.report.write(workspace.name, refusal_report(refused, workspace, ledger))
        raise


def _session(workspace: Workspace, stack: ExitStack) -> Session:
    stop = Cancellation(CLOCK.monotonic)
    return stack.enter_context(open_session(workspace, os.environ, clock=CLOCK, stop=stop))


def _used_by(workspace: Workspace, saved: Plan) -> str | None:
    """The run that used the plan, as far as can be told; the update looks again."""
    try:
        with read_ledger(workspace.ledger) as ledger:
            return ledger.used_by(seal(saved))
    except LedgerError:
        return None


def _judge_saved(
    session: Session, demands: Demands, circumstances: PlanInputs, saved: Plan
) -> tuple[Approved, PlanChanges]:
    observation = circumstances.observation
    today = preview_again(session, saved, circumstances.desired, observation, circumstances.history)
    approved = judge_saved(session, saved, today.content, circumstances, demands.allowed.guards)
    return approved, compare(session, saved, today, observation)


def _judge_shown(
    session: Session, demands: Demands, circumstances: PlanInputs, note: Note | None
) -> tuple[Approved, tuple[Action, ...]]:
    """Today's plan, held to what the preview showed; what is left of it."""
    today = preview(
        session, circumstances.desired, circumstances.observation, circumstances.history
    )
    guards = demands.allowed.guards
    if note is None:
        return judge_fresh(session, today, circumstances, guards), ()
    left = tuple(action for action in today.content.actions if not note.holds(action))
    plan = narrow(session, today, circumstances, note.holds) if left else today
    return judge_saved(session, plan, today.content, circumstances, guards), left
