"""``reconciler import``: live state → a manifest on which the next plan has nothing to do."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.inputs import list_users, load
from reconciler.domain import Declarations
from reconciler.engine import declared_already, declared_ids, import_manifest
from reconciler.engine.output_file import OutputFile
from reconciler.manifest import gc_paused
from reconciler.manifest.search import is_manifest
from reconciler.reporting.phrase import counted


def import_(
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A new file to write. [default: standard output]"),
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only the users that no manifest declares.")
    ] = False,
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
            declarations = load(context, session) if missing else Declarations({})
            observed = list_users(context, session).state
            declared = declared_ids(declarations, observed, session.clock.now())
            imported = import_manifest(observed, preferences=preferences, but=declared)
            for remark in imported.remarks:
                context.remark(f"left out: {remark}")
            manifests = session.workspace.manifests
            configuration = context.configuration().path
            if not target:
                first = manifests[0]  # where the shell most likely writes it to
                likely = first if is_manifest(first.name) else first / "imported.yaml"
                return imported.manifest(configuration, likely)
            repeated = declared_already(imported.ids, manifests, target.path)
            target.write(imported.manifest(configuration, target.path).encode())
            number = counted(len(imported.entries), "user")
            context.remark(f"{number} of {session.workspace.name} written to {out}")
            if repeated:
                context.remark(f"warning: {repeated}")
            return ""

    with gc_paused():  # until the fleet is gone
        context.run(body)
