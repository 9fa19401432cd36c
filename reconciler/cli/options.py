"""The options that several commands share, and what a shell offers for their words.

To complete a word, neither the network nor a ledger on a server is asked, nothing is written, and
whatever is wrong offers nothing: the command itself says what.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import completion as _completion

from reconciler.cli.logs import LogFormat as LogFormatName
from reconciler.domain import SqliteFile
from reconciler.reporting import Format

if TYPE_CHECKING:
    from reconciler.config import Configuration


class Shell(StrEnum):
    """The shells that the command can complete its words in."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    PWSH = "pwsh"


_INSTALL, _SHOW = "--install-completion", "--show-completion"


def with_shell(arguments: list[str]) -> list[str]:
    """``arguments`` with the shell in use behind a completion option that names none."""
    if arguments[-1:] not in ([_INSTALL], [_SHOW]):
        return arguments
    return [*arguments, Path(os.environ.get("SHELL", "")).name]


def get_ready() -> None:
    """Have the library know the shells, in a process that completes words."""
    _completion.completion_init()  # type: ignore[attr-defined]  # imported there, for others too


def _reporting_errors(
    callback: Callable[..., object],
) -> Callable[[typer.Context, typer.CallbackParam, Shell | None], None]:
    def run(context: typer.Context, param: typer.CallbackParam, shell: Shell | None) -> None:
        try:
            callback(context, param, None if shell is None else shell.value)
        except OSError as error:
            raise typer.BadParameter(f"{error.filename}: {error.strerror}") from None

    return run


def _option(name: str, callback: Callable[..., object], what: str) -> Any:
    return typer.Option(
        name,
        metavar="SHELL",
        callback=_reporting_errors(callback),
        is_eager=True,
        expose_value=False,
        show_default=False,
        help=what,
    )


Install = Annotated[
    Shell | None,
    _option(
        _INSTALL,
        _completion.install_callback,
        "Complete words in this shell from now on: bash, zsh, fish or pwsh. [default: $SHELL]",
    ),
]
Show = Annotated[
    Shell | None,
    _option(_SHOW, _completion.show_callback, "Print what that would install."),
]


_MOST_RUNS = 20


def complete_workspaces(context: typer.Context, incomplete: str) -> list[str]:
    """The names of the workspaces that begin so."""
    found: list[str] = []
    with _silently():
        found += [
            name for name in _configuration(context).workspaces if name.startswith(incomplete)
        ]
    return found


def complete_runs(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The last runs of the workspace whose ids begin so, newest first, each with how it ended."""
    found: list[tuple[str, str]] = []
    with _silently():
        named = _given(context, "workspace") or os.environ.get("RECONCILER_WORKSPACE")
        workspace = _configuration(context).workspace(named or None)
        if isinstance(workspace.ledger, SqliteFile):
            from reconciler.ledger import read_ledger  # noqa: PLC0415 - most words need none

            with read_ledger(workspace.ledger) as ledger:
                last = ledger.runs(workspace.name, _MOST_RUNS)
            found += [(r.run, r.state.value) for r in last if r.run.startswith(incomplete)]
    return found


def _configuration(context: typer.Context) -> "Configuration":
    # Late: help and most words need no configuration.
    from reconciler.config import find_configuration, load_configuration  # noqa: PLC0415

    named = _given(context, "config")
    explicit = None if named is None else Path(named)
    return load_configuration(find_configuration(explicit, os.environ, Path.cwd()))


def _given(context: typer.Context, name: str) -> str | None:
    """The value of an option that was typed already, behind the command or before it."""
    within: typer.Context | None = context
    while within is not None:
        value = within.params.get(name)
        if isinstance(value, list | tuple):
            value = value[-1] if value else None
        if value is not None:
            return str(value)
        within = within.parent  # type: ignore[assignment]
    return None


@contextmanager
def _silently() -> Iterator[None]:
    with redirect_stderr(StringIO()):
        try:
            yield
        except Exception:  # noqa: BLE001 - a shell has no place to show it
            return


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
        autocompletion=complete_workspaces,
        help="Workspace. [env: RECONCILER_WORKSPACE; default: the file's defaultWorkspace]",
        show_default=False,
    ),
]
WorkspaceNames = Annotated[
    list[str],
    typer.Option(
        "--workspace",
        "-w",
        autocompletion=complete_workspaces,
        help="Workspace; can be repeated, and may hold * and ?. [env: RECONCILER_WORKSPACE;"
        " default: the file's defaultWorkspace]",
        show_default=False,
    ),
]
AllWorkspaces = Annotated[
    bool, typer.Option("--all-workspaces", help="Every workspace of the configuration.")
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Of several workspaces, sorted by name, those at I, I+N, I+2N, and so on, from 0."
        " [env: RECONCILER_SHARD, or JOB_COMPLETION_INDEX and RECONCILER_SHARDS]",
        show_default=False,
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, max=64, help="Workspaces at a time.")]
OutputFormat = Annotated[
    Format,
    typer.Option("--format", "-f", help="Format of standard output; not every command writes all."),
]
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
LinkBase = Annotated[
    str | None,
    typer.Option(
        "--link-base",
        metavar="URL",
        help="Where a line of a manifest can be read, with {commit}, {file} and {line}: HTML and "
        "Markdown link to it. [env: RECONCILER_LINK_BASE]",
        show_default=False,
    ),
]
Select = Annotated[
    list[str],
    typer.Option(
        "--select",
        metavar="SELECTOR",
        help="Only these users: an id, a pattern with *, group:, source:, rule: or platform:NAME, "
        "reason:TEXT, or @FILE with one per line; can be repeated.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str],
    typer.Option(
        "--exclude",
        metavar="SELECTOR",
        help="Not these users, named as for --select; can be repeated.",
        show_default=False,
    ),
]
Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="ORGANIZATION/PROJECT/STACK",
        help="Plan for this Pulumi stack, which will apply the plan.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Hide progress, remarks and warnings, but never results and errors."
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also list what is left alone; log to stderr.")
]
LogFormat = Annotated[LogFormatName, typer.Option(help="Format of the logs on standard error.")]


LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        min=0,
        help="Seconds to wait for another run to finish.",
    ),
]
MaxFailures = Annotated[
    int, typer.Option(min=0, help="Stop after more than this many failed or unknown outcomes.")
]
Parallelism = Annotated[
    int,
    typer.Option(min=1, max=32, help="Calls under way at once; read-backs do not count."),
]
