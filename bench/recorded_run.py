"""What a run hands its journal when all goes well: every user disconnected by one call."""

import uuid

import reconciler
from bench.leavers import TARGET
from reconciler.domain import COMMAND_LINE, Platform
from reconciler.ledger import Claim
from reconciler.ledger.opening import current_process
from reconciler.planning import Action, FleetSize, Plan
from reconciler.runs import (
    ActionResult,
    Answer,
    Cause,
    Ended,
    Front,
    Intent,
    Outcome,
    ReadBack,
    RunClosed,
    RunOpened,
    RunResult,
    StepKind,
)

AT = "2026-11-01T09:00:00Z"
_ACCEPTED, _DONE = "accepted", Cause.READ_BACK.value

STEPS = (
    {"kind": StepKind.INTENT, "call": 1, "code": None, "no_effect": None},
    {"kind": StepKind.ANSWER, "call": 1, "code": _ACCEPTED, "no_effect": False},
    {"kind": StepKind.READ_BACK, "call": 1, "code": _DONE, "no_effect": None},
)
"""What the rows of an action's steps have of their own, up to its outcome."""


def claim() -> Claim:
    """A new run, of this process."""
    return Claim(
        run=str(uuid.uuid4()),
        front=Front.APPLY,
        workspace=TARGET.workspace,
        base_url=TARGET.base_url,
        owner=COMMAND_LINE,
        who=current_process(),
        opened=AT,
        tool_version=reconciler.__version__,
        commit=None,
    )


def opened(run: str, plan: Plan) -> RunOpened:
    fleet = plan.content.fleet
    size = FleetSize(fleet.declared, fleet.declared)
    nothing = {action.user: frozenset[Platform]() for action in plan.content.actions}
    return RunOpened(run, AT, plan, plan.content.guards, size, nothing)


def intent(run: str, action: Action) -> Intent:
    return Intent(run, AT, action, call=1)


def answer(run: str, action: Action) -> Answer:
    return Answer(run, AT, action, 1, _ACCEPTED, no_effect=False)


def read_back(run: str, action: Action) -> ReadBack:
    return ReadBack(run, AT, action, 1, _DONE)


def outcome(run: str, action: Action) -> Ended:
    return Ended(run, AT, _verified(action))


def closed(run: str, plan: Plan) -> RunClosed:
    content = plan.content
    result = RunResult(
        run=run,
        workspace=content.workspace,
        base_url=content.base_url,
        plan_digest=content.digest(),
        started=AT,
        finished=AT,
        results=tuple(_verified(action) for action in content.actions),
    )
    return RunClosed(run, AT, result)


def _verified(action: Action) -> ActionResult:
    return ActionResult(action, Outcome.VERIFIED, Cause.READ_BACK, calls=1)
