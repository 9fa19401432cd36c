"""Many workspaces on a number of pods: how long it takes, and what it waits for.

Time goes in steps. In each, every run does as much as the tightest of its limits lets it do: the
rate budget, its workers, the one core of its pod (threads of Python share it), and the commits of
the ledger that all runs share.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from msgspec import Struct

from bench.simulation.costs import Costs

_LIST_TIMES_AS_LONG: Final = 5
_LIST_AGE_EVER: Final = 300.0
"""As in ``reconciler.applying.user_list``."""

_BEAT: Final = 5.0
"""Seconds between two heartbeats of a lock, each of them a commit."""

_CALLS: Final = 4
"""Of an action: the token, the re-read, the disconnect and one read-back."""

_CALLS_OF_A_WORKER: Final = 3
"""Other threads read back."""

_NONE_LEFT: Final = 1e-6


class Waiting(StrEnum):
    """What a workspace waits for."""

    TURN = "a turn in its pod"
    CPU = "the core of its pod"
    LIST = "the list"
    BUDGET = "the rate budget"
    CALLS = "answers of the API"
    LEDGER = "the ledger"


class Task(Struct, frozen=True):
    """What is done, where. ``changes`` are the actions of each workspace; a plan has none.

    ``jobs`` workspaces are worked on at a time in each of the ``pods``. If they are ``indexed``,
    each workspace has a pod of its own, and so many pods are there at a time.
    """

    workspaces: int
    users: int
    changes: int
    pods: int
    jobs: int
    indexed: bool = False


class Simulated(Struct, frozen=True):
    """What it takes. Seconds, bytes, and numbers of all pods together, but ``peak`` of one of them.

    ``busiest`` is the most commits in one second. ``waited`` has the seconds of all workspaces by
    what they waited for, from the start of the command.
    """

    task: Task
    wall: float
    cpu: float
    peak: float
    commits: float
    busiest: float
    connections: float
    requests: float
    lists: int
    listed: float
    waited: dict[Waiting, float]

    @property
    def bottleneck(self) -> Waiting:
        """What workspaces waited for most."""
        return max(self.waited, key=lambda waiting: self.waited[waiting])


@dataclass
class _Run:
    """A workspace that is worked on. ``cpu``, ``listing`` and ``commits`` are what is due of them,
    apart from what the actions that are ``left`` will take."""

    cpu: float
    listing: float
    left: float
    commits: float
    good_until: float
    minted: deque[tuple[float, float]] = field(default_factory=deque)
    in_window: float = 0.0

    def wants(self, now: float, step: float, costs: Costs) -> tuple[float, Waiting]:
        """How many actions it would do in this ``step``, and what keeps it from more."""
        while self.minted and self.minted[0][0] <= now - costs.limits.window:
            self.in_window -= self.minted.popleft()[1]
        budget = costs.limits.tokens - self.in_window
        seconds = costs.apply.action + _CALLS_OF_A_WORKER * costs.assumed.answer
        workers = costs.limits.workers * step / seconds
        most = min(budget, workers, self.left)
        return most, Waiting.BUDGET if budget < min(workers, self.left) else Waiting.CALLS


@dataclass
class _Pod:
    """A pod, and how many workspaces it has not begun and has finished."""

    cpu: float
    queued: int
    finished: int = 0
    runs: list[_Run] = field(default_factory=list)


def simulate(task: Task, costs: Costs, step: float = 1.0) -> Simulated:
    """Do ``task`` at these ``costs``, in steps of so many seconds."""
    return _Simulation(task, costs, step).run()


class _Simulation:
    def __init__(self, task: Task, costs: Costs, step: float) -> None:
        self._task = task
        self._costs = costs
        self._step = step
        self._acts = task.changes > 0
        start_up = costs.apply.start_up if self._acts else costs.plan.start_up
        shares = [len(range(pod, task.workspaces, task.pods)) for pod in range(task.pods)]
        self._start_up = start_up if task.indexed else 0.0
        self._pod_start = costs.assumed.pod_start if task.indexed else 0.0
        self._pods = [_Pod(start_up - self._start_up, share) for share in shares if share]
        self._waited = dict.fromkeys(Waiting, 0.0)
        self._now = 0.0
        self._cpu = sum(pod.cpu for pod in self._pods)
        self._commits = self._busiest = self._requests = 0.0
        self._lists = self._most_runs = self._most_in_a_pod = 0

    def run(self) -> Simulated:
        while any(pod.queued or pod.runs for pod in self._pods):
            self._begin()
            self._act()
            self._compute()
            self._now += self._step
            for pod in self._pods:
                left = [run for run in pod.runs if not self._is_done(run)]
                pod.finished += len(pod.runs) - len(left)
                pod.runs = left
        task, costs = self._task, self._costs
        plan = costs.plan
        kept = 0 if task.indexed else -(-task.workspaces // task.pods) - self._most_in_a_pod
        held = costs.apply.memory_a_user if self._acts else plan.memory_a_user
        peak = costs.apply.idle if self._acts else plan.idle
        peak += task.users * (self._most_in_a_pod * held + plan.kept_a_user * kept)
        return Simulated(
            task=task,
            wall=self._now,
            cpu=self._cpu,
            peak=peak,
            commits=self._commits,
            busiest=self._busiest,
            connections=self._most_runs * costs.apply.connections if self._acts else 0,
            requests=self._requests + self._lists,
            lists=self._lists,
            listed=self._lists * task.users * plan.listed_a_user,
            waited=self._waited,
        )

    def _begin(self) -> None:
        """Let each pod that has started begin workspaces, up to its jobs."""
        for pod in self._pods:
            while pod.cpu <= 0 and pod.queued and len(pod.runs) < self._task.jobs:
                pod.queued -= 1
                pod.runs.append(self._fresh())
            self._waited[Waiting.TURN] += pod.queued * self._step
            self._most_in_a_pod = max(self._most_in_a_pod, len(pod.runs))
        self._most_runs = max(self._most_runs, sum(len(pod.runs) for pod in self._pods))

    def _fresh(self) -> _Run:
        costs = self._costs
        self._lists += 1
        return _Run(
            cpu=self._start_up + self._task.users * costs.plan.cpu_a_user,
            listing=self._pod_start + self._list_seconds(),
            left=self._task.changes,
            commits=costs.apply.opening if self._acts else 0.0,
            good_until=self._now + costs.limits.list_age,
        )

    def _list_seconds(self) -> float:
        size = self._task.users * self._costs.plan.listed_a_user
        return self._costs.assumed.list_answer + size / self._costs.assumed.bandwidth

    def _act(self) -> None:
        """Every run that has its list and its plan does what its limits and the ledger allow."""
        apply, step = self._costs.apply, self._step
        wanted: list[tuple[_Run, float, Waiting]] = []
        commits = 0.0
        for pod in self._pods:
            for run in pod.runs:
                if run.listing > 0:
                    run.listing -= step
                    self._waited[Waiting.LIST] += step
                elif run.cpu > 0:
                    self._waited[Waiting.CPU] += step
                elif run.left > _NONE_LEFT:
                    most, why = run.wants(self._now, step, self._costs)
                    if most > 0 and self._now >= run.good_until:
                        self._list_again(run)
                        self._waited[Waiting.LIST] += step
                        continue
                    wanted.append((run, most, why))
                    commits += most * apply.commits_an_action
                if self._acts:
                    run.commits += step / _BEAT
                commits += run.commits
        most_commits = self._costs.commits_a_second * step
        share = min(1.0, most_commits / commits) if commits else 1.0
        for run, most, why in wanted:
            self._do(run, most * share)
            self._waited[Waiting.LEDGER if share < 1 else why] += step
        for pod in self._pods:
            for run in pod.runs:
                run.commits *= 1 - share
        self._commits += commits * share
        self._busiest = max(self._busiest, commits * share / step)

    def _do(self, run: _Run, actions: float) -> None:
        run.left -= actions
        run.minted.append((self._now, actions))
        run.in_window += actions
        run.cpu += actions * self._costs.apply.action_cpu
        self._requests += actions * _CALLS

    def _list_again(self, run: _Run) -> None:
        took = self._list_seconds() + self._task.users * self._costs.apply.list_cpu_a_user
        age = max(self._costs.limits.list_age, _LIST_TIMES_AS_LONG * took)
        run.good_until = self._now + min(age, _LIST_AGE_EVER)
        run.listing = self._list_seconds()
        run.cpu += self._task.users * self._costs.apply.list_cpu_a_user
        self._lists += 1

    def _compute(self) -> None:
        """Give the core of each pod to its start, then to its runs in equal parts."""
        for pod in self._pods:
            free = self._step
            if pod.cpu > 0:
                pod.cpu -= free
                continue
            due = sorted((run for run in pod.runs if run.cpu > 0), key=lambda run: run.cpu)
            for place, run in enumerate(due):
                used = min(run.cpu, free / (len(due) - place))
                run.cpu -= used
                free -= used
                self._cpu += used

    def _is_done(self, run: _Run) -> bool:
        return run.listing <= 0 and run.cpu <= 0 and run.left <= _NONE_LEFT
