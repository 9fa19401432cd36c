"""What can be reported: one frozen struct for each kind of report, without wording or layout.

The fronts build these; ``formats.render`` turns one into text.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from reconciler.domain import (
    DeliveryCause,
    DeliveryState,
    Diagnostic,
    NotificationEvent,
    Platform,
    UndeclaredPolicy,
)
from reconciler.planning import (
    Explanation,
    GuardName,
    Pending,
    Plan,
    PlanChanges,
    RuleOverview,
    Verdict,
)
from reconciler.runs.history import (
    Holder,
    MadeLink,
    PastOutcome,
    PendingSince,
    ResolvedCall,
    RunHistory,
    RunSummary,
)
from reconciler.runs.journal import RunResult


class LedgerAccess(StrEnum):
    """How a command used the ledger."""

    READ = "read"  # by a command that only looks
    WRITTEN = "written"  # by a run
    MADE = "made"  # by a run that found none
    NONE = "none"  # there is none: guards that need history are skipped
    UNREADABLE = "unreadable"  # `detail` says why; guards that need history are skipped


class LedgerView(Struct, frozen=True):
    """What a command saw of the ledger at ``place``.

    ``dead`` are runs that died or left calls in doubt: as a command that only reads found them, or
    as a run did when it began, which then ``resolved`` what they left in doubt. ``used_by`` is the
    run that used the saved plan that the command looks at.
    """

    place: str
    state: LedgerAccess
    detail: str | None = None
    dead: tuple[RunSummary, ...] = ()
    resolved: tuple[ResolvedCall, ...] = ()
    used_by: str | None = None


class LastPlan(Struct, frozen=True):
    """The plan of the last ``run`` that had one, opened at ``at``, and what ``changes`` there are
    since."""

    run: str
    at: str
    changes: PlanChanges


class OutdatedPlan(Struct, frozen=True):
    """Why a plan is not of what is written and connected now: the ``problems`` since its list was
    requested ``at`` (RFC 3339, UTC)."""

    at: str
    problems: tuple[Diagnostic, ...]


class Delivery(Struct, frozen=True):
    """An attempt to notify ``target`` (its name) of ``event``; ``cause`` says what is wrong."""

    target: str
    event: NotificationEvent
    state: DeliveryState
    cause: DeliveryCause | None = None


class PlanReport(Struct, frozen=True):
    """A plan, as ``plan`` and ``show`` report it, and a run that was refused before it acted.

    ``status`` is the exit status of the command. ``saved_to`` is the path of the plan file.
    ``limit_sources`` says where a limit is set (``reconciler.yaml:12:5`` or ``the default``).
    ``verdicts`` replace those of the plan where a run has judged it again. ``verbose``
    lists what is left alone instead of counting it, and every guard. ``changes`` says what is
    different today from a saved plan (``plan`` is then the saved one where it was to be applied,
    and today's where it was only to be compared). ``again`` are the options to type again in the
    next command; None where nothing follows from the plan. ``undeclared`` says whether users who
    are connected and in no manifest fail the plan. ``brief`` shows the breakdown in text, and no
    single user's entries. ``past`` is how earlier actions for users of the plan ended, newest
    first, and ``last`` is the plan before this one: both are there only where a page shows them, as
    is ``outdated``, which says why this is only the last plan that could be made.
    ``deliveries`` are the notifications about this report. ``run`` is the run that was refused.
    """

    plan: Plan
    status: int
    saved_to: str | None = None
    limit_sources: Mapping[GuardName, str] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] | None = None
    verbose: bool = False
    ledger: LedgerView | None = None
    changes: PlanChanges | None = None
    again: tuple[str, ...] | None = None
    undeclared: UndeclaredPolicy = UndeclaredPolicy.REPORT
    brief: bool = False
    past: Mapping[str, tuple[PastOutcome, ...]] = field(default_factory=dict)
    last: LastPlan | None = None
    outdated: OutdatedPlan | None = None
    deliveries: tuple[Delivery, ...] = ()
    run: str | None = None

    @property
    def guards(self) -> tuple[Verdict, ...]:
        """The verdicts that count: of this run, or else those that the plan was made with."""
        return self.plan.content.guards if self.verdicts is None else self.verdicts


class PendingConnection(Struct, frozen=True):
    """Somebody who has to connect ``platform``, which ``pending`` explains.

    ``email`` is that of any connection of theirs. ``since`` is by the runs in the ledger; None if
    none of them shows it. ``source`` is where they are declared.
    """

    pending: Pending
    platform: Platform
    email: str | None
    since: PendingSince | None
    source: str


class PendingReport(Struct, frozen=True):
    """Who has to connect what in a workspace, ordered by id. ``not_found`` counts the ids that
    somebody has to correct: nobody can connect anything for those."""

    workspace: str
    base_url: str
    connections: tuple[PendingConnection, ...]
    not_found: int
    ledger: LedgerView
    status: int

    @property
    def people(self) -> int:
        """How many people have to connect something."""
        return len({entry.pending.user for entry in self.connections})


class ExplanationReport(Struct, frozen=True):
    """Everything about one user of a workspace.

    ``since`` is when they became pending, by platform; ``history`` how actions for them ended, and
    ``links`` which connect links were made, newest first. ``refused_by`` are the guards that
    refuse the whole plan now.
    """

    workspace: str
    base_url: str
    explanation: Explanation
    since: Mapping[Platform, PendingSince]
    history: tuple[PastOutcome, ...]
    links: tuple[MadeLink, ...]
    refused_by: tuple[GuardName, ...]
    ledger: LedgerView
    status: int


class ConnectLinkReport(Struct, frozen=True):
    """A connect link that was made, without the link: nothing that is kept may hold it.

    ``email`` is that of any connection of the user. The link counts until ``expires`` (RFC 3339,
    UTC), if Recall.ai lets it. ``saved_to`` is the file that holds it; None for a terminal.
    """

    workspace: str
    base_url: str
    user: str
    email: str | None
    made: MadeLink
    expires: str
    ledger: LedgerView
    status: int
    saved_to: str | None = None


class RulesReport(Struct, frozen=True):
    """Every declared rule of a workspace, ordered by name, with what it matches in today's list."""

    workspace: str
    base_url: str
    rules: tuple[RuleOverview, ...]
    status: int


class RunReport(Struct, frozen=True):
    """A run: the plan it was bound by and how each action ended.

    ``verdicts`` and ``limit_sources`` are as in :class:`PlanReport`; ``changes`` is there when
    actions of a saved plan went stale. ``resumes`` names the run that this one continued;
    ``continue_with`` are the words of the command that continues this one, where a signal stopped
    it before it was done. ``deliveries`` are the notifications about this run.
    """

    plan: Plan
    result: RunResult
    status: int
    verdicts: tuple[Verdict, ...] | None = None
    limit_sources: Mapping[GuardName, str] = field(default_factory=dict)
    ledger: LedgerView | None = None
    changes: PlanChanges | None = None
    resumes: str | None = None
    continue_with: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    @property
    def guards(self) -> tuple[Verdict, ...]:
        """The verdicts that count: of this run, or else those that the plan was made with."""
        return self.plan.content.guards if self.verdicts is None else self.verdicts


class RunsReport(Struct, frozen=True):
    """The last runs of a workspace (of all for None), newest first, from the ledger at ``place``.

    ``limit`` is how many were asked for.
    """

    workspace: str | None
    place: str
    runs: tuple[RunSummary, ...]
    limit: int
    status: int


class RunHistoryReport(Struct, frozen=True):
    """The whole history of one run, from the ledger at ``place``."""

    place: str
    history: RunHistory
    status: int


class UnlockReport(Struct, frozen=True):
    """The lock of ``workspace`` was taken from ``run``; ``holder`` says who held it."""

    workspace: str
    run: str
    holder: Holder
    status: int


class ValidationReport(Struct, frozen=True):
    """Manifests that were read offline: how much was read, and every error in it."""

    users: int
    files: int
    workspace: str | None
    diagnostics: tuple[Diagnostic, ...]
    status: int


class CheckState(StrEnum):
    """How one check of ``doctor`` came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(Struct, frozen=True):
    """One check of ``doctor``: what was found, and what the caller can do about it."""

    name: str
    state: CheckState
    message: str
    hint: str | None = None


class DoctorReport(Struct, frozen=True):
    """Whether the tool could work here; no workspace where the configuration names none."""

    workspace: str | None
    address: str | None
    checks: tuple[Check, ...]
    status: int


class ErrorReport(Struct, frozen=True):
    """A command that ended without a result, and everything that kept it from one.

    Refusals are no errors: they are reports of a plan or a run with status 3. ``plan`` is the
    plan that was in hand, where there was one, ``changes`` what is different today from a saved
    one that could not be used.
    """

    status: int
    problems: tuple[Diagnostic, ...]
    plan: Plan | None = None
    ledger: LedgerView | None = None
    changes: PlanChanges | None = None


WorkspaceReport = (
    PlanReport
    | PendingReport
    | ExplanationReport
    | ConnectLinkReport
    | RulesReport
    | RunReport
    | RunsReport
    | RunHistoryReport
    | UnlockReport
    | ValidationReport
    | DoctorReport
    | ErrorReport
)
"""A report on one workspace, or on none."""


class WorkspaceSection(Struct, frozen=True):
    """What a command over several workspaces reports of one of them."""

    workspace: str
    report: WorkspaceReport


class WorkspacesReport(Struct, frozen=True):
    """A command over several workspaces: a section for each, ordered by name.

    ``status`` is the worst of theirs. ``shard`` is the part of the workspaces that was asked for,
    as ``2/8``; None for all of them. ``beyond`` says that all plans together are beyond the limit
    of one command. ``again`` are the words of the command that goes on from here.
    """

    sections: tuple[WorkspaceSection, ...]
    status: int
    shard: str | None = None
    beyond: Diagnostic | None = None
    again: tuple[str, ...] = ()


Report = WorkspaceReport | WorkspacesReport


class WatchedState(StrEnum):
    """How the plan of a workspace stands that is watched with others."""

    CURRENT = "current"
    INCOMPLETE = "incomplete"  # its list of users is
    OUTDATED = "outdated"  # the last cycle made none, or something written cannot be read
    NONE = "none"
    WAITING = "waiting"  # the first cycle has not ended


class WatchedWorkspace(Struct, frozen=True):
    """A workspace in the list of a watch: its last plan, and when the list of its users was
    requested ``at`` (RFC 3339, UTC), so many seconds ago."""

    name: str
    state: WatchedState
    report: PlanReport | None = None
    at: str | None = None
    seconds: float | None = None
