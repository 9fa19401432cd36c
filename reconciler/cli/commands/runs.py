"""``reconciler runs``: past runs, their owners and how they ended; from the ledger alone."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.domain import Exit
from reconciler.ledger import LedgerMissing, read_ledger
from reconciler.reporting import Format, Report, RunHistoryReport, RunsReport


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
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
) -> None:
    """List past runs, newest first, or show one in full."""
    gives = RunsReport if run is None else RunHistoryReport
    context = CommandContext(
        config, workspace, output_format, report, gives=(gives,), link_base=link_base
    )

    def body() -> Report:
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

    context.run(body)
