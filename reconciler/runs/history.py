"""The history of runs as plain data, for reports, recovery and resuming."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from reconciler.domain import Connection, Platform
from reconciler.planning import Action, Disconnect, FleetSize, Plan, Verdict
from reconciler.runs.journal import NOT_SENT, ActionResult, Outcome


class Front(StrEnum):
    """What opened a run."""

    APPLY = "apply"
    RESUME = "resume"
    PULUMI = "pulumi"


class RunState(StrEnum):
    """The state of a run."""

    RUNNING = "running"
    COMPLETED = "completed"  # it acted, or had nothing to do; its outcomes say how it went
    REFUSED = "refused"  # a guard refused it, or the saved plan was unusable
    DECLINED = "declined"  # the operator did not answer yes
    STOPPED = "stopped"  # an error or a signal ended it before it acted
    DIED = "died"  # its process ended, or fell silent, without closing it


class Who(Struct, frozen=True):
    """The process of a run, and its user. ``machine`` identifies one boot of one machine with its
    namespace of process ids; None if that is unknown."""

    user: str
    host: str
    pid: int
    machine: str | None


class RunSummary(Struct, frozen=True):
    """One run in a line.

    Times are RFC 3339 in UTC. ``owner`` is the owner that it acts for; None for runs of an early
    version. ``outcomes`` counts the actions with each outcome so far, ``in_doubt`` the actions with
    a call that may have been sent and has no outcome. ``halted`` is the ``HaltCause`` of a run that
    stopped early; ``detail`` is a sentence about why it ended.
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
        """The number of actions that were never begun, as far as is recorded."""
        ended = sum(n for outcome, n in self.outcomes.items() if outcome != Outcome.NOT_ATTEMPTED)
        return max(0, self.actions - ended - self.in_doubt)


class StepKind(StrEnum):
    """The kind of a record about an action."""

    INTENT = "intent"
    ANSWER = "answer"
    READ_BACK = "read_back"
    OUTCOME = "outcome"


class Step(Struct, frozen=True):
    """One record of an action.

    ``code`` is the answer, the reading or the cause of the outcome. Only an outcome has
    ``outcome``. ``by`` names the later run that wrote the record; None if its own run did.
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
    """A planned action with all its records; ``result`` is its last outcome, if any."""

    action: Action
    result: ActionResult | None
    steps: tuple[Step, ...]

    @property
    def begun(self) -> bool:
        """Whether a call may have been sent that may have had an effect."""
        return bool(self._calls(except_without_effect=True))

    @property
    def calls(self) -> int:
        """How many calls may have been sent: the intents that were not withdrawn."""
        return len(self._calls(except_without_effect=False))

    def _calls(self, *, except_without_effect: bool) -> set[int | None]:
        """The intended calls without the withdrawn ones and, if asked, those without effect."""
        calls: set[int | None] = set()
        for step in self.steps:
            if step.kind is StepKind.INTENT:
                calls.add(step.call)
            elif step.kind is StepKind.ANSWER and (
                step.code == NOT_SENT or (except_without_effect and step.no_effect)
            ):
                calls.discard(step.call)
        return calls


class RunHistory(Struct, frozen=True):
    """All records of one run; ``plan`` is None if it ended before it had one.

    ``verdicts`` are those of its guards, ``fleet`` is the fleet that it saw. ``accepted`` says
    whether later runs compare their fleet with this one.
    """

    summary: RunSummary
    plan: Plan | None
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize | None
    accepted: bool
    actions: tuple[ActionHistory, ...]


PendingKey: TypeAlias = tuple[str, Platform]
"""Who has to connect what: the external id and the platform."""


class PendingSince(Struct, frozen=True):
    """Since when somebody has to connect a platform, RFC 3339 in UTC; ``or_earlier`` if the ledger
    was not read any further."""

    at: str
    or_earlier: bool = False


class PastOutcome(Struct, frozen=True):
    """How an action for a user ended at ``at`` (RFC 3339, UTC), in the run with this id."""

    run: str
    at: str
    outcome: Outcome
    cause: str | None


class MadeLink(Struct, frozen=True):
    """A connect link that ``who`` made on ``host`` at ``at`` (RFC 3339, UTC). The link itself is
    never kept."""

    platform: Platform
    who: str
    host: str
    at: str


class RecordedPlan(Struct, frozen=True):
    """The plan that a run, opened at ``at`` (RFC 3339, UTC), recorded."""

    run: str
    at: str
    plan: Plan


class InDoubt(Struct, frozen=True):
    """A call of a dead run that may have been sent and has no recorded outcome.

    ``call`` is its number, ``at`` the time of its intent. ``answer`` is the recorded answer (as in
    ``journal.Answer``), if any.
    """

    run: str
    action: Action
    call: int
    at: str
    answer: str | None


class ResolvedCall(Struct, frozen=True):
    """How recovery resolved a call in doubt; ``run`` is the id of the dead run."""

    run: str
    result: ActionResult


class Holder(Struct, frozen=True):
    """The holder of a workspace's lock.

    ``since`` and ``heartbeat`` are RFC 3339 by the ledger's clock; ``age`` are the seconds since
    the last heartbeat by that clock. ``dead`` says that its process is known to have ended, or that
    its heartbeat is overdue.
    """

    workspace: str
    run: str
    who: Who
    since: str
    heartbeat: str
    age: float
    dead: bool


def verified_disconnects(results: Iterable[ActionResult]) -> dict[str, tuple[Connection, ...]]:
    """The connections that the calls of ``results`` disconnected for certain, as they were before,
    by the id of the calendar user."""
    found: dict[str, tuple[Connection, ...]] = {}
    for result in results:
        action = result.action
        if isinstance(action, Disconnect) and result.outcome is Outcome.VERIFIED:
            was = Connection(
                action.platform, connected=True, email=action.email, id=action.connection_id
            )
            found[action.recall_id] = (*found.get(action.recall_id, ()), was)
    return found
