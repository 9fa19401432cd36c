"""All figures of one run of the benchmarks, and which of the targets they miss."""

from collections.abc import Iterator

from msgspec import Struct

from bench import (
    apply_benchmark,
    configuration_benchmark,
    ledger_benchmark,
    looking_benchmark,
    overhead_benchmark,
    page_benchmark,
    plan_benchmark,
    rows_benchmark,
    rules_benchmark,
    start_up_benchmark,
)
from bench.apply_benchmark import ApplyFigures
from bench.configuration_benchmark import ConfigurationFigures
from bench.ledger_benchmark import LedgerFigures, Task
from bench.looking_benchmark import LookingFigures
from bench.machine import Machine
from bench.overhead_benchmark import OverheadFigures
from bench.page_benchmark import PageFigures
from bench.plan_benchmark import PlanFigures
from bench.rows_benchmark import RowsFigures
from bench.rules_benchmark import RulesFigures
from bench.start_up_benchmark import StartUpFigures

TARGET_FLEET = 100_000
"""The size of fleet that the plan's main targets are set for."""

_SMALL, _MILLION = 1_000, 1_000_000


class Results(Struct, frozen=True):
    """What was measured. Parts that were not asked for are empty."""

    machine: Machine
    start_up: StartUpFigures | None
    plans: tuple[PlanFigures, ...]
    applies: tuple[ApplyFigures, ...]
    overheads: tuple[OverheadFigures, ...]
    ledgers: tuple[LedgerFigures, ...]
    rows: RowsFigures | None = None
    looking: LookingFigures | None = None
    rules: RulesFigures | None = None
    page: PageFigures | None = None
    configuration: ConfigurationFigures | None = None

    def missed(self) -> Iterator[str]:
        """The targets that were missed, in words."""
        if self.start_up:
            yield from self._missed_by_start_up(self.start_up)
        for plan in self.plans:
            yield from self._missed_by_plan(plan)
        if self.rows and self.rows.ratio > rows_benchmark.ROWS_TARGET:
            yield f"a plan from rows takes {self.rows.ratio:.2f} of the time of one from YAML"
        if self.rules and self.rules.ratio > rules_benchmark.RULES_TARGET:
            yield f"twenty rules make a plan take {self.rules.ratio:.2f} times as long"
        if self.looking:
            yield from self._missed_by_looking(self.looking)
        if self.page:
            yield from self._missed_by_page(self.page)
        if self.configuration:
            yield from self._missed_by_configuration(self.configuration)
        yield from self._missed_by_applies()
        yield from self._missed_by_ledgers()

    def _missed_by_start_up(self, figures: StartUpFigures) -> Iterator[str]:
        if figures.wall > start_up_benchmark.TARGET:
            yield f"--version takes {figures.wall:.2f} s"
        if figures.help_wall > start_up_benchmark.HELP_TARGET:
            yield f"--help takes {figures.help_wall:.2f} s"
        if figures.completion_wall > start_up_benchmark.HELP_TARGET:
            yield f"a completion takes {figures.completion_wall:.2f} s"

    def _missed_by_plan(self, plan: PlanFigures) -> Iterator[str]:
        users = plan.fleet.declared
        if users == _SMALL and plan.imports_ratio > plan_benchmark.IMPORTS_TARGET:
            yield f"a small plan takes {plan.imports_ratio:.2f} of the time of its imports"
        if users == TARGET_FLEET and plan.ratio > plan_benchmark.RATIO_TARGET:
            yield f"a plan takes {plan.ratio:.2f} of the bare load's time"
        if users == TARGET_FLEET and plan.peak > plan_benchmark.PEAK_TARGET:
            yield f"a plan takes {plan.peak / 1e6:.0f} MB"
        if users == _MILLION and plan.peak > plan_benchmark.MILLION_PEAK_TARGET:
            yield f"a plan of a million users takes {plan.peak / 1e9:.1f} GB"
        for smaller in self.plans:
            slower = plan.wall / smaller.wall
            ends = (smaller.fleet.declared, users) == (TARGET_FLEET, _MILLION)
            if ends and slower > plan_benchmark.MILLION_TARGET:
                yield f"a plan of ten times the users takes {slower:.1f} times as long"

    def _missed_by_looking(self, figures: LookingFigures) -> Iterator[str]:
        if figures.explain_ratio > looking_benchmark.EXPLAIN_TARGET:
            yield f"an explanation takes {figures.explain_ratio:.2f} of the time of a plan"
        if figures.import_wall > looking_benchmark.IMPORT_TARGET:
            yield f"an import takes {figures.import_wall:.1f} s"

    def _missed_by_page(self, figures: PageFigures) -> Iterator[str]:
        if figures.size > page_benchmark.SIZE_TARGET:
            yield f"a page has {figures.size / 1e6:.0f} MB"
        if (opened := page_benchmark.median(figures.opened)) > page_benchmark.OPEN_TARGET:
            yield f"a page takes {opened:.1f} s to open"

    def _missed_by_configuration(self, figures: ConfigurationFigures) -> Iterator[str]:
        is_target = figures.files == configuration_benchmark.TARGET_FILES
        if is_target and figures.reading > configuration_benchmark.TARGET:
            yield f"reading {figures.files:,} workspace files takes {figures.reading:.2f} s"

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
