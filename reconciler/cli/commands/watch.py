"""``reconciler watch``: plans again and again, and shows what it found; it cannot act."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.inputs import owner_of
from reconciler.cli.logs import LogFormat
from reconciler.cli.watch_several import WatchOfSeveral, once_each
from reconciler.cli.watched import WatchOfOne, WatchOptions
from reconciler.cli.workspace_choice import JOBS, only, several
from reconciler.engine.exits import FAILING, PlanState
from reconciler.reporting import Format, PlanReport, Report, WorkspacesReport


def watch(
    interval: Annotated[
        str, typer.Option(metavar="DURATION", help="From one cycle to the next: 90s, 15m or 1h.")
    ] = "15m",
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Address to serve on; port 0 takes a free one.")
    ] = "127.0.0.1:9464",
    once: Annotated[
        bool, typer.Option("--once", help="Make one cycle, show its plan as `plan` does, and end.")
    ] = False,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Write the metrics to this file too, after each cycle (*.prom)."
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="With --once: exit with 2 on changes, 7 if something waits for a person.",
        ),
    ] = False,
    stack: options.Stack = None,
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    all_workspaces: options.AllWorkspaces = False,
    shard: options.Shard = None,
    jobs: options.Jobs = JOBS,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Plan again and again, and serve metrics and the last plan.

    It changes nothing.

    Ends with status 0 when a signal ends it.
    """
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(
        config,
        only(workspace),
        output_format,
        report,
        quiet,
        verbose,
        log_format,
        gives=(PlanReport,) if asked is None else (WorkspacesReport, PlanReport),
        link_base=link_base,
    )

    def body() -> Report | str:
        if not once and (report or output_format is not Format.TEXT or detailed_exitcode):
            raise UsageError(
                "--format, --report and --detailed-exitcode need --once: the watch serves its plan"
            )
        failing = FAILING | ({PlanState.CHANGES, PlanState.PENDING} if detailed_exitcode else set())
        wanted = WatchOptions(owner_of(stack), interval, metrics_file, failing, once=once)
        if asked is None:
            watch = WatchOfOne(context, wanted)
            return watch.once() if once else watch.forever(listen)
        if once:
            return once_each(context, asked, wanted)
        return WatchOfSeveral(context, asked, wanted).forever(listen)

    context.run(body)
