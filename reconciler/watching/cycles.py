"""One cycle after another: load, observe, plan, judge, with a reader that cannot act.

A cycle never fails: what went wrong becomes part of the snapshot. A configuration or manifests that
cannot be read leave what was last read in force.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from reconciler.config import Workspace
from reconciler.domain import (
    Cancellation,
    Clock,
    Declarations,
    InvalidInput,
    Phase,
    Telemetry,
    UndeclaredPolicy,
)
from reconciler.domain.telemetry import NoTelemetry, Telemetries
from reconciler.engine import (
    Session,
    limit_sources,
    load_declarations,
    observe,
    open_session,
    plan_inputs,
    preview,
    remember,
)
from reconciler.engine.exits import FAILING, PlanState, exit_status
from reconciler.engine.session import RateLimiters
from reconciler.ledger import LedgerError, LedgerMissing, read_ledger
from reconciler.manifest import gc_paused
from reconciler.notifying import Notifier
from reconciler.recall import RecallError
from reconciler.reporting import ErrorReport, LedgerAccess, PlanReport
from reconciler.watching.snapshot import CycleResult, LedgerFacts, ReloadState, WatchSnapshot


class _PhaseTimer(NoTelemetry):
    """The seconds of each phase of one cycle."""

    def __init__(self, clock: Clock) -> None:
        self.seconds: dict[Phase, float] = {}
        self._clock = clock

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        began = self._clock.monotonic()
        try:
            yield
        finally:
            took = self._clock.monotonic() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + took


@dataclass
class Cycles:
    """Makes the cycles of one workspace, which is given as it was read at the start.

    ``reload`` reads it again and raises :class:`InvalidInput`. It plans for ``owner``.
    ``describe`` says what an error means to people, given what was spoken to. ``rate_limiters`` are
    shared with other workspaces. ``failing`` are the states that give a plan a status of their own.
    """

    workspace: Workspace
    reload: Callable[[], Workspace]
    environ: Mapping[str, str]
    owner: str
    clock: Clock
    cancellation: Cancellation
    telemetry: Telemetry
    describe: Callable[[Exception, str | None], ErrorReport]
    rate_limiters: RateLimiters
    failing: Set[PlanState] = FAILING
    _number: int = 0
    _configuration: ReloadState = field(default_factory=ReloadState)
    _manifests: ReloadState = field(default_factory=ReloadState)
    _declarations: Declarations | None = None
    _report: PlanReport | None = None
    _notifier: Notifier | None = None
    _observed_at: datetime | None = None
    _good_at: datetime | None = None

    def run(self) -> WatchSnapshot:
        """Make a cycle, and say what is known after it."""
        timer = _PhaseTimer(self.clock)
        telemetry = Telemetries(timer, self.telemetry)
        where = None
        failure, cause, retry_after = None, None, 0.0
        ledger = LedgerFacts(LedgerAccess.UNREADABLE)
        try:
            with gc_paused(), telemetry.phase(Phase.CYCLE):
                self._read_configuration()
                ledger = ledger_facts(self.workspace)
                where = f"workspace {self.workspace.name}"
                with self._session(telemetry) as session:
                    where = f"{where} at {session.endpoint.address}"
                    self._plan(session)
                    self._notify(session)
        except Exception as error:  # noqa: BLE001 - the watch goes on, whatever it is
            failure, cause = self.describe(error, where), cause_of(error)
            retry_after = (isinstance(error, RecallError) and error.retry_after) or 0.0
        self._number += 1
        return WatchSnapshot(
            workspace=self.workspace.name,
            number=self._number,
            ended=self.clock.now(),
            result=self._result(failure),
            configuration=self._configuration,
            manifests=self._manifests,
            ledger=ledger,
            report=self._report,
            observed_at=self._observed_at,
            good_at=self._good_at,
            failure=failure,
            cause=cause,
            seconds=timer.seconds,
            retry_after=retry_after,
        )

    def _read_configuration(self) -> None:
        try:
            workspace = self.reload()
        except InvalidInput as error:
            self._configuration = ReloadState(error.diagnostics, self._configuration.good_at)
            return
        if workspace.rate_limits != self.workspace.rate_limits:
            self.rate_limiters.forget()
        self.workspace = workspace
        self._configuration = ReloadState(good_at=self.clock.now())

    def _session(self, telemetry: Telemetry) -> AbstractContextManager[Session]:
        """A session of its own for every cycle, which finds a key that was changed; only what was
        used of the rate limits is kept."""
        return open_session(
            self.workspace,
            self.environ,
            clock=self.clock,
            cancellation=self.cancellation,
            telemetry=telemetry,
            rate_limiters=self.rate_limiters,
        )

    def _plan(self, session: Session) -> None:
        declarations = self._read_manifests(session)
        workspace, address = session.workspace, session.endpoint.address
        remembered = remember(workspace, address, self.owner, declarations=declarations)
        asked_at = self.clock.now()
        observation = observe(session)
        inputs = plan_inputs(session, declarations, observation, remembered.history)
        plan = preview(session, inputs)
        failing = self.failing
        if workspace.undeclared is UndeclaredPolicy.FAIL:
            failing |= {PlanState.UNDECLARED}
        self._report = PlanReport(
            plan,
            exit_status(plan, failing=failing),
            limit_sources=limit_sources(workspace),
            ledger=remembered.ledger,
            undeclared=workspace.undeclared,
        )
        self._observed_at = asked_at
        if observation.state.complete:
            self._good_at = asked_at

    def _notify(self, session: Session) -> None:
        """Notify of the plan that was made just now. A target that cannot be used counts as a
        broken configuration, and the last targets that could be stay in force."""
        try:
            notifier = session.notifier(self.environ)
        except InvalidInput as error:
            self._configuration = ReloadState(error.diagnostics, self._configuration.good_at)
        else:
            self._notifier = notifier.remembering(self._notifier)
        if self._notifier and self._report:
            deliveries = self._notifier.of_plan(self._report)
            self._report = structs.replace(self._report, deliveries=deliveries)

    def _read_manifests(self, session: Session) -> Declarations:
        """What the manifests declare; what they declared, if they cannot be read now and ever
        could. Raises :class:`InvalidInput`."""
        try:
            declarations = load_declarations(
                session.workspace, session.inputs, telemetry=session.telemetry
            )
        except InvalidInput as error:
            self._manifests = ReloadState(error.diagnostics, self._manifests.good_at)
            if self._declarations is None:
                raise
            return self._declarations
        self._declarations = declarations
        self._manifests = ReloadState(good_at=self.clock.now())
        return declarations

    def _result(self, failure: ErrorReport | None) -> CycleResult:
        if failure is not None or self._report is None:
            return CycleResult.FAILED
        if self._report.plan.content.problems:
            return CycleResult.INCOMPLETE
        broken = self._configuration.problems or self._manifests.problems
        return CycleResult.STALE if broken else CycleResult.OK


def cause_of(error: Exception) -> str:
    """Why a cycle failed, as a code of ours that names nobody; ``server_error (HTTP 503)``."""
    if isinstance(error, RecallError):
        return error.code if error.status is None else f"{error.code} (HTTP {error.status})"
    if isinstance(error, InvalidInput):
        return "invalid_input"
    return "ledger_unusable" if isinstance(error, LedgerError) else "defect"


def failed(workspace: Workspace, clock: Clock) -> WatchSnapshot:
    """What is known of ``workspace`` when its only cycle could not begin."""
    return WatchSnapshot(
        workspace=workspace.name,
        number=1,
        ended=clock.now(),
        result=CycleResult.FAILED,
        configuration=ReloadState(),
        manifests=ReloadState(),
        ledger=ledger_facts(workspace),
    )


def ledger_facts(workspace: Workspace) -> LedgerFacts:
    """What the ledger of ``workspace`` says of its runs."""
    try:
        with read_ledger(workspace.ledger) as ledger:
            return LedgerFacts(
                LedgerAccess.READ,
                next(iter(ledger.runs(workspace.name, 1)), None),
                len(ledger.dead_runs(workspace.name)),
                ledger.holder(workspace.name),
            )
    except LedgerMissing:
        return LedgerFacts(LedgerAccess.NONE)
    except LedgerError:
        return LedgerFacts(LedgerAccess.UNREADABLE)
