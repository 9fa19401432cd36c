"""Approve → apply → verify: the half that can change something, in the order in which it is done.

A run is *judged* here on the list that it begins with; only an :class:`Approved` can be carried
out, and only the two judging functions make one.

A plan made now, held to a part of what it would do.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Final

from msgspec import structs

from reconciler.applying import ApplySettings, Approved, apply_plan
from reconciler.domain import DesiredState, Observation
from reconciler.engine.commit import DIRTY, Commit
from reconciler.engine.session import Session, protection_of
from reconciler.planning import (
    Action,
    Content,
    Disconnect,
    FleetSize,
    GuardName,
    History,
    Judgement,
    Plan,
    PlanUnusable,
    Stale,
    UserIndex,
    Verdict,
    desired_digest,
    divide,
    evidence_of,
    expires_at,
    judge,
    narrowed,
)
from reconciler.runs import ActionResult, HaltCause, Journal, RunResult

_LONGEST: Final = 200
"""Characters of a plan file that a message repeats."""


class Refused(Exception):
    """A guard refuses the run; nothing was done. ``verdicts`` and ``fleet`` are of today's list."""

    def __init__(self, plan: Plan, verdicts: tuple[Verdict, ...], fleet: FleetSize) -> None:
        super().__init__(", ".join(v.guard for v in verdicts if v.judgement is Judgement.REFUSED))
        self.plan = plan
        self.verdicts = verdicts
        self.fleet = fleet

    @property
    def incomplete(self) -> bool:
        """Whether the observation is incomplete, which no operator can allow."""
        return any(
            v.guard is GuardName.COMPLETE_OBSERVATION and v.judgement is Judgement.REFUSED
            for v in self.verdicts
        )


class ManifestsMoved(PlanUnusable):
    """The manifests are not those that the plan was made from."""


def check_usable(
    session: Session,
    plan: Plan,
    desired: DesiredState,
    *,
    used_by: str | None = None,
    same_commit: bool = False,
) -> None:
    """Whether a saved plan is for this workspace, API, key, these manifests and this hour.

    ``used_by`` is the run that used it already; ``same_commit`` asks for the git commit that it
    was made at, too. Raises ``planning.PlanUnusable`` with the first reason why not.
    """
    check_place(session, plan)
    content, envelope = plan.content, plan.envelope
    if envelope.key_fingerprint != session.endpoint.fingerprint():
        raise PlanUnusable("the plan was made with another API key; plan again")
    if used_by is not None:
        raise PlanUnusable(
            f"run {used_by} already applied this plan (`reconciler runs {used_by}`); plan again"
        )
    if session.clock.now() >= expires_at(plan):
        raise PlanUnusable(f"the plan expired at {envelope.expires}; plan again")
    if content.desired_digest != desired_digest(desired):
        raise ManifestsMoved("the manifests changed since the plan was made; plan again")
    if same_commit:
        _check_commit(envelope.commit, session.commit(desired))


def check_place(session: Session, plan: Plan) -> None:
    """Whether ``plan`` is for this workspace and API. Raises ``planning.PlanUnusable``."""
    content = plan.content
    if content.workspace != session.workspace.name:
        raise PlanUnusable(
            f"the plan was made for workspace {_shown(content.workspace)!r},"
            f" this is {session.workspace.name!r}; name the workspace with --workspace"
        )
    if content.base_url != session.endpoint.address:
        raise PlanUnusable(
            f"the plan was made for {_shown(content.base_url)},"
            f" the workspace is at {session.endpoint.address} now; plan again"
        )


def _shown(text: str) -> str:
    """``text`` of a plan file, which can be of any length, as a message may repeat it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _check_commit(then: str | None, now: Commit) -> None:
    if then is None:
        raise PlanUnusable("--same-commit: the plan names no git commit; plan again, within git")
    if now.name is None:
        raise PlanUnusable(f"--same-commit: the git commit cannot be determined: {now.problem}")
    if then.endswith(DIRTY):
        raise PlanUnusable(
            "--same-commit: the manifests had uncommitted changes when the plan was made; commit"
            " them and plan again"
        )
    if now.problem is not None:
        raise PlanUnusable(f"--same-commit: the manifests have uncommitted changes: {now.problem}")
    if then != now.name:
        made = _shown(then)
        raise PlanUnusable(f"the plan was made at commit {made}, this is {now.name}; plan again")


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is judged by, beside the configuration."""

    desired: DesiredState
    observation: Observation
    history: History


def judge_fresh(
    session: Session,
    plan: Plan,
    circumstances: PlanInputs,
    allowed: Set[GuardName] = frozenset(),
) -> Approved:
    """Judge ``plan``, which was made just now. Raises :class:`Refused`."""
    return _judge(session, plan, circumstances, (plan.content.actions, ()), allowed)


def judge_saved(
    session: Session,
    plan: Plan,
    today: Content,
    circumstances: PlanInputs,
    allowed: Set[GuardName] = frozenset(),
    *,
    carried: tuple[ActionResult, ...] = (),
) -> Approved:
    """Judge a saved ``plan`` under the circumstances in which a plan of ``today`` was made.

    What that one would not hold goes stale; the guards judge the rest. Of a plan that is
    resumed the actions with a ``carried`` result are left as they are. Raises :class:`Refused`.
    """
    done = {result.action.key for result in carried}
    left = tuple(action for action in plan.content.actions if action.key not in done)
    divided = divide(
        structs.replace(plan.content, actions=left),
        today,
        UserIndex(circumstances.observation.state),
        protection_of(session.workspace),
    )
    approved = _judge(session, plan, circumstances, divided, allowed)
    return replace(approved, carried=carried)


def _judge(
    session: Session,
    plan: Plan,
    circumstances: PlanInputs,
    divided: tuple[tuple[Action, ...], tuple[Stale, ...]],
    allowed: Set[GuardName],
) -> Approved:
    ready, stale = divided
    evidence = evidence_of(
        circumstances.desired,
        circumstances.observation.state,
        session.workspace.limits,
        circumstances.history,
        disconnects=sum(1 for action in ready if isinstance(action, Disconnect)),
    )
    verdicts = judge(evidence, allowed)
    fleet = FleetSize(evidence.declared, evidence.observed)
    if any(verdict.judgement is Judgement.REFUSED for verdict in verdicts):
        raise Refused(plan, verdicts, fleet)
    declared = circumstances.desired.platforms
    listed = {user.external_id for user in circumstances.observation.state.users}
    seen = frozenset(name for name in circumstances.desired.users if name in listed)
    return Approved(
        plan,
        circumstances.observation,
        ready,
        stale,
        verdicts,
        fleet,
        declared,
        seen,
    )


def carry_out(
    session: Session,
    run: str,
    approved: Approved,
    journal: Journal,
    settings: ApplySettings,
    on_result: Callable[[ActionResult], None],
    on_halt: Callable[[HaltCause, str | None], None] | None = None,
) -> RunResult:
    """Do what was approved.

    ``on_result`` gets each result as it comes, ``on_halt`` the cause for which nothing new is
    started, with a detail; both from any thread. Raises ``runs.JournalFailed`` if the run cannot
    be recorded.
    """
    with session.writer() as writer:
        context = session.run_context(
            run, journal, writer, approved.observation, settings, on_result
        )
        breaker = context.circuit_breaker

        def halted() -> None:
            if on_halt is not None and breaker.cause is not None:
                on_halt(breaker.cause, breaker.detail)

        with breaker.calling(halted):
            return apply_plan(approved, context, journal)


def narrow(
    session: Session, plan: Plan, circumstances: PlanInputs, keep: Callable[[Action], bool]
) -> Plan:
    """``plan`` with the actions that ``keep`` takes; its guards judge those alone."""
    evidence = evidence_of(
        circumstances.desired,
        circumstances.observation.state,
        session.workspace.limits,
        circumstances.history,
        disconnects=0,
    )
    return structs.replace(plan, content=narrowed(plan.content, keep, evidence))
