"""``reconciler explain``: everything about one user, and what would be done. Changes nothing."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import gather, owner_of
from reconciler.cli.logs import LogFormat
from reconciler.engine import explain_user
from reconciler.manifest import gc_paused
from reconciler.reporting import Format, Report


def explain(
    user: Annotated[str, typer.Argument(help="The external id of the user.")],
    stack: options.Stack = None,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Explain one user: what would be done, and why."""
    context = CommandContext(config, workspace, output_format, report, quiet, log_format=log_format)

    def body() -> Report:
        owner = owner_of(stack)
        with context.session() as session:
            inputs, ledger = gather(context, session, owner, traced=user)
            return explain_user(session, inputs, ledger, owner, user)

    with gc_paused():  # until the fleet is gone
        context.run(body)
