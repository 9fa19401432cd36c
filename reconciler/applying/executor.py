"""The hands of a run in one process: clients, brakes and record, shared by all that it is given.

Given the whole plan by ``executor``, or one user after the other where another process decides
who is next.

Does an approved plan: every action once, every one to exactly one outcome.

Nothing here decides *whether*: the guards have judged, the operator has approved. Who calls it has
taken the list that the run acts by and divided the plan into what is ready and what went stale.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from msgspec import structs

from reconciler.applying.circuit_breaker import CircuitBreaker
from reconciler.applying.recorder import Recorder
from reconciler.applying.run_context import RunContext
from reconciler.applying.scheduler import Lane, Scheduler
from reconciler.applying.settings import READ_BACK_THREADS, ApplySettings
from reconciler.applying.user_list import UserList
from reconciler.applying.user_run import UserRun
from reconciler.domain import Cancellation, Clock, ObservedState, Platform, rfc3339
from reconciler.planning import Action, FleetSize, Plan, Protection, Stale, Verdict
from reconciler.recall import CalendarReader, CalendarWriter
from reconciler.runs.journal import Journal, JournalFailed, RunClosed, RunOpened, StepJournal
from reconciler.runs.outcome import ActionResult, HaltCause, Outcome, RunResult

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Means:
    """What acting takes: the clients, time, what stops it, and how it is done."""

    reader: CalendarReader
    writer: CalendarWriter
    clock: Clock
    stop: Cancellation
    settings: ApplySettings
    chance: random.Random


class Crew:
    """Acts in the run called ``run``, by the list ``observed``, asked for at ``observed_at``.

    ``on_result`` is told each result as it comes, from any thread. Thread-safe: whatever halts
    one call of :meth:`act` halts them all.
    """

    def __init__(
        self,
        run: str,
        means: Means,
        journal: StepJournal,
        *,
        observed: ObservedState,
        observed_at: float,
        protection: Protection,
        on_result: Callable[[ActionResult], None],
    ) -> None:
        self._means = means
        self._lock = threading.Lock()
        self._at_work: list[Scheduler] = []
        self._brakes = CircuitBreaker(
            means.stop,
            max_failures=means.settings.max_failures,
            retry_after_cap=means.settings.retry_after_cap,
            monotonic=means.clock.monotonic,
            on_halt=self._open_lanes,
        )
        self._reporter = Recorder(run, journal, means.clock, self._brakes, on_result)
        self._equipment = RunContext(
            reader=means.reader,
            writer=means.writer,
            listing=UserList(
                observed,
                observed_at,
                reader=means.reader,
                clock=means.clock,
                max_age=means.settings.list_max_age,
            ),
            protection=protection,
            reporter=self._reporter,
            brakes=self._brakes,
            clock=means.clock,
            stop=means.stop,
            settings=means.settings,
            chance=means.chance,
        )

    @property
    def results(self) -> dict[str, ActionResult]:
        """The results so far, by the key of their action."""
        return self._reporter.results

    @property
    def halted(self) -> HaltCause | None:
        """Why nothing new is started; None while something is."""
        return self._brakes.cause

    @property
    def halt_detail(self) -> str | None:
        return self._brakes.detail

    def carry(self, result: ActionResult) -> None:
        """Take down a result that an earlier run came to."""
        self._reporter.carry(result)

    def pass_over(self, stale: Stale) -> None:
        """Take down an action that went stale before it was begun."""
        self._reporter.outcome(
            ActionResult(stale.action, Outcome.SKIPPED_STALE, str(stale.standing))
        )

    def act(self, actions: Sequence[Action]) -> None:
        """Do ``actions``, which hold all that is to be done of each of their users."""
        means = self._means
        lanes = Scheduler(
            means.clock, {Lane.ACT: means.settings.workers, Lane.SETTLE: READ_BACK_THREADS}
        )
        with self._working(lanes):
            defect = lanes.run(
                [UserRun(his, self._equipment).work() for his in _by_user(actions)],
                means.stop,
                on_stop=lambda: self._brakes.halt(HaltCause.INTERRUPTED),
            )
        if defect is not None:
            self._brakes.halt(HaltCause.DEFECT, type(defect).__name__)
            log.error("a defect of the executor ended the run", exc_info=defect)

    @contextmanager
    def _working(self, lanes: Scheduler) -> Iterator[None]:
        with self._lock:
            self._at_work.append(lanes)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.remove(lanes)

    def _open_lanes(self) -> None:
        with self._lock:
            at_work = tuple(self._at_work)
        for lanes in at_work:
            lanes.open(Lane.ACT)


def _by_user(actions: Sequence[Action]) -> list[list[Action]]:
    """The actions of each user together, in plan order, wherever in the plan they stand."""
    users: dict[str, list[Action]] = {}
    for action in actions:
        users.setdefault(action.user, []).append(action)
    return list(users.values())


@dataclass(frozen=True)
class Assignment:
    """What one run has to do.

    ``plan`` is the whole plan; ``ready``, ``stale`` and ``settled`` divide its actions: by the
    list ``observed``, which was asked for at ``observed_at`` (monotonic), and by what an earlier
    run of the same plan brought to an end. Those results are this run's too, with the calls
    that were sent for them then; nothing is done for them, and they do not count as failures.
    ``declared`` are the platforms of all whose connections are managed, ``seen`` those that are
    declared and listed.
    """

    run: str
    plan: Plan
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize
    declared: Mapping[str, frozenset[Platform]]
    seen: frozenset[str]
    settled: Sequence[ActionResult]
    ready: Sequence[Action]
    stale: Sequence[Stale]
    observed: ObservedState
    observed_at: float
    protection: Protection


class Executor:
    """Acts on the API. One for each run."""

    def __init__(
        self,
        reader: CalendarReader,
        writer: CalendarWriter,
        journal: Journal,
        *,
        clock: Clock,
        stop: Cancellation,
        settings: ApplySettings,
        chance: random.Random,
    ) -> None:
        self._means = Means(reader, writer, clock, stop, settings, chance)
        self._journal = journal

    def execute(
        self, assignment: Assignment, on_result: Callable[[ActionResult], None]
    ) -> RunResult:
        """Do the assignment; ``on_result`` is told each result as it comes, from any thread.

        Raises :class:`JournalFailed` when the run could not even be opened. After that nothing is
        raised for what the API, the journal or a defect of ours did: it is in the result.
        """
        started = rfc3339(self._means.clock.now())
        self._journal.run_opened(
            RunOpened(
                assignment.run,
                started,
                assignment.plan,
                assignment.verdicts,
                assignment.fleet,
                assignment.declared,
                assignment.seen,
            )
        )
        crew = Crew(
            assignment.run,
            self._means,
            self._journal,
            observed=assignment.observed,
            observed_at=assignment.observed_at,
            protection=assignment.protection,
            on_result=on_result,
        )
        for result in assignment.settled:
            crew.carry(result)
        for stale in assignment.stale:
            crew.pass_over(stale)
        crew.act(assignment.ready)
        return self._close(assignment, started, crew)

    def _close(self, assignment: Assignment, started: str, crew: Crew) -> RunResult:
        results = crew.results
        content = assignment.plan.content
        finished = rfc3339(self._means.clock.now())
        result = RunResult(
            run=assignment.run,
            workspace=content.workspace,
            base_url=content.base_url,
            plan_digest=content.digest(),
            started=started,
            finished=finished,
            # Only a defect leaves an action without a result, and only before it was begun.
            results=tuple(
                results.get(action.key)
                or ActionResult(action, Outcome.NOT_ATTEMPTED, HaltCause.DEFECT)
                for action in content.actions
            ),
            halted=crew.halted,
            halt_detail=crew.halt_detail,
            signal=self._means.stop.signal,
            carried=frozenset(result.action.key for result in assignment.settled),
            in_doubt=len(content.in_doubt),
        )
        try:
            self._journal.run_closed(RunClosed(assignment.run, finished, result))
        except JournalFailed as error:
            return structs.replace(result, halted=HaltCause.JOURNAL_FAILED, halt_detail=str(error))
        return result
