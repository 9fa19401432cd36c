"""``reconciler explain``: everything about one user, and what would be done. Changes nothing."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import list_users, load, owner_of
from reconciler.cli.logs import LogFormat
from reconciler.engine import explain_user, plan_inputs, remember
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
            declarations = load(context, session, user)
            address = session.endpoint.address
            remembered = remember(session.workspace, address, owner, declarations=declarations)
            observation = list_users(context, session)
            inputs = plan_inputs(session, declarations, observation, remembered.history)
            return explain_user(session, inputs, remembered.ledger, owner, user)

    with gc_paused():  # until the fleet is gone
        context.run(body)
