"""``reconciler doctor``: whether the tool can work here, and if not, what is missing."""

import os

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.exits import exit_status
from reconciler.cli.workspace_choice import JOBS, only, several
from reconciler.domain import Cancellation, Exit, SystemClock
from reconciler.engine import examine
from reconciler.reporting import DoctorReport, Format, WorkspaceReport


def doctor(
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    all_workspaces: options.AllWorkspaces = False,
    shard: options.Shard = None,
    jobs: options.Jobs = JOBS,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
) -> None:
    """Check that the tool can work here; changes nothing.

    Configuration, manifests, credentials, reachability, the clock and the ledger.
    """
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(config, only(workspace), output_format, report, quiet)

    def body(context: CommandContext) -> WorkspaceReport:
        clock = SystemClock()
        chosen = context.chosen_workspace()
        with context.progress().counting(f"Examining {chosen.name}"):
            found = examine(
                chosen, os.environ, clock=clock, cancellation=Cancellation(clock.monotonic)
            )
        status = exit_status(found.error) if found.error else Exit.OK
        return DoctorReport(chosen.name, found.address, found.checks, status)

    context.run_each(asked, body)
