"""Results as tables in Markdown, for the terminal and for ``bench/results``."""

from collections.abc import Sequence
from typing import Final

from bench.markdown_table import markdown_table
from bench.simulation import small_case
from bench.simulation.advice import Advice
from bench.simulation.costs import MB, Costs
from bench.simulation.model import Simulated
from bench.simulation.results import Results
from bench.simulation.small_case import TOLERANCES, Compared
from bench.tables import machine_line

_LEDGER: Final = "`python -m bench.runs_at_once`"


def tables(results: Results) -> str:
    """All tables, one after the other."""
    missed = [f"* Missed: {target}.\n" for target in results.missed()]
    return "\n".join(
        [
            machine_line(results.machine),
            _advice(results.advice),
            _costs(results.costs),
            _simulated("plan", results.plans),
            _simulated("apply", results.applies),
            _compared(results.compared),
            "".join(missed) or "All targets of what was measured are met.\n",
        ]
    )


def _advice(advice: Sequence[Advice]) -> str:
    header = (
        *("workspaces", "what to run", "ledger", "what to cap"),
        *("MB of a process: plan, apply", "a nightly plan takes", "an apply of 1 % takes"),
    )
    rows = [
        (
            f"{one.workspaces:,}",
            one.runs,
            one.ledger,
            one.cap,
            f"{one.plan.peak / MB:,.0f}, {one.apply.peak / MB:,.0f}",
            f"**{duration(one.plan.wall)}**",
            f"**{duration(one.apply.wall)}**",
        )
        for one in advice
    ]
    return (
        f"What to run; simulated for {advice[0].plan.task.users:,} users in each workspace, of"
        f" which an apply disconnects {advice[0].apply.task.changes:,}.\n\n"
        + markdown_table(header, rows, words=4)
    )


def _costs(costs: Costs) -> str:
    plan, apply, ledger = costs.plan, costs.apply, costs.ledger
    assumed, limits = costs.assumed, costs.limits
    rows = [
        ("plan: start-up, s of processor time", f"{plan.start_up:.2f}", "measured"),
        ("plan: s of processor time for 100,000 users", f"{plan.cpu_a_user * 1e5:.2f}", "measured"),
        (
            "plan: MB of the process, and for 100,000 users",
            _mb(plan.idle, plan.memory_a_user * 1e5),
        ),
        ("plan: MB kept of a finished workspace of 100,000 users", _mb(plan.kept_a_user * 1e5)),
        ("list: MB for 100,000 users", _mb(plan.listed_a_user * 1e5)),
        ("apply: ms of processor time an action", f"{apply.action_cpu * 1e3:.1f}"),
        ("apply: transactions of the ledger an action", f"{apply.commits_an_action:.1f}"),
        ("apply: connections to the ledger", f"{apply.connections:.0f}"),
        (
            "apply: MB of the process, and for 100,000 users",
            _mb(apply.idle, apply.memory_a_user * 1e5),
        ),
        ("ledger: ms of the server an action", f"{ledger.cpu_an_action * 1e3:.1f}", _LEDGER),
        ("ledger: cores of the server", f"{ledger.cores}", "chosen"),
        ("ledger: part of them that runs may keep busy", f"{ledger.used:g}", "chosen"),
        ("API: s until a call is answered", f"{assumed.answer:g}", "assumed"),
        ("API: s until a list begins", f"{assumed.list_answer:g}", "assumed"),
        ("network: MB/s of a pod", f"{assumed.bandwidth / MB:g}", "assumed"),
        ("Kubernetes: s until a pod has started", f"{assumed.pod_start:g}", "assumed"),
        ("tokens a minute of a workspace", f"{limits.tokens}", "the default of `rateLimits`"),
    ]
    whole = [(*row, "measured")[:3] for row in rows]
    return "What the simulation calculates with.\n\n" + markdown_table(
        ("cost", "value", "from"), whole
    )


def _simulated(command: str, runs: Sequence[Simulated]) -> str:
    task = runs[0].task
    acts = f" and apply of {task.changes:,} disconnects each" if task.changes else ""
    header = (
        *("pods", "time", "CPU hours", "peak MB a pod", "transactions", "most a second"),
        *("connections", "list calls", "list GB", "waits most for"),
    )
    rows = [
        (
            f"{run.task.pods:,}",
            f"**{duration(run.wall)}**",
            f"{run.cpu / 3600:.2f}",
            f"{run.peak / MB:,.0f}",
            f"{run.commits:,.0f}",
            f"{run.busiest:,.0f}",
            f"{run.connections:,.0f}",
            f"{run.lists:,}",
            f"{run.listed / 1e9:,.0f}",
            run.bottleneck,
        )
        for run in runs
    ]
    return (
        f"`{command}`: simulated, {task.workspaces:,} workspaces of {task.users:,} users{acts},"
        f" `--jobs {task.jobs}`.\n\n" + markdown_table(header, rows)
    )


def _compared(compared: Sequence[Compared]) -> str:
    header = ("command", "what", "measured", "simulated", "off", "may be off")
    rows = [
        (
            f"`{one.command} --jobs {one.jobs}`",
            quantity,
            *(f"{value:,.1f}" for value in one.both(quantity)),
            f"**{one.off(quantity):.1%}**",
            f"{TOLERANCES[quantity]:.0%}",
        )
        for one in compared
        for quantity in one.quantities
    ]
    return (
        f"The real command, measured, and the simulation: {small_case.WORKSPACES} workspaces of"
        f" {small_case.USERS} users, {small_case.LEAVERS} disconnects each, in {small_case.PODS}"
        " processes with `--shard`, with PostgreSQL and sandboxes that enforce the documented"
        " limits.\n\n" + markdown_table(header, rows, words=2)
    )


def duration(seconds: float) -> str:
    """In the unit in which one would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _mb(*sizes: float) -> str:
    return " + ".join(f"{size / MB:.1f}" for size in sizes)
