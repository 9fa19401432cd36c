"""Results as tables in Markdown, for the terminal and for ``bench/results``."""

import statistics

from bench.many import idle_neighbours, side_by_side
from bench.many.idle_neighbours import NeighbourFigures, Place
from bench.many.results import Results
from bench.many.side_by_side import SideBySideFigures
from bench.markdown_table import markdown_table
from bench.tables import machine_line


def tables(results: Results) -> str:
    """All tables, one after the other."""
    missed = [f"* Missed: {target}.\n" for target in results.missed()]
    return "\n".join(
        [
            machine_line(results.machine),
            _side_by_side(results.side_by_side),
            _neighbours(results.neighbours),
            "".join(missed) or "All targets of what was measured are met.\n",
        ]
    )


def _side_by_side(figures: SideBySideFigures) -> str:
    workspaces, users = len(figures.served.tenants), figures.served.users
    header = ("`--jobs`", "wall s", "CPU s", "CPU ÷ one by one", "peak MB")
    rows = [
        (
            str(together.jobs),
            f"{together.wall:.1f}",
            f"{together.cpu:.1f}",
            f"**{figures.ratio(together):.3f}**",
            f"{together.peak / 1e6:.0f}",
        )
        for together in figures.together
    ]
    return (
        f"`plan` of {workspaces:,} workspaces of {users:,} users each, in one command; medians of"
        f" {len(figures.together[0].runs)}, peaks the highest. A plan of one of them takes"
        f" {figures.single_cpu * 1000:.0f} ms of processor time and {figures.single_peak / 1e6:.0f}"
        f" MB beyond the start-up, which is that of a plan of nine users (medians of"
        f" {len(figures.singles)}, in turns). One by one that is {figures.one_by_one:.1f} s."
        f" Targets: {side_by_side.CPU_TARGET:g} of that, start-up included, and"
        f" {figures.most_memory / 1e6:.0f} MB ({side_by_side.PEAK_TARGET / 1e6:.0f} MB and"
        f" {side_by_side.PLANS_AT_ONCE} plans).\n\n" + markdown_table(header, rows)
    )


def _neighbours(figures: NeighbourFigures) -> str:
    header = (
        "large workspace",
        "wall s",
        "CPU s",
        "its plan is there after s",
        "wall",
        "CPU",
        "plan",
    )
    alone = [run.process for run in figures.alone]
    rows = [
        (
            "alone",
            f"{statistics.median(run.wall for run in alone):.2f}",
            f"{statistics.median(run.cpu for run in alone):.2f}",
            f"{figures.there_alone:.2f}",
            *("1",) * 3,
        )
    ]
    for place in Place:
        beside = [run.process for run in figures.beside(place)]
        rows.append(
            (
                f"{place} of all",
                f"{statistics.median(run.wall for run in beside):.2f}",
                f"{statistics.median(run.cpu for run in beside):.2f}",
                f"{figures.there(place):.2f}",
                f"**{figures.wall_ratio(place):.3f}**",
                f"**{figures.cpu_ratio(place):.3f}**",
                f"**{figures.latency_ratio(place):.3f}**",
            )
        )
    served = figures.served
    return (
        f"`plan` of a workspace of {served.large:,} users, alone and in one command with"
        f" {served.idle} workspaces of one user each; medians of {len(figures.alone)}, in turns."
        f" The idle ones take {figures.idle_wall:.2f} s, and {figures.idle_cpu:.2f} s of processor"
        " time. The last columns are the same without that, as a multiple of alone. Target:"
        f" {idle_neighbours.TARGET:g}.\n\n" + markdown_table(header, rows)
    )
