"""What a journal that lasts can tell of its runs: plain data for reports, settling, resuming."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from reconciler.planning import Action, FleetSize, Plan, Verdict
from reconciler.runs.journal import NOT_SENT
from reconciler.runs.outcome import ActionResult, Outcome


class Front(StrEnum):
    """What opened a run."""

    APPLY = "apply"
    RESUME = "resume"
    PULUMI = "pulumi"


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    COMPLETED = "completed"  # it acted, or had nothing to do; its outcomes say how that went
    REFUSED = "refused"  # by a guard, or because the saved plan was unusable
    DECLINED = "declined"  # the operator was asked and did not say yes
    STOPPED = "stopped"  # an error or a signal ended it before it acted
    DIED = "died"  # its process ended, or went silent, without closing it


class Who(Struct, frozen=True):
    """Who runs it, where. ``machine`` tells one boot of one machine (and its space of process
    ids) from another; None where that cannot be told."""

    user: str
    host: str
    pid: int
    machine: str | None


class RunSummary(Struct, frozen=True):
    """One run in a line.

    Times are RFC 3339 in UTC. ``owner`` is on whose behalf it acts, None where an earlier version
    ran. ``outcomes`` counts the actions that have each outcome so far, ``in_doubt`` those whose
    call may have been sent and has no outcome. ``halted`` is the ``HaltCause`` of a run that
    stopped early, ``detail`` a sentence on why it ended as it did.
    """

    run: str
    front: Front
    workspace: str
    base_url: str
    owner: str | None
    state: RunState
    opened: str
    ended: str | None
    who: Who
    commit: str | None
    tool_version: str
    plan_digest: str | None
    actions: int
    outcomes: Mapping[Outcome, int]
    in_doubt: int
    calls: int
    resumes: str | None
    resumed_by: str | None
    halted: str | None
    detail: str | None

    @property
    def unattempted(self) -> int:
        """Actions that were never begun, as far as is recorded."""
        ended = sum(n for outcome, n in self.outcomes.items() if outcome != Outcome.NOT_ATTEMPTED)
        return max(0, self.actions - ended - self.in_doubt)


class StepKind(StrEnum):
    """What was taken down of an action."""

    INTENT = "intent"
    ANSWER = "answer"
    READ_BACK = "read_back"
    OUTCOME = "outcome"


class Step(Struct, frozen=True):
    """One record of an action.

    ``code`` is the answer, the reading or the outcome's cause; ``outcome`` is set for an outcome
    alone. ``by`` names the later run that settled it, None where its own run wrote it.
    """

    at: str
    kind: StepKind
    call: int | None
    code: str | None
    no_effect: bool | None
    outcome: Outcome | None
    detail: str | None
    by: str | None


class ActionHistory(Struct, frozen=True):
    """A planned action with everything recorded of it; ``result`` is its last outcome, if any."""

    action: Action
    result: ActionResult | None
    steps: tuple[Step, ...]

    @property
    def begun(self) -> bool:
        """Whether a call may have been sent that is not proven to have done nothing."""
        return bool(self._calls_but_for(no_effect=True))

    @property
    def calls(self) -> int:
        """How many calls may have been sent: those intended, but for what was taken back."""
        return len(self._calls_but_for(no_effect=False))

    def _calls_but_for(self, *, no_effect: bool) -> set[int | None]:
        """The calls intended without those taken back, and without those of ``no_effect``."""
        calls: set[int | None] = set()
        for step in self.steps:
            if step.kind is StepKind.INTENT:
                calls.add(step.call)
            elif step.kind is StepKind.ANSWER and (
                step.code == NOT_SENT or (no_effect and step.no_effect)
            ):
                calls.discard(step.call)
        return calls


class RunHistory(Struct, frozen=True):
    """All that is recorded of one run; no plan where it ended before it had one.

    ``verdicts`` are those it was judged with, ``fleet`` what it saw, ``accepted`` whether that
    became what later runs are measured against.
    """

    summary: RunSummary
    plan: Plan | None
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize | None
    accepted: bool
    actions: tuple[ActionHistory, ...]


class InDoubt(Struct, frozen=True):
    """A call of a dead run that may have been sent, and of which no outcome is recorded.

    ``call`` is its number, ``at`` when it was intended; ``answer`` is what came back (as in
    ``journal.Answer``), None where nothing is recorded.
    """

    run: str
    action: Action
    call: int
    at: str
    answer: str | None


class Settled(Struct, frozen=True):
    """How what a dead run left in doubt turned out: ``run`` is the dead run's."""

    run: str
    result: ActionResult


class Holder(Struct, frozen=True):
    """Who holds the lock of a workspace.

    ``since`` and ``heartbeat`` are RFC 3339 by the ledger's clock; ``age`` the seconds since the
    last heartbeat by that clock. ``dead`` says that its process is known to have ended, or that
    its heartbeat is overdue.
    """

    workspace: str
    run: str
    who: Who
    since: str
    heartbeat: str
    age: float
    dead: bool
