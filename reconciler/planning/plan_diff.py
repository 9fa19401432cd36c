"""What changed between a saved plan and the plan that would be made now."""

from msgspec import Struct

from reconciler.planning.action import Action
from reconciler.planning.plan import Content, FleetCounts, GuardName, HeldAction, Judgement, Pending
from reconciler.planning.protection import Protection
from reconciler.planning.staleness import Stale, divide, identity
from reconciler.planning.user_index import UserIndex


class GuardChange(Struct, frozen=True):
    """A guard that judges otherwise now; None where it did not judge."""

    guard: GuardName
    then: Judgement | None
    now: Judgement | None


class PlanChanges(Struct, frozen=True):
    """A saved plan held against the plan made now, with the same selection.

    ``manifests`` and ``configuration`` say whether what is desired, and what is configured (limits,
    protected), moved. ``kept`` counts the actions of both, ``added`` are only in today's, ``gone``
    only in the saved one, with what they stumbled over. ``pending`` and ``blocked`` are those that
    today's plan has and the saved one had not: who has to connect and why, and which call is
    kept back by what, whatever is written beside that for the reader.
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
        """Whether applying the saved plan would do what a plan made now would."""
        return not (
            self.manifests
            or self.configuration
            or self.added
            or self.gone
            or self.pending
            or self.blocked
            or self.guards
        )


def changes_since(
    saved: Content, today: Content, roster: UserIndex, protection: Protection
) -> PlanChanges:
    """What is different in ``today`` from ``saved``; ``roster`` is of today's list.

    Nothing here is done, so it is no matter that ``saved`` may have been forged.
    """
    kept, gone = divide(saved, today, roster, protection)
    calls = {identity(action) for action in saved.actions}
    waiting = {_waiting(pending) for pending in saved.pending}
    held = {_held(blocked) for blocked in saved.blocked}
    return PlanChanges(
        manifests=saved.desired_digest != today.desired_digest,
        configuration=saved.configuration != today.configuration,
        then=saved.fleet,
        now=today.fleet,
        kept=len(kept),
        added=tuple(action for action in today.actions if identity(action) not in calls),
        gone=gone,
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
