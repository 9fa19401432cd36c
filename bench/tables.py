"""Results as tables in Markdown, for the terminal and for ``bench/results``."""

import statistics
from collections.abc import Iterator, Sequence

from bench import (
    apply_benchmark,
    configuration_benchmark,
    looking_benchmark,
    page_benchmark,
    plan_benchmark,
    rows_benchmark,
    rules_benchmark,
    start_up_benchmark,
)
from bench.apply_benchmark import ApplyFigures
from bench.configuration_benchmark import ConfigurationFigures
from bench.ledger_tables import ledger_table, overhead_table
from bench.looking_benchmark import LookingFigures
from bench.machine import Machine
from bench.markdown_table import markdown_table
from bench.measured_process import MeasuredProcess
from bench.page_benchmark import PageFigures
from bench.phase_notes import Phase
from bench.plan_benchmark import PlanFigures
from bench.results import TARGET_FLEET, Results
from bench.rows_benchmark import RowsFigures
from bench.rules_benchmark import RulesFigures
from bench.start_up_benchmark import StartUpFigures


def tables(results: Results) -> str:
    """All tables, one after the other."""
    parts = [machine_line(results.machine)]
    if results.start_up:
        parts.append(_start_up(results.start_up))
    if results.plans:
        parts += [_plans(results.plans), _phases(results.plans)]
    if results.rows:
        parts.append(_rows(results.rows))
    if results.rules:
        parts.append(_rules(results.rules))
    if results.looking:
        parts.append(_looking(results.looking))
    if results.page:
        parts.append(_page(results.page))
    if results.configuration:
        parts.append(_configuration(results.configuration))
    if results.applies:
        parts.append(_applies(results.applies))
    if results.overheads:
        parts.append(overhead_table(results.overheads))
    if results.ledgers:
        parts.append(ledger_table(results.ledgers))
    missed = [f"* Missed: {target}.\n" for target in results.missed()]
    parts.append("".join(missed) or "All targets of what was measured are met.\n")
    return "\n".join(parts)


def machine_line(machine: Machine) -> str:
    """What the figures were measured on."""
    memory = f"{machine.memory / 2**30:.0f} GiB"
    return (
        f"{machine.cores} cores, {memory}, {machine.system}, {machine.python};"
        f" load before the run {machine.load:.1f}; {machine.sync * 1000:.1f} ms until a page is on"
        " the disk.\n"
    )


def _start_up(figures: StartUpFigures) -> str:
    return (
        f"`reconciler --version`: {figures.wall:.3f} s (target {start_up_benchmark.TARGET:g} s);"
        f" `--help`: {figures.help_wall:.3f} s and a completion: {figures.completion_wall:.3f} s"
        f" (target {start_up_benchmark.HELP_TARGET:g} s);"
        f" an interpreter that does nothing: {figures.interpreter_wall:.3f} s."
        f" Medians of {len(figures.versions)} runs.\n"
    )


def _plans(plans: Sequence[PlanFigures]) -> str:
    header = (
        *("users", "plan wall s", "plan CPU s", "plan peak MB"),
        *(
            "bare wall s",
            "bare CPU s",
            "bare peak MB",
            "wall ratio",
            "ratios of the pairs",
            "CPU ratio",
            "imports CPU s",
            "plan ÷ imports, CPU",
        ),
    )
    rows = [
        (
            f"{figures.fleet.declared:,}",
            *_process(figures.plans),
            *_process(figures.bare_loads),
            f"**{figures.ratio:.3f}**",
            f"{min(figures.ratios):.3f} to {max(figures.ratios):.3f}",
            f"{figures.cpu_ratio:.3f}",
            f"{statistics.median(run.cpu for run in figures.imports):.2f}",
            f"{figures.imports_ratio:.3f}",
        )
        for figures in plans
    ]
    return (
        "Plan (whole process), bare `yaml.load` of the same manifest, and bare imports, in turns;"
        f" medians of {len(plans[0].plans)} pairs, peaks the highest."
        f" Targets for {TARGET_FLEET:,} users: ratio {plan_benchmark.RATIO_TARGET:g},"
        f" peak {plan_benchmark.PEAK_TARGET / 1e6:.0f} MB; for 1,000 users:"
        f" {plan_benchmark.IMPORTS_TARGET:g} of the imports; for 1,000,000 users: peak"
        f" {plan_benchmark.MILLION_PEAK_TARGET / 1e6:,.0f} MB and"
        f" {plan_benchmark.MILLION_TARGET:g} times as long as {TARGET_FLEET:,} users.\n\n"
        + markdown_table(header, rows)
    )


def _process(runs: Sequence[MeasuredProcess]) -> Iterator[str]:
    yield f"{statistics.median(run.wall for run in runs):.2f}"
    yield f"{statistics.median(run.cpu for run in runs):.2f}"
    yield f"{max(run.peak for run in runs) / 1e6:.0f}"


def _phases(plans: Sequence[PlanFigures]) -> str:
    header = ("phase, s", *(f"{figures.fleet.declared:,} users" for figures in plans))
    rows = [
        (phase.value, *(f"{figures.phases[phase]:.3f}" for figures in plans)) for phase in Phase
    ]
    return "Where a plan's time goes (separate, instrumented runs; medians).\n\n" + markdown_table(
        header, rows
    )


def _rows(figures: RowsFigures) -> str:
    header = ("users", "declared by", "plan wall s", "plan CPU s", "plan peak MB")
    users = f"{figures.fleet.declared:,}"
    rows = [
        (users, "entries in YAML", *_process(figures.entries)),
        (users, "rows of 12 columns in CSV", *_process(figures.rows)),
    ]
    return (
        f"Plans of the same fleet, in turns; medians of {len(figures.rows)} pairs. From rows it"
        f" takes **{figures.ratio:.3f}** of the time, {figures.cpu_ratio:.3f} of the processor time"
        f" (target {rows_benchmark.ROWS_TARGET:g}).\n\n" + markdown_table(header, rows)
    )


def _rules(figures: RulesFigures) -> str:
    header = ("users", "rules", "plan wall s", "plan CPU s", "plan peak MB")
    users = f"{figures.fleet.declared:,}"
    rows = [
        (users, "none", *_process(figures.without)),
        (users, str(rules_benchmark.RULES), *_process(figures.ruled)),
    ]
    return (
        f"Plans of the same fleet, in turns; medians of {len(figures.ruled)} pairs. With rules it"
        f" takes **{figures.ratio:.3f}** times the processor time"
        f" (target {rules_benchmark.RULES_TARGET:g}).\n\n" + markdown_table(header, rows)
    )


def _looking(figures: LookingFigures) -> str:
    header = ("users", "command", "wall s", "CPU s", "peak MB")
    users = f"{figures.fleet.declared:,}"
    rows = [
        (users, "plan", *_process(figures.plans)),
        (users, "explain", *_process(figures.explanations)),
        (users, "import", *_process(figures.imports)),
    ]
    return (
        f"Commands on one fleet, in turns; medians of {len(figures.plans)}. An explanation of one"
        f" user takes **{figures.explain_ratio:.3f}** of the time of a plan (target"
        f" {looking_benchmark.EXPLAIN_TARGET:g}), an import {figures.import_wall:.2f} s (target"
        f" {looking_benchmark.IMPORT_TARGET:g} s).\n\n" + markdown_table(header, rows)
    )


def _configuration(figures: ConfigurationFigures) -> str:
    return (
        f"Reading {figures.files:,} workspace files adds **{figures.reading:.2f} s** of processor"
        f" time to a command (target {configuration_benchmark.TARGET:g} s for"
        f" {configuration_benchmark.TARGET_FILES:,}). Median of {len(figures.many)} pairs.\n"
    )


def _page(figures: PageFigures) -> str:
    median = page_benchmark.median
    return (
        f"A page of {figures.rows:,} rows has **{figures.size / 1e6:.1f} MB** (target"
        f" {page_benchmark.SIZE_TARGET / 1e6:g} MB) and is written in {figures.written:.2f} s."
        f" Chromium opens it in **{median(figures.opened):.2f} s** (target"
        f" {page_benchmark.OPEN_TARGET:g} s), filters it in {median(figures.filtered):.3f} s and"
        f" sorts it in {median(figures.sorted):.3f} s. Medians of {len(figures.opened)}.\n"
    )


def _applies(applies: Sequence[ApplyFigures]) -> str:
    header = (
        *("users", "share", "taken s", "schedule s", "taken ÷ schedule"),
        *("disconnect calls", "users with exactly one", "verified", "requests", "429s"),
    )
    rows = [
        (
            f"{figures.users:,}",
            f"{figures.share:g}",
            f"{figures.seconds:.1f}",
            f"{figures.schedule:.1f}",
            f"**{figures.slowness:.3f}**",
            f"{figures.calls:,}",
            f"{figures.disconnected_once:,}",
            f"{figures.verified:,}",
            f"{figures.requests:,}",
            f"{figures.throttled}",
        )
        for figures in applies
    ]
    return (
        "Apply against a sandbox that enforces the documented limits, both clocks"
        f" {applies[0].speed:g} times as fast; calls, requests and 429s from the sandbox's log."
        f" Targets: at most {apply_benchmark.SLOWNESS_TARGET:g} of the schedule, no 429, each"
        " user disconnected by exactly one call.\n\n" + markdown_table(header, rows)
    )
