"""``reconciler validate``: read and check manifests, offline."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.domain import Exit, InvalidInput
from reconciler.manifest import find_manifests, load_manifests
from reconciler.planning import lookalike_remarks
from reconciler.reporting import Format, Report, ValidationReport


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Manifests or folders. [default: the workspace's]", show_default=False),
    ] = None,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
) -> None:
    """Read and check manifests, offline."""
    context = CommandContext(config, workspace, output_format, report, quiet)

    def body() -> Report:
        name, manifests = None, paths
        if not manifests:
            chosen = context.chosen_workspace()
            name, manifests = chosen.name, list(chosen.manifests)
        if DASH in manifests:
            raise UsageError("a manifest is not read from standard input: name a file or a folder")
        context.reads(*manifests)
        files = sum(1 for _ in find_manifests(manifests, Path.cwd(), []))
        try:
            desired = load_manifests(manifests)
        except InvalidInput as error:
            return ValidationReport(0, files, name, error.diagnostics, Exit.INVALID)
        for remark in lookalike_remarks(desired):
            context.remark(remark)
        return ValidationReport(len(desired.users), files, name, (), Exit.OK)

    context.run(body)
