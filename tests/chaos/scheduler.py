"""Many threads of which one runs at a time, in time that passes only while all of them wait.

Who goes on is drawn from a seed, so that a schedule is the same every time it is played. Tasks are
real threads (the code under test is written for threads), handed a baton one after the other.
"""

import heapq
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from random import Random

START = 1000.0


class Killed(BaseException):
    """The process of this task is dead: nothing that it still tries has an effect."""


class Stuck(Exception):
    """Every task waits for something that never comes."""


class Host:
    """What a task belongs to: dead for ever, or suspended until some moment."""

    def __init__(self) -> None:
        self.dead = False
        self.suspended_until = -math.inf

    def wakes(self, task: "Task") -> bool:
        """Whether something (a signal) wakes ``task`` from whatever it waits for."""
        return False

    def woken(self) -> None:
        """The current task was woken; what this raises ends the wait."""


class Task:
    """One thread. ``ready`` says whether what it waits for has come; ``deadline`` ends the wait."""

    def __init__(self, scheduler: "Scheduler", host: Host, name: str, work: Callable[[], None]):
        self.host = host
        self.name = name
        self.done = False
        self.error: BaseException | None = None
        self.ready: Callable[[], bool] = _at_once
        self.deadline = math.inf
        self._scheduler = scheduler
        self._work = work
        self._baton = threading.Lock()
        self._baton.acquire()
        self._thread = threading.Thread(target=self._main, name=f"chaos-{name}", daemon=True)
        self._thread.start()

    def resume(self) -> None:
        self._baton.release()

    def pause(self) -> None:
        self._baton.acquire()

    def join(self) -> None:
        self._thread.join()

    def _main(self) -> None:
        self.pause()
        _here.task = self
        try:
            if not self.host.dead:
                self._work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - told by who conducts
            self.error = error
        self._scheduler.finish(self)


class _Here(threading.local):
    task: Task | None = None


_here = _Here()


def current() -> Task | None:
    """The task that runs on this thread."""
    return _here.task


def _at_once() -> bool:
    return True


class Scheduler:
    """Runs tasks one at a time; ``time`` is seconds that never go back."""

    def __init__(self, seed: int) -> None:
        self.time = START
        self.chance = Random(seed)
        self._tasks: list[Task] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._tickets = 0
        self._finished: list[Task] = []
        self._failure: BaseException | None = None
        self._until: Callable[[], bool] = _at_once
        self._back = threading.Lock()
        self._back.acquire()

    @property
    def busy(self) -> bool:
        """Whether any task is left."""
        return bool(self._tasks)

    def spawn(self, host: Host, name: str, work: Callable[[], None]) -> Task:
        """A new task, which runs when it is its turn."""
        task = Task(self, host, name, work)
        self._tasks.append(task)
        return task

    def at(self, moment: float, event: Callable[[], None]) -> None:
        """Let something happen that belongs to no task."""
        self._tickets += 1
        heapq.heappush(self._events, (moment, self._tickets, event))

    def block(self, ready: Callable[[], bool], seconds: float = math.inf) -> None:
        """The current task waits until ``ready``, at most ``seconds``. Raises :class:`Killed`."""
        task = _here.task
        assert task is not None
        if task.host.dead:
            raise Killed
        task.ready = ready
        task.deadline = self.time + seconds
        while True:
            self._give_way(task)
            if task.host.dead:
                raise Killed
            task.host.woken()
            if ready() or self.time >= task.deadline:
                return

    def step_aside(self) -> None:
        """Perhaps let another task go first."""
        if self.chance.random() < 0.3:
            self.block(_at_once)

    def finish(self, task: Task) -> None:
        """The current task ends."""
        task.done = True
        self._tasks.remove(task)
        self._finished.append(task)
        self._failure = self._failure or task.error
        self._hand_over(self._next())

    def run(self, until: Callable[[], bool]) -> None:
        """Conduct until ``until``. Raises :class:`Stuck`, and what ended a task."""
        self._until = until
        task = self._next()
        if task is not None:
            self._hand_over(task)
            self._back.acquire()
        for finished in self._finished:
            finished.join()
        self._finished.clear()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def pass_time(self, seconds: float) -> None:
        """Time passes, and what is due happens; no task is under way."""
        end = self.time + seconds
        while self._events and self._events[0][0] <= end:
            self.time = max(self.time, self._events[0][0])
            self._happen()
        self.time = end

    def drop(self) -> None:
        """Let every task that is left die."""
        while self._tasks:
            for task in self._tasks:
                task.host.dead = True
            with suppress(Exception):  # what went wrong before is told already
                self.run(lambda: not self._tasks)

    def _happen(self) -> None:
        while self._events and self._events[0][0] <= self.time:
            heapq.heappop(self._events)[2]()

    def _able(self, task: Task) -> bool:
        if task.host.dead:
            return True
        if task.host.suspended_until > self.time:
            return False
        return self.time >= task.deadline or task.ready() or task.host.wakes(task)

    # The baton goes from task to task, and back to who conducts when all is done or went wrong.

    def _give_way(self, task: Task) -> None:
        following = self._next()
        if following is not task:
            self._hand_over(following)
            task.pause()

    def _hand_over(self, task: Task | None) -> None:
        if task is None:
            self._back.release()
        else:
            task.resume()

    def _next(self) -> Task | None:
        """Whose turn it is; None where it is the conductor's."""
        try:
            while self._failure is None and not self._until():
                self._happen()
                able = [task for task in self._tasks if self._able(task)]
                if able:
                    return able[0] if len(able) == 1 else self.chance.choice(able)
                self._wait()
        except BaseException as error:  # noqa: BLE001 - raised where it is conducted
            self._failure = error
        return None

    def _wait(self) -> None:
        moments = [
            task.host.suspended_until if task.host.suspended_until > self.time else task.deadline
            for task in self._tasks
        ]
        if self._events:
            moments.append(self._events[0][0])
        moment = min(moments, default=math.inf)
        if moment == math.inf:
            waiting = ", ".join(task.name for task in self._tasks)
            raise Stuck(f"nothing will ever happen again; waiting: {waiting}")
        self.time = max(self.time, moment)
