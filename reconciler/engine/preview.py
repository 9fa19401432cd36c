"""Load → observe → plan: the half that every command shares and that cannot change anything.

:func:`remember` reads the ledger for it. It never writes the ledger, or fails because of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import UNSET, Struct

import reconciler
from reconciler.config import Workspace
from reconciler.domain import (
    NO_TELEMETRY,
    Connection,
    Declarations,
    DesiredState,
    Observation,
    ObservedState,
    Phase,
    Telemetry,
    rfc3339,
)
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.engine.session import Session, protection_of
from reconciler.ledger import LedgerError, LedgerMissing, read_ledger
from reconciler.manifest import load_manifests
from reconciler.planning import (
    Content,
    Envelope,
    History,
    Plan,
    UserLabels,
    desired_state,
    make_plan,
    seal,
    users_to_look_up,
)
from reconciler.reporting import LedgerAccess, LedgerView


class IncompleteList(Exception):
    """The list could not be read whole, and what was asked for cannot be done with a part."""


def require_complete(observed: ObservedState) -> None:
    """Raise :class:`IncompleteList` unless ``observed`` is a whole list."""
    if not observed.complete:
        raise IncompleteList("; ".join(observed.problems))


def load_declarations(
    workspace: Workspace,
    inputs: ConfiguredInputs,
    on_progress: Callable[[int], None] | None = None,
    traced: str | None = None,
    telemetry: Telemetry = NO_TELEMETRY,
) -> Declarations:
    """What the manifests of ``workspace`` declare, with the rows that its ``inputs`` give.

    The layers of the user ``traced`` are recorded. Raises ``domain.InvalidInput``, and
    ``Cancelled`` while an input is read.
    """
    with telemetry.phase(Phase.LOAD):
        return load_manifests(
            workspace.manifests,
            on_progress=on_progress,
            zone=workspace.time_zone,
            inputs=inputs,
            traced=traced,
        )


def observe(session: Session, on_progress: Callable[[int], None] | None = None) -> Observation:
    """One list call. Raises ``recall.RecallError`` if it says nothing about the fleet."""
    requested_at = session.clock.monotonic()
    with session.telemetry.phase(Phase.OBSERVE):
        state = session.reader.list_users(session.deadline(), on_progress)
    return Observation(state, requested_at)


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from and judged by, besides the configuration; ``at`` is the moment for
    which ``desired`` is."""

    desired: DesiredState
    observation: Observation
    history: History
    at: datetime


def plan_inputs(
    session: Session,
    declarations: Declarations,
    observation: Observation,
    history: History,
    disconnected: Mapping[str, Sequence[Connection]] = {},
) -> PlanInputs:
    """What ``declarations`` ask for now, of the users of ``observation``.

    ``disconnected`` has, by the id of the calendar user, what the run to go on with disconnected.
    """
    at = session.clock.now()
    desired = desired_state(declarations, observation.state, at, disconnected)
    return PlanInputs(desired, observation, history, at)


def preview(
    session: Session,
    inputs: PlanInputs,
    selectors: Sequence[str] | None = None,
    exclusion: Sequence[str] | None = None,
) -> Plan:
    """The plan that turns what was observed into what is desired, judged by the guards.

    Raises ``planning.UnmatchedSelector``.
    """
    content = judged_content(session, inputs, selectors, exclusion)
    return Plan(content, _envelope(session, inputs.desired, content))


def judged_content(
    session: Session,
    inputs: PlanInputs,
    selectors: Sequence[str] | None = None,
    exclusion: Sequence[str] | None = None,
) -> Content:
    """The content of the plan that :func:`preview` makes, for callers that keep no plan."""
    workspace = session.workspace
    with session.telemetry.phase(Phase.PLAN):
        return make_plan(
            session.target,
            inputs.desired,
            inputs.observation.state,
            limits=workspace.limits,
            protection=protection_of(workspace),
            selectors=selectors,
            exclusion=exclusion,
            history=inputs.history,
        )


def _envelope(session: Session, desired: DesiredState, content: Content) -> Envelope:
    made = session.clock.now()
    lifetime = timedelta(hours=session.workspace.timeouts.plan_expiry)
    named = (
        {action.user for action in content.actions}
        | {pending.user for pending in content.pending}
        | {blocked.action.user for blocked in content.blocked}
        | {undetermined.user for undetermined in content.undetermined}
        | {contested.user for contested in content.contested or ()}
    )
    return Envelope(
        made=rfc3339(made),
        expires=rfc3339(made + lifetime),
        commit=session.commit(desired.declarations).name,
        tool_version=reconciler.__version__,
        key_fingerprint=session.endpoint.fingerprint(),
        sources={user: str(desired.users[user].place) for user in sorted(named)},
        labels=_labels(desired, sorted(named)) or UNSET,
    )


def _labels(desired: DesiredState, names: Iterable[str]) -> dict[str, UserLabels]:
    found = {}
    for name in names:
        user = desired.users[name]
        if user.group is not None or user.source is not None or user.rules:
            found[name] = UserLabels(
                user.group or UNSET,
                user.source or UNSET,
                tuple(rule.name for rule in user.rules) or UNSET,
            )
    return found


class WorkspaceHistory(Struct, frozen=True):
    """The history that guards judge by, and what to say about its ledger."""

    history: History
    ledger: LedgerView


def remember(
    workspace: Workspace,
    address: str,
    owner: str | None,
    saved: Plan | None = None,
    *,
    declarations: Declarations | None = None,
) -> WorkspaceHistory:
    """What the ledger knows of ``workspace`` at ``address``, for ``owner``.

    Without a ledger, or with one that cannot be read, the guards that need history are skipped.
    ``saved`` is a plan that is looked at: was it used? ``declarations`` are what would be planned
    for.
    """
    asked = users_to_look_up(declarations) if declarations else frozenset()
    place = str(workspace.ledger)
    try:
        with read_ledger(workspace.ledger) as ledger:
            history = ledger.history(workspace.name, address, owner, asked)
            view = LedgerView(
                place,
                LedgerAccess.READ,
                dead=ledger.dead_runs(workspace.name),
                used_by=ledger.used_by(seal(saved)) if saved else None,
            )
    except LedgerMissing:
        return WorkspaceHistory(History(), LedgerView(place, LedgerAccess.NONE))
    except LedgerError as error:
        return WorkspaceHistory(History(), unreadable(place, error))
    return WorkspaceHistory(history, view)


def unreadable(place: str, error: LedgerError) -> LedgerView:
    """That the ledger at ``place`` cannot be read."""
    detail = f"{error} ({error.hint})" if error.hint else str(error)
    return LedgerView(place, LedgerAccess.UNREADABLE, detail)
