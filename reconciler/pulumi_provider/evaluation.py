"""Evaluates a program's fleets: whether their resources may be registered, and with which plan.

The engine loads, observes, plans and judges each fleet once. An update does this inside a run in
which the provider's process will act. The result is a value, either the approved fleets or a
:class:`Failure`. ``reports`` turns it into what people and pipelines read.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.config import Workspace, load_configuration
from reconciler.domain import (
    Cancellation,
    Declarations,
    DesiredState,
    Diagnostic,
    InvalidInput,
    SystemClock,
)
from reconciler.engine import (
    ActingRun,
    Approved,
    PlanInputs,
    RunOptions,
    Session,
    acting_run,
    apply_settings,
    check_usable,
    close_shared_run,
    compare,
    judge_fresh,
    judge_saved,
    load_declarations,
    narrow,
    observe,
    open_session,
    plan_inputs,
    preview,
    preview_again,
    remember,
    share_run,
)
from reconciler.engine.approval import NEW_LEDGER, OTHER_WORKSPACE, Overrides, in_environment
from reconciler.ledger import LedgerError, read_ledger
from reconciler.notifying import Notifier
from reconciler.planning import Action, Plan, PlanChanges, Target, seal
from reconciler.pulumi_provider.errors import invalid
from reconciler.pulumi_provider.preview_record import PreviewRecord
from reconciler.pulumi_provider.resources import Fleet
from reconciler.reporting import LedgerView
from reconciler.reporting.wording import stacks
from reconciler.runs import Front, RunResult

_CLOCK: Final = SystemClock()
_SENTINELS: Final = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "4dabf18193072939515e22adb298388d",
}
"""Strings that SDK and engine use to mark unknown and special values (``pulumi.runtime.rpc``)."""


@dataclass(frozen=True)
class EvaluationRequest:
    """How to evaluate.

    ``owner`` is the stack that declares the users. ``saved`` is a plan to apply instead of a new
    one. ``previewed`` returns what the preview of this command showed, if there was one.
    ``remark`` is called with a sentence that says what the evaluation waits for.
    """

    owner: str
    saved: Plan | None = None
    overrides: Overrides = field(default_factory=Overrides)
    previewed: Callable[[Target], PreviewRecord | None] = lambda _: None
    remark: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class ApprovedFleet:
    """A fleet whose resources may be registered, with its session and its run.

    ``postponed`` are actions that the preview did not show; they are left for the next update.
    ``run`` is set only in an update, and ``unpreviewed`` says that no preview limits it.
    ``changes`` compares a saved plan with today's. ``open`` closes run and session.
    """

    fleet: Fleet
    session: Session
    desired: DesiredState
    approved: Approved
    ledger: LedgerView
    open: ExitStack
    run: ActingRun | None = None
    changes: PlanChanges | None = None
    postponed: tuple[Action, ...] = ()
    unpreviewed: bool = False
    notifier: Notifier | None = None

    def share_run(self) -> None:
        """Let the provider's process act on what was approved."""
        if self.run is not None:
            share_run(self.run, self.approved)

    def close_run(self) -> RunResult | None:
        """Close the run. Returns how each action ended, None outside of an update."""
        return None if self.run is None else close_shared_run(self.run, self.approved)

    def abandon(self) -> None:
        """End the run without doing anything more in it."""
        with suppress(_Abandoned):
            self.open.__exit__(_Abandoned, _Abandoned("another part of the program failed"), None)


@dataclass(frozen=True)
class Failure:
    """Why nothing may be registered: ``error``, in one ``fleet`` or (None) in the whole program.

    ``ledger`` is what was read from the ledger, ``notifier`` who is notified, and ``run`` the run
    that was refused, if the evaluation came that far.
    """

    error: Exception
    fleet: Fleet | None = None
    workspace: Workspace | None = None
    ledger: LedgerView | None = None
    notifier: Notifier | None = None
    run: str | None = None


class _Abandoned(Exception):
    """Ends the run of a fleet that was abandoned, and is recorded as its reason."""


def evaluate(
    fleets: Sequence[Fleet], request: EvaluationRequest, *, update: bool
) -> tuple[ApprovedFleet, ...] | Failure:
    """Evaluate all ``fleets`` of the program. The first failure abandons all of them."""
    workspaces = []
    for fleet in fleets:
        try:
            configuration = load_configuration(Path.cwd() / fleet.configuration)
            workspaces.append(configuration.workspace(fleet.workspace))
        except Exception as error:  # noqa: BLE001 - returned as a value
            return Failure(error, fleet)
    try:
        if not request.overrides.other_workspace:
            check_workspaces(workspaces, request.owner)
    except Exception as error:  # noqa: BLE001
        return Failure(error)
    approved: list[ApprovedFleet] = []
    try:
        failure = _evaluate_each(
            zip(fleets, workspaces, strict=True), request, approved, update=update
        )
    except BaseException:
        abandon(approved)
        raise
    if failure is None:
        return tuple(approved)
    abandon(approved)
    return failure


def abandon(fleets: Iterable[ApprovedFleet]) -> None:
    """End the runs of ``fleets``."""
    for fleet in fleets:
        fleet.abandon()


def _evaluate_each(
    fleets: Iterable[tuple[Fleet, Workspace]],
    request: EvaluationRequest,
    approved: list[ApprovedFleet],
    *,
    update: bool,
) -> Failure | None:
    """Add each approved fleet, with its open run, to ``approved``, until the first failure."""
    for fleet, workspace in fleets:
        evaluated = _evaluate(fleet, workspace, request, update=update)
        if isinstance(evaluated, Failure):
            return evaluated
        approved.append(evaluated)
    problems = _declared_twice(approved) or _not_for_pulumi(approved)
    return Failure(InvalidInput(*problems)) if problems else None


def _evaluate(
    fleet: Fleet, workspace: Workspace, request: EvaluationRequest, *, update: bool
) -> ApprovedFleet | Failure:
    ledger, notifier, run = None, None, None
    saved = request.saved
    try:
        with ExitStack() as stack:
            cancellation = Cancellation(_CLOCK.monotonic)
            opening = open_session(workspace, os.environ, clock=_CLOCK, cancellation=cancellation)
            session = stack.enter_context(opening)
            declarations = load_declarations(workspace, session.inputs, telemetry=session.telemetry)
            notifier = session.notifier(os.environ) if update else None
            run = stack.enter_context(_run(session, declarations, request)) if update else None
            if saved is not None:
                used_by = run.journal.used_by(seal(saved)) if run else _used_by(workspace, saved)
                check_usable(session, saved, declarations, used_by=used_by)
            observation = observe(session)
            if run is not None:
                observation = run.recover_calls(observation, request.remark)
                history, ledger = run.history(declarations), run.ledger_view
            else:
                address = session.endpoint.address
                found = remember(workspace, address, request.owner, declarations=declarations)
                history, ledger = found.history, found.ledger
            inputs = plan_inputs(session, declarations, observation, history)
            changes, record = None, None
            postponed: tuple[Action, ...] = ()
            if saved is not None:
                approved, changes = _judge_saved(session, request, inputs, saved)
            else:
                record = request.previewed(session.target) if update else None
                approved, postponed = _judge_today(session, request, inputs, record)
            return ApprovedFleet(
                fleet,
                session,
                inputs.desired,
                approved,
                ledger,
                stack.pop_all(),
                run,
                changes,
                postponed,
                unpreviewed=update and saved is None and record is None,
                notifier=notifier,
            )
    except Exception as error:  # noqa: BLE001 - returned as a value
        refused = None if run is None else run.journal.id
        return Failure(error, fleet, workspace, ledger, notifier, refused)


def _run(
    session: Session, declarations: Declarations, request: EvaluationRequest
) -> AbstractContextManager[ActingRun]:
    """The run of this update."""
    options = RunOptions(
        Front.PULUMI,
        apply_settings(session.workspace),
        request.owner,
        new_ledger=request.overrides.new_ledger,
        new_ledger_by=in_environment(NEW_LEDGER),
    )
    return acting_run(session, declarations, options)


def _used_by(workspace: Workspace, saved: Plan) -> str | None:
    """The run that used the plan, as far as a preview can know; the update checks again."""
    try:
        with read_ledger(workspace.ledger) as ledger:
            return ledger.used_by(seal(saved))
    except LedgerError:
        return None


def _judge_saved(
    session: Session, request: EvaluationRequest, inputs: PlanInputs, saved: Plan
) -> tuple[Approved, PlanChanges]:
    today = preview_again(session, saved, inputs)
    comparison = compare(session, saved, today.content, inputs.observation)
    approved = judge_saved(session, comparison, inputs, request.overrides.guards)
    return approved, comparison.changes


def _judge_today(
    session: Session,
    request: EvaluationRequest,
    inputs: PlanInputs,
    record: PreviewRecord | None,
) -> tuple[Approved, tuple[Action, ...]]:
    """Today's plan, limited to what the preview showed, and the actions that it did not show."""
    today = preview(session, inputs)
    allowed = request.overrides.guards
    if record is None:
        return judge_fresh(today, inputs, allowed), ()
    postponed = tuple(action for action in today.content.actions if not record.holds(action))
    plan = narrow(session, today, inputs, record.holds) if postponed else today
    comparison = compare(session, plan, today.content, inputs.observation)
    return judge_saved(session, comparison, inputs, allowed), postponed


def _declared_twice(fleets: Iterable[ApprovedFleet]) -> list[Diagnostic]:
    """The users that two fleets of one API declare."""
    seen: dict[tuple[str, str], str] = {}
    twice = []
    for approved in fleets:
        for user in approved.desired.users.values():
            place = f"{user.place} (workspace {approved.fleet.workspace})"
            first = seen.setdefault((approved.session.endpoint.address, user.id), place)
            if first != place:
                twice.append(Diagnostic(None, stacks.declared_twice(user.id, first, place)))
    return twice


def _not_for_pulumi(fleets: Iterable[ApprovedFleet]) -> list[Diagnostic]:
    """The users whose id Pulumi would show or record wrongly."""
    return [
        Diagnostic(user.place, stacks.not_for_pulumi(user.id))
        for approved in fleets
        for user in approved.desired.users.values()
        if stacks.MARKUP in user.id or user.id in _SENTINELS
    ]


def check_workspaces(workspaces: Sequence[Workspace], owner: str) -> None:
    """Refuse a stack ``owner`` that declares other workspaces and none of its own any more.

    Raises ``InvalidInput``.
    """
    before: frozenset[str] = frozenset()
    for place in {workspace.ledger for workspace in workspaces}:
        try:
            with read_ledger(place) as ledger:
                before |= ledger.workspaces_of(owner)
        except LedgerError:
            continue
    now = frozenset(workspace.name for workspace in workspaces)
    if before and not before & now:
        raise invalid(stacks.other_workspace(owner, before, now, in_environment(OTHER_WORKSPACE)))
