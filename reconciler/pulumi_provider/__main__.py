"""``python -m reconciler.pulumi_provider import-file``: a state for ``pulumi import --file``.

``pulumi up`` adopts what exists just as well. The file helps if a state is lost, or if somebody
wants to see an empty preview before the first update.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.config import load_configuration
from reconciler.domain import Cancellation, SystemClock
from reconciler.engine import open_session
from reconciler.pulumi_provider import inputs, outputs
from reconciler.pulumi_provider.errors import Failed, provider_errors
from reconciler.pulumi_provider.resources import (
    FLEET_PROVIDER,
    FLEET_TYPE,
    USER_PROVIDER,
    USER_TYPE,
    Fleet,
    Granularity,
    fleet_inputs,
    place_of,
    user_inputs,
    user_name,
)
from reconciler.pulumi_provider.workspace_client import client_of, close_clients

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands for a stack that Pulumi's own commands do not offer."""


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
    """Write what exists to a file for `pulumi import --file`. Changes nothing."""
    try:
        with provider_errors():
            resources = _resources(Fleet(workspace, configuration, granularity))
            document = json.dumps({"resources": resources}, indent=1)
            out.write_text(document + "\n", encoding="utf-8")
    except Failed as failed:
        typer.echo(f"error: {failed}", err=True)
        raise typer.Exit(1) from None
    finally:
        close_clients()
    typer.echo(
        f"{len(resources)} resources in {out}; import them with: pulumi import"
        f" --file {out} --generate-code=false --protect=false --yes"
    )


def _resources(fleet: Fleet) -> list[dict[str, Any]]:
    """The resources of ``fleet`` as they are now."""
    workspace = load_configuration(Path.cwd() / fleet.configuration).workspace(fleet.workspace)
    clock = SystemClock()
    with open_session(
        workspace, os.environ, clock=clock, cancellation=Cancellation(clock.monotonic)
    ) as session:
        place = place_of(fleet, session.endpoint.address)
    client = client_of(place)
    client.check_history()
    desired = client.desired()
    if fleet.granularity is Granularity.FLEET:
        props = inputs.check_fleet({}, fleet_inputs(place, desired, {})).inputs
        return [
            {
                "type": FLEET_TYPE,
                "name": fleet.workspace,
                "id": fleet.workspace,
                **_properties(props, outputs.converge_fleet(props), FLEET_PROVIDER),
            }
        ]
    resources = []
    for user in desired.users.values():
        props = inputs.check_user({}, user_inputs(place, user, {})).inputs
        resources.append(
            {
                "type": USER_TYPE,
                "name": user_name(fleet, user),
                "id": user.id,
                **_properties(props, outputs.converge_user(props), USER_PROVIDER),
            }
        )
    return resources


def _properties(
    props: dict[str, Any], outs: dict[str, Any], provider: dict[str, str]
) -> dict[str, Any]:
    """Inputs and outputs with the provider, without which the engine could not read them back."""
    return {"inputs": props | provider, "outputs": outs | provider}


app()
