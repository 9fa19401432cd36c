"""``reconciler rules``: each rule, who it matches, and what gets in its way. Changes nothing."""

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import list_users, load
from reconciler.cli.logs import LogFormat
from reconciler.engine import find_rules, plan_inputs
from reconciler.manifest import gc_paused
from reconciler.planning import History
from reconciler.reporting import Format, Report


def rules(
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Show each rule, who it matches, and what it overlaps with."""
    context = CommandContext(config, workspace, output_format, report, quiet, log_format=log_format)

    def body() -> Report:
        with context.session() as session:
            declarations = load(context, session)
            observation = list_users(context, session)
            return find_rules(session, plan_inputs(session, declarations, observation, History()))

    with gc_paused():  # until the fleet is gone
        context.run(body)
