"""``reconciler connect-link``: the link by which somebody connects a platform."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import gather
from reconciler.cli.logs import LogFormat
from reconciler.cli.secret_output import SecretOutput
from reconciler.domain import Platform
from reconciler.engine.connect_link import client_for, make_link
from reconciler.manifest import gc_paused
from reconciler.reporting import ConnectLinkReport, Format, Report


def connect_link(
    user: Annotated[str, typer.Argument(help="The external id of the user.")],
    platform: Annotated[Platform, typer.Argument(help="google or microsoft.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the link to this new file, which your account alone can read.",
            show_default=False,
        ),
    ] = None,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Make the link by which a pending user connects a platform.

    The link is a secret, for this user alone.
    """
    context = CommandContext(
        config,
        workspace,
        output_format,
        report,
        quiet,
        verbose,
        log_format,
        gives=(ConnectLinkReport,),
    )

    def body() -> Report:
        shown = SecretOutput(context, output)
        with context.session() as session:
            client_for(session.workspace, platform)
            inputs, _ = gather(context, session, None, traced=user)
            link = make_link(session, inputs, user, platform)
        shown.write(link.url)
        return structs.replace(link.report, saved_to=None if output is None else str(output))

    with gc_paused():  # until the fleet is gone
        context.run(body)
