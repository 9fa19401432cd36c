"""``reconciler import``: live state → a manifest on which the next plan has nothing to do."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.inputs import list_users
from reconciler.engine import declared_already, import_manifest
from reconciler.engine.output_file import OutputFile


def import_(
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A new file to write. [default: standard output]"),
    ] = None,
    preferences: Annotated[
        bool, typer.Option("--preferences", help="Declare the recording preferences too.")
    ] = False,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    quiet: options.Quiet = False,
) -> None:
    """Write a manifest of everyone as connected now."""
    context = CommandContext(config, workspace, quiet=quiet)

    def body() -> str:
        if out and out != DASH and out.exists():
            raise UsageError(f"{out} exists: an import writes a new file")
        with context.session() as session:
            target = OutputFile(out) if out and out != DASH else None
            observed = list_users(context, session).state
            imported = import_manifest(observed, preferences=preferences)
            for remark in imported.remarks:
                context.remark(f"left out: {remark}")
            if not target:
                return imported.manifest
            manifests = session.workspace.manifests
            repeated = declared_already(imported.ids, manifests, target.path)
            target.write(imported.manifest.encode())
            number, name = len(imported.ids), session.workspace.name
            context.remark(f"{number} users of {name} written to {out}")
            if repeated:
                context.remark(f"warning: {repeated}")
            return ""

    context.run(body)
