"""An empty word on the command line: the unset variable of a script, and never meant.

It is refused before anything is made of it: an empty path would be the working folder, and an
empty name no name at all, for which there are defaults.

The options that several commands share, said once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from reconciler.cli import completion
from reconciler.cli.errors import UsageError
from reconciler.cli.logs import LogFormat as LogFormatName
from reconciler.domain import InvalidInput
from reconciler.engine.overrides import GUARDS, NEW_LEDGER, OPTION, overrides
from reconciler.reporting import Format


class Command(TyperCommand):
    """A command none of whose words may be empty."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises :class:`UsageError` that names the option or argument."""
        _refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


class Group(TyperGroup):
    """Commands, and what may stand before them, none of whose words may be empty either."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises :class:`UsageError` that names the option."""
        _refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


def _refuse_empty(command: TyperCommand | TyperGroup, context: Any, args: list[str]) -> None:
    if context.resilient_parsing:  # of the completion of shells
        return
    given, _, _ = command.make_parser(context).parse_args(args=list(args))
    for param in command.params:
        value = given.get(str(param.name))
        if value == "" or (isinstance(value, list | tuple) and "" in value):
            is_option = param.param_type_name == "option"
            name = max(param.opts, key=len) if is_option else str(param.name).upper()
            raise UsageError(f"{name} is given and empty: is a variable not set that it takes?")


APPLY_TAKES = (*GUARDS, NEW_LEDGER)


def _and_earlier(context: typer.Context, reports: list[str]) -> list[str]:
    """``reports``, and before them those that were given before the command."""
    earlier: list[str] = (context.default_map or {}).get("report", [])
    return reports if reports == earlier else [*earlier, *reports]


Config = Annotated[
    Path | None,
    typer.Option(
        help="Configuration file. [env: RECONCILER_CONFIG; default: ./reconciler.yaml]",
        show_default=False,
    ),
]
WorkspaceName = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        "-w",
        autocompletion=completion.workspaces,
        help="Workspace. [env: RECONCILER_WORKSPACE; default: the file's defaultWorkspace]",
        show_default=False,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="Format of standard output.")]
Reports = Annotated[
    list[str],
    typer.Option(
        "--report",
        metavar="FORMAT=PATH",
        help="Write a report to a file too; can be repeated.",
        callback=_and_earlier,
        show_default=False,
    ),
]
Select = Annotated[
    list[str],
    typer.Option(
        "--select",
        metavar="SELECTOR",
        help="Only these users: an id, a pattern with *, group:NAME, or @FILE with one a line; "
        "can be repeated.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no logs.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="List what is left alone too; log to stderr.")
]
LogFormat = Annotated[LogFormatName, typer.Option(help="Format of the logs on standard error.")]


def _checked(takes: tuple[str, ...]) -> Callable[[list[str]], list[str]]:
    def check(words: list[str]) -> list[str]:
        try:
            overrides(words, "it", takes)
        except InvalidInput as error:
            (found,) = error.diagnostics
            raise typer.BadParameter(f"{found.message}; {found.hint}") from None
        return words

    return check


def _allow(takes: tuple[str, ...], and_more: str = "") -> Any:
    """``--allow``, which ``takes`` these words."""
    return typer.Option(
        OPTION,
        metavar="GUARD",
        help=f"Go past this guard in this run: {', '.join(GUARDS)}{and_more}; can be repeated.",
        callback=_checked(takes),
        autocompletion=lambda: list(takes),
        show_default=False,
    )


AllowGuards = Annotated[list[str], _allow(GUARDS)]
Allow = Annotated[
    list[str],
    _allow(
        APPLY_TAKES,
        f". With {NEW_LEDGER}: make a ledger where none is found, although requireLedger is set",
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout", metavar="SECONDS", min=0, help="Wait so long for another run to end."
    ),
]
MaxFailures = Annotated[
    int, typer.Option(min=0, help="Cancellation above this many failed or unknown outcomes.")
]
Parallelism = Annotated[
    int,
    typer.Option(
        min=1, max=32, help="Calls under way at once; users who are only read back do not count."
    ),
]
