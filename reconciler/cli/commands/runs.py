"""``reconciler runs``: past runs, their owners and how they ended; from the ledger alone."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.workspace_choice import JOBS, only, several
from reconciler.domain import Exit
from reconciler.ledger import LedgerMissing, read_ledger
from reconciler.reporting import Format, RunHistoryReport, RunsReport, WorkspaceReport


def runs(
    run: Annotated[
        str | None,
        typer.Argument(
            autocompletion=options.complete_runs,
            help="Show the whole history of this run; the beginning of its id will do.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to list.")] = 20,
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    all_workspaces: options.AllWorkspaces = False,
    shard: options.Shard = None,
    jobs: options.Jobs = JOBS,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
) -> None:
    """List past runs, newest first, or show one in full."""
    gives = RunsReport if run is None else RunHistoryReport
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(
        config, only(workspace), output_format, report, gives=(gives,), link_base=link_base
    )

    def check() -> None:
        if asked and run:
            raise UsageError("a run is one of a single workspace: name that one, or no run")

    def body(context: CommandContext) -> WorkspaceReport:
        chosen = context.chosen_workspace()
        place = str(chosen.ledger)
        try:
            with read_ledger(chosen.ledger) as ledger:
                if run is not None:
                    return RunHistoryReport(place, ledger.run_history(ledger.find(run)), Exit.OK)
                listed = ledger.runs(chosen.name, limit)
        except LedgerMissing:
            if run is not None:
                raise
            listed = ()  # the first run makes one
        return RunsReport(chosen.name, place, listed, limit, Exit.OK)

    context.run_each(asked, body, check=check)
