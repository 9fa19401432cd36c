"""The hands of a run in one process: clients, brakes and record, shared by all that it is given.

Given the whole plan by ``executor``, or one user after the other where another process decides
who is next.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.applying.brakes import Brakes
from reconciler.applying.equipment import Equipment
from reconciler.applying.journal import StepJournal
from reconciler.applying.lanes import Lane, Lanes
from reconciler.applying.listing import Listing
from reconciler.applying.outcome import ActionResult, HaltCause, Outcome
from reconciler.applying.reporter import Reporter
from reconciler.applying.settings import READ_BACK_THREADS, ApplySettings
from reconciler.applying.user_run import UserRun
from reconciler.domain import Clock, ObservedState
from reconciler.planning import Action, Protection, Stale
from reconciler.recall import CalendarReader, CalendarWriter, Stop

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Means:
    """What acting takes: the clients, time, what stops it, and how it is done."""

    reader: CalendarReader
    writer: CalendarWriter
    clock: Clock
    stop: Stop
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
        self._at_work: list[Lanes] = []
        self._brakes = Brakes(
            means.stop,
            max_failures=means.settings.max_failures,
            retry_after_cap=means.settings.retry_after_cap,
            monotonic=means.clock.monotonic,
            on_halt=self._open_lanes,
        )
        self._reporter = Reporter(run, journal, means.clock, self._brakes, on_result)
        self._equipment = Equipment(
            reader=means.reader,
            writer=means.writer,
            listing=Listing(
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
        lanes = Lanes(
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
    def _working(self, lanes: Lanes) -> Iterator[None]:
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
