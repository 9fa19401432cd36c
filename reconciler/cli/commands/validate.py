"""``reconciler validate``: read and check manifests, offline."""

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from reconciler.cli import options
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.inputs import source_files
from reconciler.cli.workspace_choice import JOBS, only, several
from reconciler.domain import Exit, InvalidInput
from reconciler.manifest import find_manifests, load_manifests, skip_input
from reconciler.planning import lookalike_remarks, past_remarks
from reconciler.reporting import Format, ValidationReport, WorkspaceReport, visible


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Manifests or folders. [default: the workspace's]", show_default=False),
    ] = None,
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    all_workspaces: options.AllWorkspaces = False,
    shard: options.Shard = None,
    jobs: options.Jobs = JOBS,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
) -> None:
    """Read and check manifests, offline."""
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(
        config, only(workspace), output_format, report, quiet, gives=(ValidationReport,)
    )

    def check() -> None:
        if asked and paths:
            raise UsageError("name manifests or several workspaces, not both")

    def body(context: CommandContext) -> WorkspaceReport:
        name, manifests = None, paths
        zone: tzinfo = UTC
        if not manifests:
            chosen = context.chosen_workspace()
            name, manifests = chosen.name, list(chosen.manifests)
            zone = chosen.time_zone
        if DASH in manifests:
            raise UsageError("a manifest is not read from standard input: name a file or a folder")
        context.reads(*manifests)
        files = sum(1 for _ in find_manifests(manifests, Path.cwd(), []))
        left_out: dict[str, None] = {}

        def leave_out(name: str) -> NoReturn:
            left_out[name] = None
            skip_input(name)

        try:
            declarations = load_manifests(manifests, zone=zone, inputs=leave_out)
        except InvalidInput as error:
            return ValidationReport(0, files, name, error.diagnostics, Exit.INVALID)
        context.reads(*source_files(declarations))
        for each in left_out:
            context.remark(
                f"the input {visible(each)} is not run here: its users are neither checked"
                " nor counted; a plan reads them"
            )
        for remark in lookalike_remarks(declarations):
            context.remark(remark)
        for remark in past_remarks(declarations, context.clock.now()):
            context.remark(remark)
        return ValidationReport(len(declarations.users), files, name, (), Exit.OK)

    context.run_each(asked, body, check=check)
