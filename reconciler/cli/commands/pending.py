"""``reconciler pending``: who has to connect what, and since when. Changes nothing."""

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import gather, owner_of, selectors_of
from reconciler.cli.logs import LogFormat
from reconciler.cli.workspace_choice import JOBS, only, several
from reconciler.engine import find_pending
from reconciler.manifest import gc_paused
from reconciler.reporting import Format, PendingReport, WorkspaceReport


def pending(
    stack: options.Stack = None,
    select: options.Select = [],
    exclude: options.Exclude = [],
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    all_workspaces: options.AllWorkspaces = False,
    shard: options.Shard = None,
    jobs: options.Jobs = JOBS,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """List who has to connect what, and since when."""
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(
        config,
        only(workspace),
        output_format,
        report,
        quiet,
        log_format=log_format,
        gives=(PendingReport,),
    )

    def body(context: CommandContext) -> WorkspaceReport:
        owner = owner_of(stack)
        selectors = selectors_of(context, select)
        exclusion = selectors_of(context, exclude, "--exclude")
        with context.session() as session:
            inputs, ledger = gather(context, session, owner)
            return find_pending(session, inputs, ledger, owner, selectors, exclusion)

    with gc_paused():  # until the fleet is gone
        context.run_each(asked, body, plans=True)
