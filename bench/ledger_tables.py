"""The results on the ledger as tables: what it costs a run, and what its size costs."""

import statistics
from collections.abc import Sequence

from bench import ledger_benchmark, overhead_benchmark
from bench.ledger_benchmark import LedgerFigures, Task
from bench.markdown_table import markdown_table
from bench.overhead_benchmark import OverheadFigures
from bench.places import Kind


def overhead_table(overheads: Sequence[OverheadFigures]) -> str:
    """Applies with a ledger beside those without."""
    header = (
        *("ledger", "without s", "with s", "with ÷ without", "ratios of the pairs"),
        *("records", "ms in the ledger an action", "of that opening it, ms", "at most, at speed 1"),
    )
    rows = [
        (
            figures.kind.value,
            f"{statistics.median(run.seconds for run in figures.without):.1f}",
            f"{statistics.median(run.seconds for run in figures.recorded):.1f}",
            f"**{figures.ratio:.3f}**",
            f"{min(figures.ratios):.3f} to {max(figures.ratios):.3f}",
            f"{statistics.median(run.ledger.records for run in figures.recorded):,.0f}",
            f"{figures.seconds_an_action * 1000:.2f}",
            f"{_opening(figures) * 1000:.2f}",
            f"{figures.most:.3f}",
        )
        for figures in overheads
    ]
    first = overheads[0].without[0]
    weighs = (
        f" The clocks run {first.speed:g} times as fast and the ledger does not, so that it weighs"
        f" {first.speed:g} times as much."
        if first.speed != 1
        else ""
    )
    return (
        f"The same apply of {first.users:,} disconnects at share {first.share:g} with and without a"
        f" ledger, in turns; medians of {len(overheads[0].without)}.{weighs} Target:"
        f" {overhead_benchmark.OVERHEAD_TARGET:g}.{_left_out([f.kind for f in overheads])}"
        "\n\n" + markdown_table(header, rows)
    )


def _opening(figures: OverheadFigures) -> float:
    return statistics.median(run.ledger.opening / run.users for run in figures.recorded)


def ledger_table(ledgers: Sequence[LedgerFigures]) -> str:
    """How long what is asked of a large ledger takes."""
    header = ("median (worst), ms", *(_name(figures) for figures in ledgers))
    size = (
        "size of the database, MB",
        *(f"{figures.recorded.size / 1e6:,.0f}" for figures in ledgers),
    )
    rows = [(task.value, *(_times(figures, task) for figures in ledgers)) for task in Task]
    recorded = " / ".join(f"{figures.recorded.actions:,}" for figures in ledgers)
    written = " / ".join(f"{figures.recorded.steps:,}" for figures in ledgers)
    return (
        f"Ledgers with {recorded} recorded actions in {written} steps;"
        f" {len(ledgers[0].seconds[Task.RUNS])} times each. Target: the worst below"
        f" {ledger_benchmark.TARGET_SECONDS:g} s.{_left_out([f.kind for f in ledgers])}\n\n"
        + markdown_table(header, [size, *rows])
    )


def _name(figures: LedgerFigures) -> str:
    return f"{figures.kind}, {figures.shape.runs:,} runs of {figures.shape.actions:,}"


def _times(figures: LedgerFigures, task: Task) -> str:
    return f"{figures.median(task) * 1000:.1f} ({figures.worst(task) * 1000:.1f})"


def _left_out(kinds: Sequence[Kind]) -> str:
    return "" if Kind.POSTGRESQL in kinds else " PostgreSQL is not installed here, and left out."
