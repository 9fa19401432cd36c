"""Approve → apply → verify: the half that can change something, in the order in which it is done.

A run is *judged* here on the list that it begins with; only an :class:`Approved` can be carried
out, and only the two judging functions make one.
"""

import random
import uuid
from collections.abc import Callable, Set
from dataclasses import dataclass

from reconciler.applying import (
    ActionResult,
    ApplySettings,
    Assignment,
    Executor,
    Journal,
    RunResult,
)
from reconciler.domain import DesiredState
from reconciler.engine.previewing import Observation, preview
from reconciler.engine.session import Session
from reconciler.planning import (
    Action,
    Disconnect,
    GuardName,
    History,
    Judgement,
    Plan,
    PlanUnusable,
    Protection,
    Roster,
    Stale,
    UnmatchedSelector,
    Verdict,
    desired_digest,
    divide,
    evidence_of,
    expires_at,
    judge,
)


class Refused(Exception):
    """A guard refuses the run; nothing was done. ``verdicts`` are those of today's list."""

    def __init__(self, plan: Plan, verdicts: tuple[Verdict, ...]) -> None:
        super().__init__(", ".join(v.guard for v in verdicts if v.judgement is Judgement.REFUSED))
        self.plan = plan
        self.verdicts = verdicts

    @property
    def incomplete(self) -> bool:
        """Whether the observation is incomplete, which no operator can allow."""
        return any(
            v.guard is GuardName.COMPLETE_OBSERVATION and v.judgement is Judgement.REFUSED
            for v in self.verdicts
        )


@dataclass(frozen=True)
class Approved:
    """A plan that every guard lets through, divided by the list the run begins with."""

    plan: Plan
    observation: Observation
    ready: tuple[Action, ...]
    stale: tuple[Stale, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def disconnects(self) -> int:
        """How many disconnects are about to be called."""
        return sum(1 for action in self.ready if isinstance(action, Disconnect))


def check_usable(session: Session, plan: Plan, desired: DesiredState) -> None:
    """Whether a saved plan is for this workspace, API, key, these manifests and this hour.

    Raises ``planning.PlanUnusable`` with the first reason why not.
    """
    content, envelope = plan.content, plan.envelope
    if content.workspace != session.workspace.name:
        raise PlanUnusable(
            f"the plan was made for workspace {content.workspace!r},"
            f" this is {session.workspace.name!r}; name the workspace with --workspace"
        )
    if content.base_url != session.endpoint.address:
        raise PlanUnusable(
            f"the plan was made for {content.base_url},"
            f" the workspace is at {session.endpoint.address} now; plan again"
        )
    if envelope.key_fingerprint != session.endpoint.fingerprint():
        raise PlanUnusable("the plan was made with another API key; plan again")
    if session.clock.now() >= expires_at(plan):
        raise PlanUnusable(f"the plan expired at {envelope.expires}; plan again")
    if content.desired_digest != desired_digest(desired):
        raise PlanUnusable("the manifests changed since the plan was made; plan again")


def judge_fresh(
    session: Session,
    plan: Plan,
    desired: DesiredState,
    observation: Observation,
    allowed: Set[GuardName] = frozenset(),
) -> Approved:
    """Judge ``plan``, which was made just now from ``observation``. Raises :class:`Refused`."""
    return _judge(session, plan, desired, observation, (plan.content.actions, ()), allowed)


def judge_saved(
    session: Session,
    plan: Plan,
    desired: DesiredState,
    observation: Observation,
    allowed: Set[GuardName] = frozenset(),
) -> Approved:
    """Judge a saved ``plan`` on the list that the run begins with, under today's configuration.

    What a plan made now would not hold goes stale; the guards judge the rest. Raises
    :class:`Refused`, and ``planning.PlanUnusable`` when its selection names nobody any more.
    """
    try:
        today = preview(session, desired, observation, plan.content.selection).content
    except UnmatchedSelector as error:
        raise PlanUnusable(f"the plan's selection: {error}; plan again") from None
    roster = Roster(observation.state)
    divided = divide(plan.content, today, roster, Protection(session.workspace.protected))
    return _judge(session, plan, desired, observation, divided, allowed)


def _judge(
    session: Session,
    plan: Plan,
    desired: DesiredState,
    observation: Observation,
    divided: tuple[tuple[Action, ...], tuple[Stale, ...]],
    allowed: Set[GuardName],
) -> Approved:
    ready, stale = divided
    evidence = evidence_of(
        desired,
        observation.state,
        session.workspace.limits,
        History(),
        disconnects=sum(1 for action in ready if isinstance(action, Disconnect)),
    )
    verdicts = judge(evidence, allowed)
    if any(verdict.judgement is Judgement.REFUSED for verdict in verdicts):
        raise Refused(plan, verdicts)
    return Approved(plan, observation, ready, stale, verdicts)


def carry_out(
    session: Session,
    approved: Approved,
    journal: Journal,
    settings: ApplySettings,
    on_result: Callable[[ActionResult], None],
) -> RunResult:
    """Do what was approved. Raises ``applying.JournalFailed`` if the run cannot be recorded."""
    assignment = Assignment(
        run=str(uuid.uuid4()),
        plan=approved.plan,
        ready=approved.ready,
        stale=approved.stale,
        observed=approved.observation.state,
        observed_at=approved.observation.asked_at,
        protection=Protection(session.workspace.protected),
    )
    with session.writer() as writer:
        executor = Executor(
            session.reader,
            writer,
            journal,
            clock=session.clock,
            stop=session.stop,
            settings=settings,
            chance=random.Random(),  # noqa: S311 - jitter
        )
        return executor.execute(assignment, on_result)
