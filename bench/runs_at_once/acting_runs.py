"""A process with many runs that act, each with the connections, threads and heartbeat of its own.

``python -m bench.runs_at_once.acting_runs LOAD`` with a :class:`Load` as JSON. It opens its runs,
says ``ready``, waits for a line, lets them act, and says :class:`Acted` as JSON. Only the ledger is
real: a call and a read-back take a fixed time, in which nothing is done.
"""

import random
import sys
import threading
import time
from contextlib import ExitStack
from typing import Literal

import msgspec
from msgspec import Struct, structs

from bench import recorded_run
from bench.leavers import leavers_plan
from reconciler.domain import PostgresqlDatabase, SystemClock
from reconciler.ledger import open_ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.planning import Action, Plan
from reconciler.runs import JournalFailed

WORKERS = 4
_CALL, _UNTIL_READ_BACK = 0.15, 0.25
_STACK = 512 * 1024

Record = Literal["intent", "answer", "read_back", "outcome"]


class Load(Struct, frozen=True):
    """Runs on the workspaces from number ``first``: each begins ``pace`` actions a second of its
    ``actions``, for so many ``seconds``; as many as it can if ``pace`` is None."""

    place: str
    first: int
    runs: int
    actions: int
    pace: float | None
    seconds: float


class Acted(Struct, frozen=True):
    """Seconds that each record took, how many actions could not be recorded, and how long the
    runs acted, in real seconds and in processor time of this process."""

    took: dict[Record, list[float]]
    failed: int
    seconds: float
    cpu: float


def main() -> None:
    """See the module."""
    load = msgspec.json.decode(sys.argv[1], type=Load)
    threading.stack_size(_STACK)
    with ExitStack() as stack:
        template = leavers_plan(load.actions)
        runs = [
            _begun(stack, load.place, _of_workspace(template, f"w-{number:04}"))
            for number in range(load.first, load.first + load.runs)
        ]
        print("ready", flush=True)
        sys.stdin.readline()
        acted = _act(runs, load)
        print(msgspec.json.encode(acted).decode(), flush=True)
        sys.stdin.readline()


def _begun(stack: ExitStack, place: str, plan: Plan) -> "_Acting":
    ledger = stack.enter_context(open_ledger(PostgresqlDatabase(place), create=False))
    claim = structs.replace(recorded_run.claim(), workspace=plan.content.workspace)
    run = stack.enter_context(ledger.begin(claim, clock=SystemClock(), pause=time.sleep))
    run.run_opened(recorded_run.opened(run.id, plan))
    return _Acting(run, plan.content.actions)


def _of_workspace(plan: Plan, name: str) -> Plan:
    content = plan.content
    actions = tuple(structs.replace(action, workspace=name) for action in content.actions)
    return structs.replace(plan, content=structs.replace(content, workspace=name, actions=actions))


class _Acting:
    """A run whose workers record what they would do."""

    def __init__(self, run: OpenRun, actions: tuple[Action, ...]) -> None:
        self._run = run
        self._actions = actions
        self.took: dict[Record, list[float]] = {}
        self.failed = 0

    def work(self, worker: int, pace: float | None, begin: float, end: float) -> None:
        """Every fourth action, from that of ``worker`` on."""
        chance = random.Random(f"{self._run.id} {worker}")
        for number in range(worker, len(self._actions), WORKERS):
            due = begin + (number + chance.random()) / (pace or 1)
            if pace is not None and (left := due - time.monotonic()) > 0:
                time.sleep(left)
            if time.monotonic() >= end:
                return
            try:
                self._follow(self._actions[number], waiting=pace is not None)
            except JournalFailed:
                self.failed += 1
                return

    def _follow(self, action: Action, *, waiting: bool) -> None:
        run = self._run
        with _timed(self.took, "intent"):
            run.intent(recorded_run.intent(run.id, action))
        time.sleep(_CALL if waiting else 0)
        with _timed(self.took, "answer"):
            run.answer(recorded_run.answer(run.id, action))
        time.sleep(_UNTIL_READ_BACK if waiting else 0)
        with _timed(self.took, "read_back"):
            run.read_back(recorded_run.read_back(run.id, action))
        with _timed(self.took, "outcome"):
            run.outcome(recorded_run.outcome(run.id, action))


class _timed:  # noqa: N801 - reads as a statement
    """Adds the seconds that its context took."""

    def __init__(self, took: dict[Record, list[float]], record: Record) -> None:
        self._seconds = took.setdefault(record, [])

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds.append(time.perf_counter() - self._began)


def _act(runs: list[_Acting], load: Load) -> Acted:
    began, cpu = time.monotonic(), time.process_time()
    # Each action is due within the time of one.
    end = began + load.seconds + (1 / load.pace if load.pace else 0)
    threads = [
        threading.Thread(
            target=run.work,
            # Runs do not begin in step.
            args=(worker, load.pace, began + number / len(runs) / (load.pace or 1), end),
        )
        for number, run in enumerate(runs)
        for worker in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took: dict[Record, list[float]] = {}
    for run in runs:
        for record, seconds in run.took.items():
            took.setdefault(record, []).extend(seconds)
    return Acted(
        took,
        sum(run.failed for run in runs),
        time.monotonic() - began,
        time.process_time() - cpu,
    )


if __name__ == "__main__":
    main()
