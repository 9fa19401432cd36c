"""One schedule's world: the sandbox, the processes, the files, and all that was exchanged."""

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from reconciler.cli.errors import EndedWith
from reconciler.engine import Approved
from reconciler.planning import Plan
from reconciler.reporting import PlanReport
from reconciler.runs import Who
from reconciler.sandbox.admission import TOKEN_HEADER
from reconciler.sandbox.service import DelayedRequest, ServiceResult
from tests.chaos import commands
from tests.chaos.files import write_config, write_manifest
from tests.chaos.ground import Ground
from tests.chaos.ledger_eye import LedgerEye
from tests.chaos.network import Exchange, Network, answered
from tests.chaos.process import Process, Times
from tests.chaos.readings import Listing, Readings
from tests.chaos.schedule import (
    ApplyIt,
    Change,
    Command,
    Config,
    Declared,
    Fault,
    PlanIt,
    ResumeIt,
    Schedule,
)
from tests.chaos.scheduler import Scheduler, Task, current


class Saved(msgspec.Struct, frozen=True):
    """A plan file, the plan that the command showed when it wrote it, and who made it when, by
    the wall clock of the machine."""

    path: Path
    plan: Plan
    maker: "Acting"
    made_at: float


class Acting(Process):
    """A process with what it works with, and what it was seen to do."""

    def __init__(self, number: int, times: Times, command: Command, force: "Force") -> None:
        super().__init__(number, times, type(command).__name__)
        self.command = command
        self.workers = getattr(command, "workers", 0)
        self.force = force
        self.readings = Readings()
        self.exchanges: list[Exchange] = []
        self.approved: Approved | None = None
        self.begun_at = 0.0  # by the machine's wall clock, as the next
        self.approved_at = 0.0
        self.clock_was_set = False
        self.planned_by: Listing | None = None
        self.saved: Saved | None = None
        self.resumed: str | None = None
        self.run: str | None = None
        self.opened = False
        self.baseline: tuple[int, int] | None = None
        self.rows_before: dict[str, int] = {}
        self.last_list: Listing | None = None
        self.intents: list[float] = []
        self.late_calls = 0
        self.calls: dict[str, list[Exchange]] = {}
        self.writes = 0
        self.error: BaseException | None = None

    @property
    def sent(self) -> list[Exchange]:
        """The mutating calls that arrived."""
        return [exchange for exchange in self.exchanges if exchange.mutating]


class Force(msgspec.Struct, frozen=True):
    """Manifests and configuration as they are when a command begins."""

    manifest: tuple[Declared, ...]
    config: Config
    ballast: int

    def declared(self, name: str) -> Declared | None:
        for one in self.manifest:
            if one.name == name:
                return one
        return Declared(name, ("google",)) if name in self.ballast_names else None

    @property
    def ballast_names(self) -> set[str]:
        return {f"b{n}" for n in range(self.ballast)}

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.manifest] + sorted(self.ballast_names)

    @property
    def named(self) -> list[str]:
        """Those that an entry or a row names; a rule names nobody."""
        by_rule = {one.name for one in self.manifest if one.by == "rule"}
        return [name for name in self.names if name not in by_rule]

    @property
    def rows(self) -> Counter[str]:
        """How many rows each source has."""
        return Counter(one.kind for one in self.manifest if one.by == "row")


def wanted(declared: Declared) -> frozenset[str] | None:
    """The platforms that an entry asks for; None where it does not say."""
    if declared.group:
        return frozenset()
    return None if declared.platforms is None else frozenset(declared.platforms)


class World:
    """Everything in one place. ``watch`` is told what happens, as it happens."""

    def __init__(
        self,
        schedule: Schedule,
        ground: Ground,
        folder: Path,
        ledger: str,
        eye: LedgerEye,
        watch: Any,
    ) -> None:
        self.schedule = schedule
        self.ground = ground
        self.folder = folder
        self.ledger = ledger
        self.eye = eye
        self.watch = watch
        self.scheduler = Scheduler(schedule.seed)
        self.times = Times(self.scheduler)
        self.processes: list[Acting] = []
        self.saved: list[Saved] = []
        self.manifest = 0
        self.config = 0
        self.clock_was_set = False
        self.refusals = 0
        self.census: Counter[str] = Counter()
        self.trace: list[str] = []
        self.tokens: set[str] = set()
        ground.clock = self.times.server
        ground.seed(schedule.people, schedule.ballast, schedule.switches)
        ground.new_log()
        self.write_files()

    # Files.

    @property
    def config_path(self) -> Path:
        return self.folder / "reconciler.yaml"

    @property
    def force(self) -> Force:
        schedule = self.schedule
        manifest = schedule.manifests[self.manifest % len(schedule.manifests)]
        config = schedule.configs[self.config % len(schedule.configs)]
        return Force(manifest, config, schedule.ballast)

    def write_files(self) -> None:
        force = self.force
        ballast = tuple(Declared(name, ("google",)) for name in sorted(force.ballast_names))
        write_manifest(self.folder / "manifest.yaml", force.manifest + ballast)
        write_config(self.config_path, force.config, self.ledger)

    # Processes.

    def begin(self, command: Command, delay: float = 0.0) -> Acting:
        """Start a command; it runs when the scheduler does."""
        process = Acting(len(self.processes) + 1, self.times, command, self.force)
        self.processes.append(process)

        def work() -> None:
            if delay:
                self.scheduler.block(lambda: False, delay)
                process.force = self.force
            process.begun_at = self.times.machine()
            self.log(f"{process.name} begins")
            try:
                process.status = self._command(process)
            finally:
                self.log(f"{process.name} ends {process.status} {process.error or ''}")

        process.main = self.scheduler.spawn(process, process.name, work)
        return process

    def _command(self, process: Acting) -> int | None:
        command, config = process.command, self.config_path
        match command:
            case PlanIt():
                out = self.folder / f"plan-{process.number}.json"
                status = commands.run_plan(command, config, out)
                report = process.reports[-1]
                if isinstance(report, PlanReport) and out.exists():
                    made = Saved(out, report.plan, process, self.times.machine())
                    self.saved.append(made)
                return status
            case ApplyIt(saved=number):
                if number is not None and self.saved:
                    process.saved = self.saved[number % len(self.saved)]
                path = process.saved.path if process.saved else None
                return commands.run_apply(command, config, path)
            case ResumeIt(ago=ago):
                runs = self.eye.runs()
                if not runs:
                    return None
                process.resumed = runs[ago % len(runs)]
                return commands.run_resume(command, config, process.resumed)
            case _:
                holder = self.eye.holder()
                return None if holder is None else commands.run_unlock(config, holder)

    def set_the_clock(self, seconds: float) -> None:
        """The machine's wall clock is set, back or forth."""
        self.times.wall += seconds
        self.clock_was_set = True
        for process in self.processes:
            process.clock_was_set |= not process.over

    def process_of(self, run: str) -> Acting | None:
        """The process that opened ``run``."""
        return next((one for one in self.processes if one.run == run), None)

    def alive(self, who: Who, start: str | None = None) -> bool | None:
        """What the machine says of a process."""
        process = self.processes[who.pid - 1]
        return not (process.over or process.dead)

    def conduct(self) -> None:
        """Until every process has ended."""
        self.scheduler.run(lambda: all(process.over for process in self.processes))
        # Threads of dead processes, and those that outlive a command, which are none.
        self.scheduler.run(lambda: not self.scheduler.busy)

    # The network.

    def network(self) -> Network:
        return Network(self.serve, self._deliver, self._refuses)

    def _deliver(self, exchange: Exchange) -> None:
        process = exchange.process
        assert isinstance(process, Acting)
        process.readings.take(exchange)
        if exchange.mutating:
            self.log(f"{process.name} has {exchange.status} for its {exchange.endpoint}")

    def _refuses(self) -> bool:
        if self.refusals > 0:
            self.refusals -= 1
            self.census["fault refused"] += 1
            return True
        return False

    def serve(self, exchange: Exchange) -> None:
        """The request arrives: before anything else goes on."""
        process = exchange.process
        assert isinstance(process, Acting)
        process.exchanges.append(exchange)
        self.scheduler.at(self.scheduler.time, lambda: self._arrive(exchange))

    def _arrive(self, exchange: Exchange) -> None:
        exchange.at = self.scheduler.time
        self.watch.arrives(exchange)
        result = self.ground.handle(exchange.request)
        if isinstance(result, DelayedRequest):
            delayed = result
            exchange.under_way = True
            self._logged(exchange)
            self.scheduler.at(
                self.scheduler.time + delayed.seconds, lambda: self._late(exchange, delayed)
            )
            return
        self._logged(exchange)
        self._answer(exchange, result)
        token = exchange.request.headers.get(TOKEN_HEADER)
        if token is not None:
            self.tokens.add(token)

    def _late(self, exchange: Exchange, delayed: DelayedRequest) -> None:
        exchange.under_way = False
        result = self.ground.resume(exchange.request, delayed)
        row = self.ground.state.log(since=exchange.seq - 1)[0]
        exchange.effect = row.effect
        self._answer(exchange, result)

    def _logged(self, exchange: Exchange) -> None:
        (row,) = self.ground.new_log()
        exchange.seq = row.seq
        exchange.external_id = row.external_id
        exchange.effect = row.effect
        exchange.fault = row.fault
        self.log(
            f"{exchange.process.name} {exchange.endpoint} {row.external_id or ''} {row.body or ''}"
            f" -> {row.status} {row.effect or ''} {row.fault or ''}"
        )
        if row.fault:
            self.census[f"fault {row.fault}"] += 1

    def _answer(self, exchange: Exchange, result: ServiceResult) -> None:
        delay = result.fault.answer_delay if result.fault else 0.0
        if delay:
            self.scheduler.at(self.scheduler.time + delay, lambda: answered(exchange, result))
        else:
            answered(exchange, result)

    # Others.

    def outside(self, happens: Callable[[], None]) -> None:
        """Do ``happens`` where no process is, also when a process's seam asks for it."""
        task: Task | None = current()
        if task is None:
            happens()
            return
        done: list[bool] = []

        def event() -> None:
            happens()
            done.append(True)

        self.scheduler.at(self.scheduler.time, event)
        self.scheduler.block(lambda: bool(done))

    def change(self, changes: tuple[Change, ...]) -> None:
        def happens() -> None:
            for change in changes:
                self.ground.change(change)
                self.census["change by others"] += 1
                self.log(f"others: {change.what} {change.name} {change.platform}")

        self.outside(happens)

    def fail(self, faults: tuple[Fault, ...]) -> None:
        def happens() -> None:
            self.ground.fail(tuple(fault for fault in faults if fault.kind != "refused"))

        self.refusals += sum(fault.times for fault in faults if fault.kind == "refused")
        self.outside(happens)

    def calm(self) -> None:
        self.refusals = 0
        self.outside(self.ground.state.clear_faults)

    def log(self, words: str) -> None:
        self.trace.append(f"{self.scheduler.time - 1000:8.2f} {words}")

    def close(self) -> None:
        """No task is left."""
        with contextlib.suppress(EndedWith):
            self.scheduler.drop()
