"""Acting in a run that another process opened: its stored plan, and nothing else.

What ``apply PLAN`` does with a plan file is done here with the plan of the open run: it is held
against today's configuration, manifests, list and guards, and what it no longer shows is stale.
"""

import random
import threading
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager

from reconciler.applying import ActionResult, ApplySettings, Cause, Crew, Means, Outcome, Who
from reconciler.domain import DesiredState
from reconciler.engine.acting import Approved, Circumstances, check_usable, judge_saved
from reconciler.engine.configured import protection_of
from reconciler.engine.previewing import Observation, judged_content
from reconciler.engine.session import Session
from reconciler.ledger import NotJoinable, open_ledger
from reconciler.planning import Action, GuardName, Plan, asked_of, seal


class JoinedActing:
    """Acts on actions of ``plan``, the plan of the run ``id``, each at most once. Thread-safe."""

    def __init__(self, run: str, approved: Approved, crew: Crew) -> None:
        self.id = run
        self.plan: Plan = approved.plan
        self._ready = {action.key: action for action in approved.ready}
        self._stale = {stale.action.key: stale for stale in approved.stale}
        self._crew = crew
        self._lock = threading.Lock()

    def act(self, actions: Sequence[Action]) -> tuple[ActionResult, ...]:
        """Do ``actions``, which are of the plan; how each ended, in their order."""
        with self._lock:
            ready = [done for action in actions if (done := self._ready.pop(action.key, None))]
            stale = [gone for action in actions if (gone := self._stale.pop(action.key, None))]
        for passed in stale:
            self._crew.pass_over(passed)
        if ready:
            self._crew.act(ready)
        results = self._crew.results
        return tuple(
            results.get(action.key)
            or ActionResult(action, Outcome.NOT_ATTEMPTED, self._crew.halted or Cause.STOPPED)
            for action in actions
        )


@contextmanager
def join_acting(
    session: Session,
    desired: DesiredState,
    observation: Observation,
    allowed: Set[GuardName],
    settings: ApplySettings,
    *,
    opened_by_us: Callable[[Who], bool],
) -> Iterator[JoinedActing]:
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
        plan = ledger.story(holder.run).plan
        if plan is None:
            raise NotJoinable(f"run {holder.run} has not stored its plan")
        journal = ledger.join(workspace.name, session.endpoint.address, seal=seal(plan))
        check_usable(session, journal.plan, desired)
        address = session.endpoint.address
        history = ledger.history(workspace.name, address, journal.owner, asked_of(desired))
        today = judged_content(session, desired, observation, history)
        approved = judge_saved(
            session, journal.plan, today, Circumstances(desired, observation, history), allowed
        )
        with session.writer() as writer:
            means = Means(
                session.reader,
                writer,
                session.clock,
                session.stop,
                settings,
                random.Random(),  # noqa: S311 - jitter
            )
            crew = Crew(
                journal.id,
                means,
                journal,
                observed=observation.state,
                observed_at=observation.asked_at,
                protection=protection_of(workspace),
                on_result=lambda _: None,
            )
            yield JoinedActing(journal.id, approved, crew)
