"""The lines of a JSON Lines report, one struct a kind.

``json_lines`` writes them; ``schemas/report.schema.json`` describes them under ``$defs/event``.
"""

from typing import Literal

from msgspec import Struct

from reconciler.planning import Action, Blocked, Fleet, Judged, Notice, Pending, Spared
from reconciler.reporting import facts
from reconciler.reporting.documents import Check
from reconciler.reporting.encoding import FORMAT


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
    configuration: Judged
    selection: tuple[str, ...] | None
    fleet: Fleet
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
    plan: facts.PlanOutline


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

    plan: facts.PlanOutline | None


class ActionEvent(Event, frozen=True, tag="action", kw_only=True):
    """Something that would be done."""

    source: str | None
    message: str
    action: Action


class BlockedEvent(Event, frozen=True, tag="blocked", kw_only=True):
    """Something that would be done but for a hold."""

    source: str | None
    message: str
    blocked: Blocked


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
    spared: Spared


class NoticeEvent(Event, frozen=True, tag="notice", kw_only=True):
    """A remark on the configuration or the fleet."""

    message: str
    notice: Notice


class ObservationProblemEvent(Event, frozen=True, tag="observation_problem", kw_only=True):
    """What kept the observation from being complete."""

    message: str


class GuardEvent(Event, frozen=True, tag="guard", kw_only=True):
    """What one guard says of the plan."""

    guard: facts.Guard


class OutcomeEvent(Event, frozen=True, tag="outcome", kw_only=True):
    """How one action ended."""

    result: facts.Ending


class HaltEvent(Event, frozen=True, tag="halted", kw_only=True):
    """Why the run stopped early."""

    halted: facts.Halt


class ProblemEvent(Event, frozen=True, tag="problem", kw_only=True):
    """An error in an input, or of the command."""

    problem: facts.Problem


class CheckEvent(Event, frozen=True, tag="check", kw_only=True):
    """One check of an installation."""

    check: Check


class SummaryEvent(Event, frozen=True, tag="summary", kw_only=True):
    """The last line: the exit status, the line that people read, and the numbers."""

    status: int
    message: str
    counts: facts.PlanCounts | facts.RunCounts | facts.CheckCounts | None
