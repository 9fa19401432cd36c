"""A ledger of many years: is what people and runs wait for still there at once?"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from bench import recorded_run
from bench.environment import RECONCILER, environment
from bench.leavers import TARGET, leavers_plan, made_again
from bench.measured_process import measure
from bench.places import Kind, Places, ledger_line
from bench.recorded_ledger import TOLD, Recorded, Shape, fill, find_dead_again, let_die
from reconciler.config import Workspace, load_configuration
from reconciler.domain import COMMAND_LINE, LedgerPlace, SqliteFile, SystemClock
from reconciler.engine import remember
from reconciler.ledger import LockHeld, open_ledger, read_ledger
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.planning import Plan, seal

TARGET_SECONDS = 1.0
_LISTED = 20


class Task(StrEnum):
    """What is done with the ledger, in the order in which it is shown."""

    RUNS = "`reconciler runs`, whole process"
    STORY = f"`reconciler runs RUN` of {TOLD} actions, whole process"
    REMEMBER = "what `plan` reads: opening, the last accepted fleet, dead runs"
    LIST = f"listing {_LISTED} of the runs"
    TELL = f"finding a run by its id's beginning, and all of its {TOLD} actions"
    USED_BY = "whether a plan was used"
    OPEN = "opening it to write"
    BEGIN = "taking the lock and opening the run"
    HELD = "asking who holds the lock"
    IN_DOUBT = "asking what is in doubt"
    HISTORY = "asking for the last accepted fleet"
    OPENED = f"storing a plan of {TOLD} actions"
    INTENT = "an intent"
    ANSWER = "an answer"
    READ_BACK = "a read-back"
    OUTCOME = "an outcome"
    CLOSED = f"closing the run, {TOLD - 1} outcomes, and giving back the lock"
    RUNS_DEAD = "`reconciler runs` with a dead run, whole process"
    REMEMBER_DEAD = "what `plan` reads, with a dead run"
    BEGIN_DEAD = "taking the lock of a dead run and opening the next"
    IN_DOUBT_DEAD = "asking what the dead run left in doubt"


class LedgerFigures(Struct, frozen=True):
    """One ledger and real seconds for each task, as often as it was done."""

    kind: Kind
    shape: Shape
    recorded: Recorded
    seconds: dict[Task, list[float]]

    def median(self, task: Task) -> float:
        return statistics.median(self.seconds[task])

    def worst(self, task: Task) -> float:
        return max(self.seconds[task])


def measure_ledgers(
    actions: int, runs_of: list[int], repetitions: int, places: Places
) -> Iterator[LedgerFigures]:
    """Ledgers of ``actions`` recorded actions, in runs of so many, on every database."""
    for kind in places.kinds:
        for each in runs_of:
            with places.fresh(kind) as place:
                shape = Shape(actions // each, each)
                recorded = fill(place, shape)
                with tempfile.TemporaryDirectory() as name:
                    measured = _Measured(place, Path(name), recorded)
                    measured.all(shape, repetitions)
                yield LedgerFigures(kind, shape, recorded, measured.seconds)


class _Measured:
    """The tasks, done again and again. SQLite's file is cold before each, as after a night."""

    def __init__(self, place: LedgerPlace, folder: Path, recorded: Recorded) -> None:
        self.seconds: dict[Task, list[float]] = {task: [] for task in Task}
        self._place = place
        self._folder = folder
        self._recorded = recorded
        self._plan = leavers_plan(TOLD)
        self._workspace = _workspace(folder, place)
        self._clock = SystemClock()

    def all(self, shape: Shape, repetitions: int) -> None:
        for number in range(shape.runs, shape.runs + repetitions):
            self._look(Task.RUNS, Task.REMEMBER)
            self._process(Task.STORY, "runs", self._recorded.shown)
            self._read()
            self._act(made_again(self._plan, number))
        dead = self._recorded.last
        let_die(self._place, dead, shape)
        for _ in range(repetitions):
            self._look(Task.RUNS_DEAD, Task.REMEMBER_DEAD)
            self._find_dead()
            find_dead_again(self._place, dead)

    def _look(self, runs: Task, reading: Task) -> None:
        """What looks at the ledger without writing it."""
        self._process(runs, "runs")
        self._cool()
        with self._timed(reading):
            remembered = remember(self._workspace, TARGET.base_url, COMMAND_LINE)
        dead = bool(remembered.ledger.dead)
        _check(
            holds=remembered.history.accepted is not None and dead is (runs is Task.RUNS_DEAD),
            otherwise="a plan would not judge by what was recorded",
        )

    def _read(self) -> None:
        """What the commands ask, without the process around it."""
        self._cool()
        seen = self._recorded.shown
        with read_ledger(self._place) as ledger:
            with self._timed(Task.LIST):
                listed = ledger.runs(TARGET.workspace, _LISTED)
            with self._timed(Task.TELL):
                story = ledger.run_history(ledger.find(seen[:8]))
            with self._timed(Task.USED_BY):
                used_by = ledger.used_by(self._recorded.seal)
        written = sum(len(action.steps) for action in story.actions)
        _check(
            holds=bool(listed) and (written, used_by) == (4 * TOLD, seen),
            otherwise="runs and stories are not as they were recorded",
        )

    def _act(self, plan: Plan) -> None:
        """A whole run, whose first action alone is begun and ended in time."""
        self._cool()
        with self._opened(Task.OPEN) as ledger, self._begun(ledger, Task.BEGIN) as run:
            with self._timed(Task.HELD):
                self._knock(ledger)
            with self._timed(Task.IN_DOUBT):
                in_doubt = run.in_doubt()
            with self._timed(Task.HISTORY):
                history = run.history()
            _check(
                holds=not in_doubt and history.accepted is not None,
                otherwise="a run begins with another history than was recorded",
            )
            action = plan.content.actions[0]
            with self._timed(Task.OPENED):
                run.run_opened(recorded_run.opened(run.id, plan))
            with self._timed(Task.INTENT):
                run.intent(recorded_run.intent(run.id, action))
            _check(
                holds=run.used_by(seal(plan)) == run.id,
                otherwise="the first intent did not use the plan",
            )
            with self._timed(Task.ANSWER):
                run.answer(recorded_run.answer(run.id, action))
            with self._timed(Task.READ_BACK):
                run.read_back(recorded_run.read_back(run.id, action))
            with self._timed(Task.OUTCOME):
                run.outcome(recorded_run.outcome(run.id, action))
            with self._timed(Task.CLOSED):
                run.run_closed(recorded_run.closed(run.id, plan))

    def _find_dead(self) -> None:
        self._cool()
        with (
            open_ledger(self._place, create=False) as ledger,
            self._begun(ledger, Task.BEGIN_DEAD) as run,
        ):
            with self._timed(Task.IN_DOUBT_DEAD):
                in_doubt = run.in_doubt()
            _check(holds=bool(in_doubt and run.dead), otherwise="the dead run was not found")

    def _knock(self, ledger: Ledger) -> None:
        with suppress(LockHeld):
            ledger.begin(recorded_run.claim(), clock=self._clock, pause=time.sleep)
            raise WrongLedger("a second run got the lock")

    @contextmanager
    def _opened(self, task: Task) -> Iterator[Ledger]:
        with ExitStack() as stack:
            with self._timed(task):
                ledger = stack.enter_context(open_ledger(self._place, create=False))
            yield ledger

    @contextmanager
    def _begun(self, ledger: Ledger, task: Task) -> Iterator[OpenRun]:
        with self._timed(task):
            run = ledger.begin(recorded_run.claim(), clock=self._clock, pause=time.sleep)
        with run:
            yield run

    def _process(self, task: Task, *arguments: str) -> None:
        self._cool()
        took = measure([RECONCILER, *arguments], self._folder, environment())
        self.seconds[task].append(took.wall)

    @contextmanager
    def _timed(self, task: Task) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[task].append(time.perf_counter() - began)

    def _cool(self) -> None:
        """Let the system forget the file's content."""
        if isinstance(self._place, SqliteFile):
            with self._place.path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class WrongLedger(Exception):
    """The ledger does not say what was recorded in it: its figures mean nothing."""


def _check(*, holds: bool, otherwise: str) -> None:
    if not holds:
        raise WrongLedger(otherwise)


def _workspace(folder: Path, place: LedgerPlace) -> Workspace:
    (folder / "users.yaml").write_text("apiVersion: reconciler/v1\nusers: []\n", encoding="utf-8")
    configuration = folder / "reconciler.yaml"
    configuration.write_text(
        f"""\
apiVersion: reconciler/v1
defaultWorkspace: {TARGET.workspace}
{ledger_line(place)}\
workspaces:
  {TARGET.workspace}:
    baseUrl: {TARGET.base_url}
    apiKey: {{env: RECALL_API_KEY}}
    manifests: [users.yaml]
""",
        encoding="utf-8",
    )
    return load_configuration(configuration).workspace(TARGET.workspace)
