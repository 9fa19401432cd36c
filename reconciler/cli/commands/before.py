"""What may stand before a command: the options that several commands take, and a few of its own."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

import reconciler
from reconciler.cli import completion, options
from reconciler.cli.command import LazyGroup
from reconciler.cli.errors import UsageError
from reconciler.cli.logs import LogFormat
from reconciler.reporting import Format


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"calendar-reconciler {reconciler.__version__}")
        raise typer.Exit


def before(
    context: typer.Context,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
    install_completion: completion.Install = None,
    show_completion: completion.Show = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Say in git which calendar platforms each person has connected at Recall.ai."""
    _hand_down(
        context,
        {
            name: value
            for name, value in context.params.items()
            if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
        },
    )


def _hand_down(context: typer.Context, given: Mapping[str, Any]) -> None:
    """Have the command that follows begin with what was ``given`` before it.

    Raises :class:`UsageError` for an option that the command does not take.
    """
    name = context.invoked_subcommand
    if not given or name is None:
        return
    _, command, _ = cast("LazyGroup", context.command).resolve_command(context, [name])
    within: Mapping[str, Any] = getattr(command, "commands", None) or {"": command}
    taken = {param.name for each in within.values() if each for param in each.params}
    for param in context.command.params:
        if param.name in given and param.name not in taken:
            raise UsageError(f"`{name}` takes no {max(param.opts, key=len)}")
    context.default_map = {name: given if "" in within else dict.fromkeys(within, given)}
