"""All figures of one run of the benchmarks, and which of the targets they miss."""

from collections.abc import Iterator

from msgspec import Struct

from bench import (
    apply_benchmark,
    ledger_benchmark,
    overhead_benchmark,
    plan_benchmark,
    start_up_benchmark,
)
from bench.apply_benchmark import ApplyFigures
from bench.ledger_benchmark import LedgerFigures, Task
from bench.machine import Machine
from bench.overhead_benchmark import OverheadFigures
from bench.plan_benchmark import PlanFigures
from bench.start_up_benchmark import StartUpFigures

TARGET_FLEET = 100_000
"""The size of fleet that the plan's targets are set for."""


class Results(Struct, frozen=True):
    """What was measured. Parts that were not asked for are empty."""

    machine: Machine
    start_up: StartUpFigures | None
    plans: tuple[PlanFigures, ...]
    applies: tuple[ApplyFigures, ...]
    overheads: tuple[OverheadFigures, ...]
    ledgers: tuple[LedgerFigures, ...]

    def missed(self) -> Iterator[str]:
        """The targets that were missed, in words."""
        if self.start_up and self.start_up.wall > start_up_benchmark.TARGET:
            yield f"--version takes {self.start_up.wall:.2f} s"
        for plan in self.plans:
            if plan.fleet.declared != TARGET_FLEET:
                continue
            if plan.ratio > plan_benchmark.RATIO_TARGET:
                yield f"a plan takes {plan.ratio:.2f} of the bare load's time"
            if plan.peak > plan_benchmark.PEAK_TARGET:
                yield f"a plan takes {plan.peak / 1e6:.0f} MB"
        yield from self._missed_by_applies()
        yield from self._missed_by_ledgers()

    def _missed_by_applies(self) -> Iterator[str]:
        for apply in self.applies:
            if apply.slowness > apply_benchmark.SLOWNESS_TARGET:
                yield f"apply at share {apply.share:g} takes {apply.slowness:.3f} of the schedule"
            if apply.throttled:
                yield f"apply at share {apply.share:g} was throttled {apply.throttled} times"
            if not apply.exactly_once:
                yield f"apply at share {apply.share:g} did not disconnect everybody exactly once"

    def _missed_by_ledgers(self) -> Iterator[str]:
        for overhead in self.overheads:
            if overhead.ratio > overhead_benchmark.OVERHEAD_TARGET:
                yield f"a ledger in {overhead.kind} makes an apply take {overhead.ratio:.3f} times"
            if not all(run.exactly_once for run in (*overhead.without, *overhead.recorded)):
                yield f"applies beside {overhead.kind} did not disconnect everybody exactly once"
        for ledger in self.ledgers:
            name = f"{ledger.shape.runs:,} runs of {ledger.shape.actions:,} in {ledger.kind}"
            for task in Task:
                if ledger.worst(task) > ledger_benchmark.TARGET_SECONDS:
                    yield f"{name}: {task} takes {ledger.worst(task):.2f} s"
