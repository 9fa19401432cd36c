"""``reconciler show``: a saved plan, rendered, and whether it was used. Asks the ledger alone."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import read_plan
from reconciler.config import Workspace
from reconciler.domain import Exit, InvalidInput
from reconciler.engine import remember, with_history
from reconciler.planning import Plan
from reconciler.reporting import Format, PlanReport, Report


def show(
    plan: Annotated[Path, typer.Argument(help="A plan file, as `plan -o` writes it.")],
    config: options.Config = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
    verbose: options.Verbose = False,
) -> None:
    """Show a saved plan."""
    context = CommandContext(
        config,
        format=output_format,
        reports=report,
        verbose=verbose,
        gives=(PlanReport,),
        link_base=link_base,
    )

    def body() -> Report:
        saved = read_plan(context, plan)
        workspace = _workspace(context, saved)
        if workspace is None:
            return PlanReport(saved, Exit.OK, verbose=verbose)
        ledger = remember(workspace, saved.content.base_url, None, saved).ledger
        shown = PlanReport(saved, Exit.OK, verbose=verbose, ledger=ledger)
        return with_history(shown, workspace) if context.writes(Format.HTML) else shown

    context.run(body)


def _workspace(context: CommandContext, saved: Plan) -> Workspace | None:
    """The plan's workspace; None without a configuration: a plan can be shown without one."""
    try:
        return context.configuration().workspace(saved.content.workspace)
    except InvalidInput:
        if context.config is not None:
            raise
        return None
