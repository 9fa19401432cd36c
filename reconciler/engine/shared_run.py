"""One run in two processes: one opens it and stores its plan, the other acts on that plan.

The process that joins checks the stored plan as ``apply PLAN`` checks a plan file: against today's
configuration, manifests, list and guards. Actions that today's plan does not have are stale.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager

from msgspec import structs

from reconciler.applying import ApplySettings, Approved, RunContext, act, skip_stale
from reconciler.applying.executor import skipped
from reconciler.domain import Connection, Declarations, Observation, Phase, rfc3339
from reconciler.engine.acting_run import ActingRun
from reconciler.engine.approval import check_usable, judge_saved
from reconciler.engine.earlier_plan import compare
from reconciler.engine.preview import judged_content, plan_inputs
from reconciler.engine.session import Session
from reconciler.ledger import NotJoinable, open_ledger
from reconciler.planning import Action, GuardName, Plan, seal, users_to_look_up
from reconciler.runs import (
    ActionHistory,
    ActionResult,
    Cause,
    Ended,
    Outcome,
    RunClosed,
    RunResult,
    StepKind,
    Who,
    verified_disconnects,
)


def share_run(run: ActingRun, approved: Approved) -> None:
    """Store the plan, so that another process may join the run and act on it.

    Raises ``applying.JournalFailed``.
    """
    journal, at = run.journal, rfc3339(run.session.clock.now())
    journal.run_opened(approved.opened(journal.id, at))
    for stale in approved.stale:
        journal.outcome(Ended(journal.id, at, skipped(stale)))


def close_shared_run(run: ActingRun, approved: Approved) -> RunResult:
    """Close a shared run. Returns how each of its actions ended.

    Calls in doubt stay so in the ledger, for the next run to resolve. Raises
    ``applying.JournalFailed`` and ``ledger.LedgerError``.
    """
    session, journal = run.session, run.journal
    history = journal.run_history(journal.id)
    content = approved.plan.content
    finished = rfc3339(session.clock.now())
    result = RunResult(
        run=journal.id,
        workspace=content.workspace,
        base_url=content.base_url,
        plan_digest=content.digest(),
        started=history.summary.opened,
        finished=finished,
        results=tuple(_ended(action) for action in history.actions),
        in_doubt=len(content.in_doubt),
    )
    known = tuple(
        ended
        for ended, action in zip(result.results, history.actions, strict=True)
        if action.result is not None or not action.begun
    )
    journal.run_closed(RunClosed(journal.id, finished, structs.replace(result, results=known)))
    return result


def _ended(history: ActionHistory) -> ActionResult:
    if history.result is not None:
        return history.result
    if not history.begun:
        return ActionResult(history.action, Outcome.NOT_ATTEMPTED, Cause.NOT_HANDED_OVER)
    calls = sum(1 for step in history.steps if step.kind is StepKind.INTENT)
    return ActionResult(history.action, Outcome.UNKNOWN, Cause.NOT_READABLE, calls=calls)


class SharedRun:
    """Acts on actions of ``plan``, the plan of the run ``id``, each at most once. Thread-safe."""

    def __init__(
        self,
        run: str,
        approved: Approved,
        context: RunContext,
        disconnected: Mapping[str, Sequence[Connection]],
    ) -> None:
        self.id = run
        self.plan: Plan = approved.plan
        self._ready = {action.key: action for action in approved.ready}
        self._stale = {stale.action.key: stale for stale in approved.stale}
        self._context = context
        self._disconnected = disconnected
        self._lock = threading.Lock()

    def act(self, actions: Sequence[Action]) -> tuple[ActionResult, ...]:
        """Do ``actions`` of the plan. Returns how each ended, in their order."""
        with self._lock:
            ready = [done for action in actions if (done := self._ready.pop(action.key, None))]
            stale = [gone for action in actions if (gone := self._stale.pop(action.key, None))]
        for passed in stale:
            skip_stale(passed, self._context)
        if ready:
            with self._context.telemetry.phase(Phase.APPLY):
                act(ready, self._context, self._disconnected)
        results = self._context.recorder.results
        halted = self._context.circuit_breaker.cause
        return tuple(
            results.get(action.key)
            or ActionResult(action, Outcome.NOT_ATTEMPTED, halted or Cause.STOPPED)
            for action in actions
        )


@contextmanager
def join_acting(
    session: Session,
    declarations: Declarations,
    observation: Observation,
    allowed: Set[GuardName],
    settings: ApplySettings,
    *,
    opened_by_us: Callable[[Who], bool],
) -> Iterator[SharedRun]:
    """Join the workspace's open run, if it is one of ``opened_by_us``.

    Raises ``ledger.NotJoinable``, ``ledger.LedgerError``, ``planning.PlanUnusable`` and
    ``Refused``.
    """
    workspace = session.workspace
    with open_ledger(workspace.ledger, create=False) as ledger:
        holder = ledger.holder(workspace.name)
        if holder is None:
            raise NotJoinable(f"workspace {workspace.name} has no open run")
        if not opened_by_us(holder.who):
            raise NotJoinable(
                f"the open run {holder.run} of workspace {workspace.name} is not of this command"
            )
        so_far = ledger.run_history(holder.run)
        plan = so_far.plan
        if plan is None:
            raise NotJoinable(f"run {holder.run} has not stored its plan")
        journal = ledger.join(workspace.name, session.endpoint.address, seal=seal(plan))
        check_usable(session, journal.plan, declarations)
        address = session.endpoint.address
        asked = users_to_look_up(declarations)
        history = ledger.history(workspace.name, address, journal.owner, asked)
        results = (action.result for action in so_far.actions if action.result is not None)
        disconnected = verified_disconnects(results)
        inputs = plan_inputs(session, declarations, observation, history, disconnected)
        today = judged_content(session, inputs)
        comparison = compare(session, journal.plan, today, observation, disconnected)
        approved = judge_saved(session, comparison, inputs, allowed)
        with session.writer() as writer:
            context = session.run_context(
                journal.id,
                journal,
                writer,
                observation,
                settings,
                good_until=approved.good_until,
            )
            yield SharedRun(journal.id, approved, context, disconnected)
