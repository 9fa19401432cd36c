"""Does an approved plan: every action once, every one to exactly one outcome.

Nothing here decides *whether*: the guards have judged, the operator has approved. Who calls it has
taken the list that the run acts by and divided the plan into what is ready and what went stale.
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec import structs

from reconciler.applying.brakes import Brakes
from reconciler.applying.equipment import Equipment
from reconciler.applying.journal import Journal, JournalFailed, RunClosed, RunOpened
from reconciler.applying.lanes import Lane, Lanes
from reconciler.applying.listing import Listing
from reconciler.applying.outcome import ActionResult, HaltCause, Outcome, RunResult
from reconciler.applying.reporter import Reporter
from reconciler.applying.settings import LISTING_MAX_AGE, ApplySettings
from reconciler.applying.user_run import UserRun
from reconciler.domain import Clock, ObservedState
from reconciler.planning import Action, Plan, Protection, Stale, rfc3339
from reconciler.recall import CalendarReader, CalendarWriter, Stop

log = logging.getLogger(__name__)

_SETTLING_THREADS = 2
"""Threads that only read back: a few reads a second are all that the budgets allow."""


@dataclass(frozen=True)
class Assignment:
    """What one run has to do.

    ``plan`` is the whole plan; ``ready`` and ``stale`` divide its actions by the list
    ``observed``, which was asked for at ``observed_at`` (monotonic).
    """

    run: str
    plan: Plan
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
        stop: Stop,
        settings: ApplySettings,
        chance: random.Random,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._journal = journal
        self._clock = clock
        self._stop = stop
        self._settings = settings
        self._chance = chance

    def execute(
        self, assignment: Assignment, on_result: Callable[[ActionResult], None]
    ) -> RunResult:
        """Do the assignment; ``on_result`` is told each result as it comes, from any thread.

        Raises :class:`JournalFailed` when the run could not even be opened. After that nothing is
        raised for what the API, the journal or a defect of ours did: it is in the result.
        """
        started = rfc3339(self._clock.now())
        self._journal.run_opened(RunOpened(assignment.run, started, assignment.plan))
        lanes = Lanes(
            self._clock, {Lane.ACT: self._settings.workers, Lane.SETTLE: _SETTLING_THREADS}
        )
        brakes = Brakes(
            self._stop,
            max_failures=self._settings.max_failures,
            retry_after_cap=self._settings.retry_after_cap,
            monotonic=self._clock.monotonic,
            on_halt=lambda: lanes.open(Lane.ACT),
        )
        reporter = Reporter(assignment.run, self._journal, self._clock, brakes, on_result)
        for stale in assignment.stale:
            reporter.outcome(ActionResult(stale.action, Outcome.SKIPPED_STALE, str(stale.standing)))
        equipment = self._equipment(assignment, reporter, brakes)
        defect = lanes.run(
            [UserRun(actions, equipment).work() for actions in _by_user(assignment.ready)],
            self._stop,
            on_stop=lambda: brakes.halt(HaltCause.INTERRUPTED),
        )
        if defect is not None:
            brakes.halt(HaltCause.DEFECT, type(defect).__name__)
            log.error("a defect of the executor ended the run", exc_info=defect)
        return self._close(assignment, started, reporter, brakes)

    def _equipment(self, assignment: Assignment, reporter: Reporter, brakes: Brakes) -> Equipment:
        return Equipment(
            reader=self._reader,
            writer=self._writer,
            listing=Listing(
                assignment.observed,
                assignment.observed_at,
                reader=self._reader,
                clock=self._clock,
                max_age=LISTING_MAX_AGE,
            ),
            protection=assignment.protection,
            reporter=reporter,
            brakes=brakes,
            clock=self._clock,
            stop=self._stop,
            settings=self._settings,
            chance=self._chance,
        )

    def _close(
        self, assignment: Assignment, started: str, reporter: Reporter, brakes: Brakes
    ) -> RunResult:
        results = reporter.results
        content = assignment.plan.content
        finished = rfc3339(self._clock.now())
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
            halted=brakes.cause,
            halt_detail=brakes.detail,
            signal=self._stop.signal,
        )
        try:
            self._journal.run_closed(RunClosed(assignment.run, finished, result))
        except JournalFailed as error:
            return structs.replace(result, halted=HaltCause.JOURNAL_FAILED, halt_detail=str(error))
        return result


def _by_user(actions: Sequence[Action]) -> list[list[Action]]:
    """The actions of each user together, in plan order, wherever in the plan they stand."""
    users: dict[str, list[Action]] = {}
    for action in actions:
        users.setdefault(action.user, []).append(action)
    return list(users.values())
