"""``python -m reconciler.pulumi_provider``: what the front offers beside Pulumi's own commands."""

import json
from pathlib import Path
from typing import Annotated

import typer

from reconciler.pulumi_provider.fleet import Fleet, Granularity
from reconciler.pulumi_provider.import_file import import_file
from reconciler.pulumi_provider.saying import Failed, told_by_provider

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What the Pulumi front offers beside Pulumi's own commands."""


@app.command("import-file")
def write_import_file(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    workspace: Annotated[str, typer.Option("--workspace", "-w", help="The workspace.")],
    configuration: Annotated[
        str, typer.Option("--config", help="The configuration file.")
    ] = "reconciler.yaml",
    granularity: Annotated[
        Granularity, typer.Option(help="As in the configuration of the stack.")
    ] = Granularity.USER,
) -> None:
    """Write what exists as a file for `pulumi import --file`. Changes nothing."""
    try:
        with told_by_provider():
            found = import_file(Fleet(workspace, configuration, granularity))
            out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except Failed as failed:
        typer.echo(f"error: {failed}", err=True)
        raise typer.Exit(1) from None
    typer.echo(
        f"{len(found['resources'])} resources in {out}; import them with: pulumi import"
        f" --file {out} --generate-code=false --protect=false --yes"
    )


app()
