"""Acts on an approved plan: every action at most once, each with exactly one outcome.

Nothing here decides *whether* to act. The guards have judged the plan and the operator has approved
it. The caller has compared it with the first list of the run, and divided its actions into those
that are ready and those that are stale.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from reconciler.applying.run_context import READ_BACK_THREADS, RunContext
from reconciler.applying.scheduler import Queue, Scheduler, by_user
from reconciler.applying.user_run import UserRun
from reconciler.domain import Connection, Observation, Platform, rfc3339
from reconciler.planning import Action, Disconnect, FleetSize, Plan, Stale, Verdict
from reconciler.runs.history import verified_disconnects
from reconciler.runs.journal import (
    ActionResult,
    HaltCause,
    Journal,
    JournalFailed,
    Outcome,
    RunClosed,
    RunOpened,
    RunResult,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Approved:
    """A plan that no guard refuses, with its actions divided by the first list of the run.

    Each action of ``plan`` is in ``ready`` or ``stale``, or has its result in ``carried``: the
    results of an earlier run of the same plan, which this run resumes. Nothing is done for those,
    and they do not count as failures. ``declared`` has the platforms of every user whose
    connections are managed; ``seen`` are the users that are both declared and listed; ``rows`` has
    the number of rows of each source. ``good_until``: see :class:`RunContext`.
    """

    plan: Plan
    observation: Observation
    ready: Sequence[Action]
    stale: Sequence[Stale]
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize
    declared: Mapping[str, frozenset[Platform]]
    seen: frozenset[str]
    carried: Sequence[ActionResult] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    good_until: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def disconnects(self) -> int:
        """How many disconnects the run is going to send, if their preconditions hold."""
        return sum(1 for action in self.ready if isinstance(action, Disconnect))

    def opened(self, run: str, at: str) -> RunOpened:
        """The record that opens ``run`` on this plan."""
        return RunOpened(
            run, at, self.plan, self.verdicts, self.fleet, self.declared, self.seen, self.rows
        )


def apply_plan(approved: Approved, context: RunContext, journal: Journal) -> RunResult:
    """Act on ``approved`` and record the whole run in ``journal``, which is also the context's.

    Raises :class:`JournalFailed` if the run could not even be opened. After that, errors of the API
    or the journal and defects of ours are not raised: they are in the result.
    """
    run, started = context.run, rfc3339(context.clock.now())
    journal.run_opened(approved.opened(run, started))
    for carried in approved.carried:
        context.recorder.carry(carried)
    for stale in approved.stale:
        skip_stale(stale, context)
    act(approved.ready, context, verified_disconnects(approved.carried))
    result = _result(approved, context, started)
    try:
        journal.run_closed(RunClosed(run, result.finished, result))
    except JournalFailed as error:
        return structs.replace(result, halted=HaltCause.JOURNAL_FAILED, halt_detail=str(error))
    return result


def act(
    actions: Sequence[Action],
    context: RunContext,
    disconnected: Mapping[str, Sequence[Connection]] = {},
) -> None:
    """Do ``actions``. They must include everything that is to be done for each of their users.

    ``disconnected`` has, by the id of the calendar user, the connections that the run has
    disconnected so far. Several threads may call this with one context: whatever halts one call
    halts them all.
    """
    settings, breaker = context.settings, context.circuit_breaker
    scheduler = Scheduler(
        context.clock, {Queue.ACT: settings.workers, Queue.VERIFY: READ_BACK_THREADS}
    )
    with breaker.calling(lambda: scheduler.open(Queue.ACT)):
        defect = scheduler.run(
            [
                UserRun(of_user, context, disconnected.get(of_user[0].recall_id, ())).work()
                for of_user in by_user(actions, lambda action: action.user)
            ],
            context.cancellation,
            on_cancel=lambda: breaker.halt(HaltCause.INTERRUPTED),
        )
    if defect is not None:
        breaker.halt(HaltCause.DEFECT, type(defect).__name__)
        log.error("a defect of the executor ended the run", exc_info=defect)


def skip_stale(stale: Stale, context: RunContext) -> None:
    """Record an action that went stale before it began."""
    context.recorder.outcome(skipped(stale))


def skipped(stale: Stale) -> ActionResult:
    """The result of an action that went stale before it began."""
    return ActionResult(stale.action, Outcome.SKIPPED_STALE, str(stale.result))


def _result(approved: Approved, context: RunContext, started: str) -> RunResult:
    results = context.recorder.results
    content = approved.plan.content
    return RunResult(
        run=context.run,
        workspace=content.workspace,
        base_url=content.base_url,
        plan_digest=content.digest(),
        started=started,
        finished=rfc3339(context.clock.now()),
        # Only a defect leaves an action without a result, and only before it began.
        results=tuple(
            results.get(action.key) or ActionResult(action, Outcome.NOT_ATTEMPTED, HaltCause.DEFECT)
            for action in content.actions
        ),
        halted=context.circuit_breaker.cause,
        halt_detail=context.circuit_breaker.detail,
        signal=context.cancellation.signal,
        carried=frozenset(result.action.key for result in approved.carried),
        in_doubt=len(content.in_doubt),
    )
