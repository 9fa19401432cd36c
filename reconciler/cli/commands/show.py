"""``reconciler show``: a saved plan, rendered. Speaks to nobody."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.frame import Frame
from reconciler.cli.saved import read_plan
from reconciler.reporting import Format, PlanReport, Report


def show(
    plan: Annotated[Path, typer.Argument(help="A plan file, as `plan -o` writes it.")],
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    verbose: options.Verbose = False,
) -> None:
    """Show a saved plan."""
    frame = Frame(format=output_format, reports=report, verbose=verbose)

    def body() -> Report:
        frame.reads(plan)
        return PlanReport(read_plan(plan), Exit.OK, verbose=verbose)

    frame.run(body)
