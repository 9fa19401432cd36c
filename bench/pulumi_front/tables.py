"""The results as tables in Markdown, for the terminal and for ``bench/results``."""

from collections.abc import Sequence

from bench.markdown_table import markdown_table
from bench.pulumi_front import fleet_benchmark, user_benchmark
from bench.pulumi_front.fleet_benchmark import FleetFigures
from bench.pulumi_front.measured_command import MeasuredCommand
from bench.pulumi_front.results import Results
from bench.pulumi_front.user_benchmark import Operation, UserFigures, fastest, peak
from bench.tables import machine_line


def tables(results: Results) -> str:
    """All tables, one after the other."""
    parts = [machine_line(results.machine), f"Pulumi CLI {results.cli}, SDK {results.sdk}.\n"]
    if results.users:
        parts += [_users(results.users), _states(results.users)]
    if results.fleets:
        parts.append(_fleets(results.fleets))
    missed = [f"* Missed: {target}.\n" for target in results.missed()]
    parts.append("".join(missed) or "All targets of what was measured are met.\n")
    return "\n".join(parts)


def _users(sizes: Sequence[UserFigures]) -> str:
    header = (
        *("users, operation", "ours s", "bare s", "ours ÷ bare", "ratios of the pairs"),
        *("CPU ratio", "ours peak MB", "bare peak MB"),
    )
    rows = [
        (
            f"{figures.users:,}, {operation}",
            f"{fastest(figures.ours[operation]):.2f}",
            f"{fastest(figures.bare[operation]):.2f}",
            f"**{figures.ratio(operation):.3f}**",
            _pairs(figures.ours[operation], figures.bare[operation]),
            f"{figures.cpu_ratio(operation):.3f}",
            f"{peak(figures.ours[operation]) / 1e6:.0f}",
            f"{peak(figures.bare[operation]) / 1e6:.0f}",
        )
        for figures in sizes
        for operation in Operation
    ]
    return (
        "One resource a user, and a bare dynamic provider with the same inputs and outputs, which"
        f" observes and does nothing, in turns; the fastest of {_repetitions(sizes)}, peaks the"
        " highest, of all processes together."
        f" Target: {user_benchmark.RATIO_TARGET:g}.\n\n" + markdown_table(header, rows)
    )


def _repetitions(sizes: Sequence[UserFigures]) -> int:
    return len(sizes[0].ours[Operation.UP])


def _pairs(ours: Sequence[MeasuredCommand], bare: Sequence[MeasuredCommand]) -> str:
    ratios = [o.wall / b.wall for o, b in zip(ours, bare, strict=True)]
    return f"{min(ratios):.3f} to {max(ratios):.3f}"


def _states(sizes: Sequence[UserFigures]) -> str:
    header = ("users", "our state kB", "bare state kB", "ours a user, B")
    rows = [
        (
            f"{figures.users:,}",
            f"{figures.our_state / 1e3:.0f}",
            f"{figures.bare_state / 1e3:.0f}",
            f"{figures.our_state / figures.users:.0f}",
        )
        for figures in sizes
    ]
    return "The state of these stacks, as the backend keeps it.\n\n" + markdown_table(header, rows)


def _fleets(sizes: Sequence[FleetFigures]) -> str:
    header = (
        *("users", "preview s", "empty program's s", "`plan` s", "preview ÷ (empty + plan)"),
        *(
            "CPU ratio",
            "preview peak MB",
            "`plan` peak MB",
            "disconnected",
            "state kB",
            "state at most kB",
        ),
    )
    rows = [
        (
            f"{figures.users:,}",
            f"{fastest(figures.previews):.2f}",
            f"{fastest(figures.empty_previews):.2f}",
            f"{fastest(figures.plans):.2f}",
            f"**{figures.ratio:.3f}**",
            f"{figures.cpu_ratio:.3f}",
            f"{peak(figures.previews) / 1e6:.0f}",
            f"{peak(figures.plans) / 1e6:.0f}",
            f"{figures.disconnected:,}",
            f"{figures.state / 1e3:.1f}",
            f"{figures.most_state / 1e3:.1f}",
        )
        for figures in sizes
    ]
    return (
        "One resource for all users: the preview of a new stack, the preview of an empty program,"
        " and `reconciler plan` of the same fleet, in turns; the fastest of"
        f" {len(sizes[0].previews)}, peaks the highest, of all processes together."
        f" Target: {fleet_benchmark.RATIO_TARGET:g}. The state is that of another fleet of this"
        " size after an update that disconnected so many; target:"
        f" {fleet_benchmark.STATE_TARGET / 1e3:g} kB and"
        f" {fleet_benchmark.STATE_TARGET_A_DISCONNECT} B for each.\n\n"
        + markdown_table(header, rows)
    )
