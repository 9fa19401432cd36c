"""A process of the tool as the harness plays it: it can be killed, suspended, interrupted.

The code under test passes through *seams*: before and after each write of the ledger, where it
connects, where a request has been let through and is about to leave, where an answer comes in. At
a seam whatever the schedule has for it happens.
"""

import math
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from reconciler.cli.exits import Signals
from reconciler.ledger import LedgerUnreachable
from reconciler.reporting import Report
from reconciler.runs import Who
from tests.chaos.schedule import Trigger
from tests.chaos.scheduler import START, Host, Killed, Scheduler, Task, current

_STEPS = frozenset({"intent", "answer", "read_back", "outcome"})
"""Writes that stop a run when they fail."""

_OF_WHO_ACTS = frozenset({"intent", "answer"})
"""Those of a worker that acts, which cannot be about to begin something else. The others can be of
one that reads back, while all that act are about to."""

EPOCH = datetime(2026, 11, 1, 8, tzinfo=UTC)


class Times:
    """The clocks of the schedule: ``wall`` is what the machine's wall clock is off by."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.wall = 0.0

    def server(self) -> float:
        """Unix seconds by the API's clock (and a database server's), which nobody sets back."""
        return EPOCH.timestamp() + self.scheduler.time - START

    def machine(self) -> float:
        """Unix seconds by the wall clock of the machine that the processes run on."""
        return self.server() + self.wall


class MachineClock:
    """The domain's Clock for a process."""

    def __init__(self, times: Times) -> None:
        self._times = times

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._times.machine() - EPOCH.timestamp())

    def monotonic(self) -> float:
        return self._times.scheduler.time

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        if current() is not None and not wake.is_set():
            self._times.scheduler.block(wake.is_set, max(0.0, seconds))
        return wake.is_set()


class Process(Host):
    """One command. ``incidents`` are what is to happen at its seams, each once."""

    def __init__(self, number: int, times: Times, name: str) -> None:
        super().__init__()
        self.number = number
        self.name = f"{name}#{number}"
        self.times = times
        self.clock = MachineClock(times)
        self.main: Task | None = None
        self.incidents: list[tuple[Trigger, Callable[[Process, str], None]]] = []
        self.seams: Counter[str] = Counter()
        self.signals: Signals | None = None
        self.signalled = False
        self.status: int | None = None
        self.reports: list[Report] = []
        self.crashed = False
        self.suspended = 0
        self.writes_fail = 0
        self.writes_fail_after = False
        self.writes_failed = 0
        self.workers = 0
        self.may_begin = math.inf

    @property
    def who(self) -> Who:
        return Who("operator", "host", self.number, "machine")

    @property
    def over(self) -> bool:
        return self.main is None or self.main.done

    def seam(self, name: str) -> None:
        """Something can happen here. Raises :class:`Killed`, and what the ledger's failures are."""
        self._alive()
        self.seams[name] += 1
        self.seams["any"] += 1
        due = [
            entry
            for entry in self.incidents
            if entry[0].seam in {name, "any"} and self.seams[entry[0].seam] == entry[0].nth + 1
        ]
        # Taken out first: another thread may come to a seam before all of them have happened.
        self.incidents = [entry for entry in self.incidents if entry not in due]
        for _, happens in due:
            happens(self, name)
            self._alive()
        self.times.scheduler.step_aside()
        self.hear()

    def hear(self) -> None:
        """A signal interrupts the main thread, wherever that is."""
        if self.signalled and current() is self.main and self.signals is not None:
            self.signalled = False
            self.may_begin = min(self.may_begin, self.workers)
            self.signals.handle(signal.SIGINT, None)

    def wakes(self, task: Task) -> bool:
        return self.signalled and task is self.main and self.signals is not None

    def woken(self) -> None:
        self.hear()

    def fail_to_write(self, what: str, *, after: bool) -> None:
        """Raise what a database raises that is gone just then."""
        if self.writes_fail > 0 and self.writes_fail_after is after:
            self.writes_fail -= 1
            self.writes_failed += 1
            if what in _STEPS:
                busy = self.workers - (what in _OF_WHO_ACTS)
                self.may_begin = min(self.may_begin, busy)
            raise LedgerUnreachable("the ledger has no space left", "make room")

    def kill(self) -> None:
        """What SIGKILL does to the process of the task that runs."""
        self.die()
        self._alive()

    def die(self) -> None:
        """What SIGKILL does to a process that does nothing just then."""
        self.crashed = True
        self.dead = True

    def suspend(self, seconds: float) -> None:
        """What SIGSTOP does, and SIGCONT so much later."""
        self.suspended += 1
        scheduler = self.times.scheduler
        self.suspended_until = scheduler.time + seconds
        scheduler.block(lambda: True)

    def _alive(self) -> None:
        if self.dead:
            raise Killed


def of_task() -> Process:
    """The process of the task that runs."""
    task = current()
    assert task is not None
    assert isinstance(task.host, Process)
    return task.host
