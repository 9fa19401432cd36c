"""A saved plan against the plan of today: what may still be done, what is stale, what changed.

One rule: an action is done only if today's plan, made from the same manifests and today's list and
configuration, has the same action. Any other action is stale, with a reason.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field, structs

from reconciler.domain import Connection
from reconciler.planning.action import Action, Disconnect, UnknownConnection
from reconciler.planning.guards import Evidence, judge
from reconciler.planning.plan import Content, FleetCounts, GuardName, HeldAction, Judgement, Pending
from reconciler.planning.preconditions import PreconditionResult, check_listed_preconditions
from reconciler.planning.protection import Protection
from reconciler.planning.user_index import UserIndex


class Stale(Struct, frozen=True):
    """A planned action that is no longer done, and the precondition that fails."""

    action: Action
    result: PreconditionResult = field(name="standing")


def divide(
    saved: Content,
    today: Content,
    user_index: UserIndex,
    protection: Protection,
    disconnected: Mapping[str, Sequence[Connection]] = {},
) -> tuple[tuple[Action, ...], tuple[Stale, ...]]:
    """The actions of ``saved`` that ``today``'s plan has too, and the stale ones.

    ``disconnected`` has, by the id of the calendar user, what a run of ``saved`` disconnected.
    """
    planned_today = {identity(action) for action in today.actions}
    ready = tuple(action for action in saved.actions if identity(action) in planned_today)
    stale = tuple(
        Stale(
            action,
            _why(action, user_index, protection, disconnected.get(action.recall_id, ())),
        )
        for action in saved.actions
        if identity(action) not in planned_today
    )
    return ready, stale


def identity(action: Action | UnknownConnection) -> object:
    """A value that is equal for two actions that are the same call on the same state, asked for by
    the same rules."""
    if isinstance(action, UnknownConnection):
        return action.user, action.recall_id, action.platform, action.connection_id
    if isinstance(action, Disconnect):
        return (
            action.workspace,
            action.user,
            action.recall_id,
            action.platform,
            action.connection_id,
            action.requires_connected,
            action.rules or (),
        )
    return (
        action.workspace,
        action.user,
        action.recall_id,
        action.preferences,
        action.seen,
        action.rules or (),
    )


def _why(
    action: Action,
    user_index: UserIndex,
    protection: Protection,
    disconnected: Sequence[Connection],
) -> PreconditionResult:
    rows = user_index.rows(action.user)
    result = check_listed_preconditions(action, rows, protection, disconnected)
    return PreconditionResult.NOT_PLANNED_ANY_MORE if result is PreconditionResult.READY else result


def narrowed(content: Content, keep: Callable[[Action], bool], evidence: Evidence) -> Content:
    """``content`` with the actions that ``keep`` accepts; the guards judge that many disconnects.

    The other actions count as deselected.
    """
    actions = tuple(action for action in content.actions if keep(action))
    disconnects = sum(1 for action in actions if isinstance(action, Disconnect))
    return structs.replace(
        content,
        actions=actions,
        deselected=content.deselected + len(content.actions) - len(actions),
        guards=judge(structs.replace(evidence, disconnects=disconnects)),
    )


class GuardChange(Struct, frozen=True):
    """A guard whose judgement changed; None where the plan has no verdict of it."""

    guard: GuardName
    then: Judgement | None
    now: Judgement | None


class PlanChanges(Struct, frozen=True):
    """The differences between a saved plan and today's plan with the same selection.

    ``manifests`` and ``configuration`` say whether the desired state and the configuration (limits,
    protected) changed. ``kept`` counts the actions in both plans; ``added`` are only in today's,
    ``gone`` only in the saved one, with the precondition that fails. ``pending`` and ``blocked``
    are new in today's plan. They count as new when the user, the platform, the call or the reason
    differs, not when only e-mails or notes do.
    """

    manifests: bool
    configuration: bool
    then: FleetCounts
    now: FleetCounts
    kept: int
    added: tuple[Action, ...]
    gone: tuple[Stale, ...]
    pending: tuple[Pending, ...]
    blocked: tuple[HeldAction, ...]
    guards: tuple[GuardChange, ...]

    @property
    def nothing(self) -> bool:
        """Whether applying the saved plan would do the same as today's plan."""
        return not (
            self.manifests
            or self.configuration
            or self.added
            or self.gone
            or self.pending
            or self.blocked
            or self.guards
        )


def changes_since(saved: Content, today: Content, stale: tuple[Stale, ...]) -> PlanChanges:
    """The differences of ``today`` from ``saved``, whose actions ``stale`` today's plan has not.

    Nothing is done here, so a forged ``saved`` does no harm.
    """
    calls = {identity(action) for action in saved.actions}
    waiting = {_waiting(pending) for pending in saved.pending}
    held = {_held(blocked) for blocked in saved.blocked}
    return PlanChanges(
        manifests=saved.desired_digest != today.desired_digest,
        configuration=saved.configuration != today.configuration,
        then=saved.fleet,
        now=today.fleet,
        kept=len(saved.actions) - len(stale),
        added=tuple(action for action in today.actions if identity(action) not in calls),
        gone=stale,
        pending=tuple(pending for pending in today.pending if _waiting(pending) not in waiting),
        blocked=tuple(blocked for blocked in today.blocked if _held(blocked) not in held),
        guards=_guard_changes(saved, today),
    )


def _waiting(pending: Pending) -> object:
    return pending.user, pending.platform, pending.reason


def _held(blocked: HeldAction) -> object:
    return identity(blocked.action), blocked.holds, blocked.cause


def _guard_changes(saved: Content, today: Content) -> tuple[GuardChange, ...]:
    then = {verdict.guard: verdict.judgement for verdict in saved.guards}
    now = {verdict.guard: verdict.judgement for verdict in today.guards}
    return tuple(
        GuardChange(guard, then.get(guard), now.get(guard))
        for guard in GuardName
        if then.get(guard) is not now.get(guard)
    )
