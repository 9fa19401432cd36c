"""The lines of a JSON Lines report, one struct a kind.

``json_lines`` writes them; ``schemas/report.schema.json`` describes them under ``$defs/event``.
"""

from typing import Literal

from msgspec import Struct

from reconciler.planning import (
    Action,
    Contested,
    FleetCounts,
    FleetSize,
    GuardChange,
    HeldAction,
    Notice,
    Pending,
    PlanConfiguration,
    Stale,
    Unmanaged,
)
from reconciler.reporting import json_parts
from reconciler.reporting.documents import Check, LedgerAccess
from reconciler.reporting.json_document import FORMAT
from reconciler.runs.history import Holder


class Event(Struct, frozen=True, tag_field="type", kw_only=True):
    """One line."""


class Header(Event, frozen=True, kw_only=True):
    """What every first line begins with."""

    format: Literal["reconciler/report/v1"] = FORMAT


class PlanHeader(Header, frozen=True, tag="plan", kw_only=True):
    """A plan follows; what it was made of and when."""

    workspace: str
    base_url: str
    digest: str
    desired_digest: str
    configuration: PlanConfiguration
    selection: tuple[str, ...] | None
    fleet: FleetCounts
    made: str
    expires: str
    commit: str | None
    tool_version: str
    key_fingerprint: str
    saved_to: str | None


class RunHeader(Header, frozen=True, tag="run", kw_only=True):
    """The results of an acting run follow."""

    run: str
    workspace: str
    base_url: str
    started: str
    finished: str
    plan: json_parts.PlanOutline
    resumes: str | None


class RunsHeader(Header, frozen=True, tag="runs", kw_only=True):
    """The last runs of a workspace, or of all, follow, newest first."""

    workspace: str | None
    place: str
    limit: int


class StoryHeader(Header, frozen=True, tag="story", kw_only=True):
    """All that is recorded of one run follows."""

    place: str
    run: json_parts.PastRun
    fleet: FleetSize | None
    accepted: bool
    plan: json_parts.PlanOutline | None


class UnlockHeader(Header, frozen=True, tag="unlock", kw_only=True):
    """A lock was taken away."""

    workspace: str
    run: str
    holder: Holder


class ValidationHeader(Header, frozen=True, tag="validation", kw_only=True):
    """The errors of manifests follow."""

    workspace: str | None
    users: int
    files: int


class DoctorHeader(Header, frozen=True, tag="doctor", kw_only=True):
    """The checks of an installation follow."""

    workspace: str | None
    address: str | None


class ErrorHeader(Header, frozen=True, tag="error", kw_only=True):
    """The errors of a command without a result follow."""

    plan: json_parts.PlanOutline | None


class ActionEvent(Event, frozen=True, tag="action", kw_only=True):
    """Something that would be done."""

    source: str | None
    message: str
    action: Action


class BlockedEvent(Event, frozen=True, tag="blocked", kw_only=True):
    """Something that would be done but for a hold."""

    source: str | None
    message: str
    blocked: HeldAction


class PendingEvent(Event, frozen=True, tag="pending", kw_only=True):
    """Something that only the person can do."""

    source: str | None
    message: str
    pending: Pending


class UndeterminedEvent(Event, frozen=True, tag="undetermined", kw_only=True):
    """A declared user of whom nothing can be said."""

    source: str | None
    message: str
    user: str


class SparedEvent(Event, frozen=True, tag="spared", kw_only=True):
    """A calendar user who is left alone."""

    message: str
    spared: Unmanaged


class ContestedEvent(Event, frozen=True, tag="contested", kw_only=True):
    """A declared user who belongs to another owner, and is declared otherwise by that one."""

    source: str | None
    message: str
    contested: Contested


class NoticeEvent(Event, frozen=True, tag="notice", kw_only=True):
    """A remark on the configuration or the fleet."""

    message: str
    notice: Notice


class ObservationProblemEvent(Event, frozen=True, tag="observation_problem", kw_only=True):
    """What kept the observation from being complete."""

    message: str


class GuardEvent(Event, frozen=True, tag="guard", kw_only=True):
    """What one guard says of the plan."""

    guard: json_parts.Guard


class MemoryEvent(Event, frozen=True, tag="memory", kw_only=True):
    """What the command had of the ledger; ``message`` is null where all is well."""

    place: str
    state: LedgerAccess
    message: str | None
    detail: str | None
    used_by: str | None


class DiedEvent(Event, frozen=True, tag="died", kw_only=True):
    """A run that died: what it left, and what to do."""

    message: str
    run: json_parts.PastRun


class SettledEvent(Event, frozen=True, tag="settled", kw_only=True):
    """How something that a dead run left in doubt turned out."""

    settled: json_parts.ResolvedAction


class ChangesEvent(Event, frozen=True, tag="changes", kw_only=True):
    """What changed since the plan was made; what is new and gone follows."""

    message: str
    nothing: bool
    manifests: bool
    configuration: bool
    then: FleetCounts
    now: FleetCounts
    kept: int


class AddedEvent(Event, frozen=True, tag="added", kw_only=True):
    """Something that a plan made now would do, and the saved one would not."""

    source: str | None
    message: str
    action: Action


class GoneEvent(Event, frozen=True, tag="gone", kw_only=True):
    """Something that the saved plan would do, and one made now would not."""

    source: str | None
    message: str
    gone: Stale


class NewlyBlockedEvent(Event, frozen=True, tag="newly_blocked", kw_only=True):
    """Something that is held now, and was not when the plan was made."""

    source: str | None
    message: str
    blocked: HeldAction


class NewlyPendingEvent(Event, frozen=True, tag="newly_pending", kw_only=True):
    """Something that only the person can do, and that was not so when the plan was made."""

    source: str | None
    message: str
    pending: Pending


class JudgedOtherwiseEvent(Event, frozen=True, tag="judged_otherwise", kw_only=True):
    """A guard that judges otherwise than when the plan was made."""

    message: str
    change: GuardChange


class RecordedRunEvent(Event, frozen=True, tag="recorded_run", kw_only=True):
    """One run of the list."""

    run: json_parts.PastRun


class RecordedActionEvent(Event, frozen=True, tag="recorded_action", kw_only=True):
    """One action of the run, with all its steps."""

    source: str | None
    recorded: json_parts.PastAction


class OutcomeEvent(Event, frozen=True, tag="outcome", kw_only=True):
    """How one action ended."""

    result: json_parts.ActionOutcome


class HaltEvent(Event, frozen=True, tag="halted", kw_only=True):
    """Why the run stopped early."""

    halted: json_parts.Halt


class ProblemEvent(Event, frozen=True, tag="problem", kw_only=True):
    """An error in an input, or of the command."""

    problem: json_parts.Problem


class CheckEvent(Event, frozen=True, tag="check", kw_only=True):
    """One check of an installation."""

    check: Check


class SummaryEvent(Event, frozen=True, tag="summary", kw_only=True):
    """The last line: the exit status, the line that people read, and the numbers."""

    status: int
    message: str
    counts: json_parts.PlanCounts | json_parts.RunCounts | json_parts.CheckCounts | None
