"""``reconciler unlock``: take the lock away from a run whose owner cannot give it back."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.domain import Exit
from reconciler.ledger import open_ledger
from reconciler.reporting import Format, Report, UnlockReport


def unlock(
    run: Annotated[
        str,
        typer.Argument(
            autocompletion=options.complete_runs,
            help="The id of the run that holds the lock, in full.",
        ),
    ],
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
) -> None:
    """Take the lock of a workspace away from a run.

    That run can start nothing more.
    """
    context = CommandContext(config, workspace, output_format, report)

    def body() -> Report:
        chosen = context.chosen_workspace()
        with open_ledger(chosen.ledger, create=False) as ledger:
            holder = ledger.unlock(chosen.name, run)
        return UnlockReport(chosen.name, run, holder, Exit.OK)

    context.run(body)
