"""Results as tables in Markdown, for the terminal and for ``bench/results``."""

from collections.abc import Sequence

from bench.markdown_table import markdown_table
from bench.runs_at_once import results as targets
from bench.runs_at_once.daily_counts import DailyCount
from bench.runs_at_once.one_load import PACE, LoadFigures
from bench.runs_at_once.results import Results
from bench.tables import machine_line


def tables(results: Results) -> str:
    """All tables, one after the other."""
    missed = [f"* Missed: {target}.\n" for target in results.missed()]
    return "\n".join(
        [
            machine_line(results.machine),
            _loads(results.loads),
            _counts(results.counts),
            "".join(missed) or "All targets of what was measured are met.\n",
        ]
    )


def _loads(loads: Sequence[LoadFigures]) -> str:
    header = (
        *("runs", "pace", "through", "actions/s", "commits/s", "pace kept"),
        *("intent p50 ms", "p99 ms", "outcome p50 ms", "p99 ms", "worst s", "failed"),
        *("connections", "of the server", "server CPU ms an action", "pooler", "clients"),
    )
    rows = [
        (
            f"{load.runs}",
            "budget" if load.pace else "any",
            "PgBouncer" if load.pooled else "-",
            f"{load.actions_a_second:.0f}",
            f"{load.commits_a_second:.0f}",
            f"{load.kept_pace:.2f}" if load.pace else "-",
            *_times(load),
            f"{load.worst:.2f}",
            f"{load.failed}",
            f"{load.connections}",
            f"{load.backends}",
            *(
                f"{load.cpu_an_action(cpu):.2f}"
                for cpu in (load.database_cpu, load.pooler_cpu, load.client_cpu)
            ),
        )
        for load in loads
    ]
    return (
        f"Runs that act at once on one PostgreSQL, each on a workspace of its own, for"
        f" {min(load.seconds for load in loads):.0f} s. At the pace of the budget a run begins"
        f" {PACE:g} actions a second; each writes four records, a commit each. Server, pooler and"
        f" clients share the processors. Targets, for {targets.TARGET_RUNS} runs at that pace:"
        f" {targets.PACE_TARGET:.0%} of the pace, an intent within"
        f" {targets.INTENT_TARGET * 1000:.0f} ms (p99), {targets.CPU_TARGET:g} ms of the server"
        " an action, nothing failed.\n\n" + markdown_table(header, rows)
    )


def _times(load: LoadFigures) -> Sequence[str]:
    times = (load.p50["intent"], load.p99["intent"], load.p50["outcome"], load.p99["outcome"])
    return [f"{seconds * 1000:.1f}" for seconds in times]


def _counts(counts: Sequence[DailyCount]) -> str:
    header = ("steps in the ledger", "disconnects of the day", "intent, limited ms", "without ms")
    rows = [
        (
            f"{count.steps:,}",
            f"{count.counted:,}",
            f"{count.with_limit * 1000:.1f}",
            f"{count.without * 1000:.1f}",
        )
        for count in counts
    ]
    return (
        "An intent with and without `limits.maxDisconnectsPerDay`, all recorded steps in one"
        f" workspace; medians. Target: the limit adds at most {targets.COUNT_TARGET * 1000:.0f}"
        f" ms for {targets.MOST_COUNTED:,} disconnects of the day.\n\n"
        + markdown_table(header, rows)
    )
