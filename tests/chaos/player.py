"""Plays one schedule from its beginning to the end, and then sees whether all came right."""

import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from reconciler.domain import Exit
from reconciler.reporting import PlanReport, RunReport
from tests.chaos import ending
from tests.chaos.expectation import expected, planned, rows_of
from tests.chaos.ground import Ground
from tests.chaos.judge import Violation
from tests.chaos.ledger_eye import LedgerEye
from tests.chaos.places import Places, PostgresqlPlaces, SqlitePlaces
from tests.chaos.process import Process
from tests.chaos.schedule import (
    ApplyIt,
    Calm,
    ClockJump,
    Configure,
    Crash,
    Edit,
    Faulty,
    Happening,
    Incident,
    Interrupt,
    LedgerFails,
    Outside,
    PlanIt,
    ResumeIt,
    Rival,
    Run,
    Schedule,
    Step,
    Suspend,
    Wait,
    to_blob,
)
from tests.chaos.substitutes import substituted
from tests.chaos.watch import Watch
from tests.chaos.world import Acting, World
from tests.postgresql import Cluster

LANDED = 900.0
"""Seconds after which whatever was on its way has arrived and shows."""


class Played(Struct):
    """How it went."""

    violations: list[Violation]
    census: Counter[str]
    trace: list[str]


class Violated(AssertionError):
    """A schedule shows that an invariant does not hold."""

    def __init__(self, schedule: Schedule, played: Played) -> None:
        found = "\n".join(f"  {violation}" for violation in played.violations[:5])
        replay = f"python -m tests.chaos --replay {to_blob(schedule)}"
        super().__init__(f"\n{found}\nplay it again:\n  {replay}")
        self.invariants = [violation.invariant for violation in played.violations]


class Stage:
    """What all schedules of a process are played on: one sandbox, places for ledgers.

    With a ``cluster`` some schedules keep their ledger there.
    """

    def __init__(self, cluster: Cluster | None = None) -> None:
        memory = Path("/dev/shm")  # durability is not what is looked at here
        self._root = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self._ground = Ground(self._root)
        self._sqlite = SqlitePlaces(self._root)
        self._postgresql = None if cluster is None else PostgresqlPlaces(cluster)

    def __enter__(self) -> "Stage":
        if self._postgresql is not None:
            self._postgresql.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._postgresql is not None:
            self._postgresql.__exit__()
        self._ground.__exit__()
        shutil.rmtree(self._root)

    def play(self, schedule: Schedule) -> Played:
        """Play it. What goes wrong in the tool is a violation, never an exception."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        places: Places = self._sqlite
        if schedule.postgresql and self._postgresql is not None:
            places = self._postgresql
        watch = Watch()
        try:
            with places.lay_out(folder, new=schedule.new_ledger) as (url, ask):
                world = World(schedule, self._ground, folder, url, LedgerEye(ask), watch)
                watch.world = world
                with substituted(world):
                    try:
                        _Play(world, watch).all()
                    finally:
                        world.close()
        finally:
            shutil.rmtree(folder)
        world.census[f"on {type(places).__name__}"] += 1
        return Played(watch.violations, world.census, world.trace)

    def check(self, schedule: Schedule) -> Played:
        """Play it. Raises :class:`Violated`."""
        played = self.play(schedule)
        if played.violations:
            raise Violated(schedule, played)
        return played


class _Play:
    def __init__(self, world: World, watch: Watch) -> None:
        self._world = world
        self._watch = watch

    def all(self) -> None:
        try:
            for step in self._world.schedule.steps:
                self._step(step)
                if self._watch.violations:
                    return
            self._end()
        except Exception as error:  # noqa: BLE001 - a violation too
            self._watch.violations.append(
                Violation("nothing_breaks", "".join(traceback.format_exception(error)))
            )
        self._world.census["steps"] += len(self._world.schedule.steps)

    def _step(self, step: Step) -> None:
        world = self._world
        match step:
            case Run(command=command, incidents=incidents):
                process = world.begin(command)
                self._arm(process, incidents)
                before = len(world.processes) - 1
                world.conduct()
                for ended in world.processes[before:]:
                    ending.judge(ended, world, self._watch)
                if isinstance(command, PlanIt):
                    self._compare(process)
            case Edit(manifests=number):
                world.manifest = number
                world.write_files()
            case Configure(config=number):
                world.config = number
                world.write_files()
            case Wait(seconds=seconds):
                world.scheduler.pass_time(seconds)
            case _:
                self._happen(None, step)

    def _arm(self, process: Acting, incidents: tuple[Incident, ...]) -> None:
        for incident in incidents:
            process.incidents.append((incident.trigger, self._happening(incident.what)))

    def _happening(self, what: Happening) -> Callable[[Process, str], None]:
        def happens(process: Process, seam: str) -> None:
            self._world.log(f"{process.name} at {seam}: {what}")
            self._world.census[f"incident {type(what).__name__}"] += 1
            if isinstance(what, Suspend) and seam in {"leave:disconnect", "leave:update_user"}:
                self._world.census["suspended between the last check and the sending"] += 1
            if isinstance(what, Suspend) and seam == "written:intent":
                self._world.census["suspended between the intent and the last check"] += 1
            self._happen(process, what)

        return happens

    def _happen(self, process: Process | None, what: Happening | Step) -> None:
        world = self._world
        match what:
            case Outside(changes=changes):
                world.change(changes)
            case Faulty(faults=faults):
                world.fail(faults)
            case Calm():
                world.calm()
            case ClockJump(seconds=seconds):
                world.set_the_clock(seconds)
            case _:
                assert process is not None
                self._happen_to(process, what)

    def _happen_to(self, process: Process, what: Happening | Step) -> None:
        match what:
            case Crash(after=after):
                assert isinstance(process, Acting)
                if after:
                    now = self._world.scheduler.time
                    self._world.scheduler.at(now + after, lambda: self._killed_later(process))
                else:
                    self._killed(process)
                    process.kill()
            case Suspend(seconds=seconds):
                process.suspend(seconds)
            case Interrupt():
                process.signalled = True
            case LedgerFails(writes=writes, after=after):
                process.writes_fail, process.writes_fail_after = writes, after
            case Rival(command=command, delay=delay, incidents=incidents):
                self._arm(self._world.begin(command, delay), incidents)
            case _:
                raise TypeError(what)

    def _killed_later(self, process: Acting) -> None:
        if not process.over:
            self._world.log(f"{process.name} is killed")
            self._killed(process)
            process.die()

    def _killed(self, process: Acting) -> None:
        census, eye = self._world.census, self._world.eye
        run = eye.run_of(process.number)
        if run is not None and any(doubt[0] == run for doubt in eye.in_doubt()):
            census["crash with an intent open"] += 1
        if process.sent:
            census["crash after a call"] += 1
        if any(call.under_way for call in process.sent):
            census["crash while the server works on a call"] += 1

    # When all is over.

    def _end(self) -> None:
        """Faults end, others stop, what is on its way lands: now the tool has to come right."""
        world = self._world
        world.census["calls while there is trouble"] += world.census["calls"]
        world.calm()
        world.scheduler.pass_time(LANDED)
        world.ground.hurry()
        self._compare(self._run(PlanIt(save=False)))
        allow = tuple(ending.ALLOWABLE)
        last = self._run(ApplyIt(allow=allow, max_failures=99))
        if _held_in_doubt(last):
            # As it says: after a while. A clock set back hides how old a call is until another run
            # of its own time is as old.
            world.scheduler.pass_time(LANDED)
            last = self._run(ApplyIt(allow=allow, max_failures=99))
        if last.status != Exit.OK:
            self._watch.fail(ending.the_world_becomes_as_declared, f"{last.status} {last.error!r}")
        plan = self._run(PlanIt(save=False))
        self._compare(plan)
        report = plan.reports[-1]
        if isinstance(report, PlanReport) and report.plan.content.actions:
            self._watch.fail(ending.the_world_becomes_as_declared, "there is more to do")
        ending.judge_all(world, self._watch)

    def _run(self, command: PlanIt | ApplyIt | ResumeIt) -> Acting:
        process = self._world.begin(command)
        self._world.conduct()
        ending.judge(process, self._world, self._watch)
        return process

    def _compare(self, process: Acting) -> None:
        """A plan made on a true list shows exactly desired against observed."""
        if any(e.fault is not None for e in process.exchanges) or process.crashed:
            return
        report = process.reports[-1] if process.reports else None
        if not isinstance(report, PlanReport):
            return
        listing = process.readings.listing
        if listing is None or listing.read_at > listing.asked_at:
            return  # its pages waited for their rate budget, and calls may have landed meanwhile
        rows = rows_of(self._world.ground.state.users())
        should = expected(process.force, rows)
        is_ = planned(report.plan.content)
        if should != is_:
            self._watch.fail(ending.a_plan_shows_desired_against_observed, f"{should} / {is_}")
        self._world.census["plans compared"] += 1


def _held_in_doubt(process: Acting) -> bool:
    """Whether the run held somebody because an earlier call for them was in doubt."""
    report = process.reports[-1] if process.reports else None
    return isinstance(report, RunReport) and bool(report.result.in_doubt)
