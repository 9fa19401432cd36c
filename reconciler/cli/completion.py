"""``--install-completion`` and ``--show-completion``: for a shell that is named, or is in use.

What a shell offers for a word: workspaces and runs, of the configuration that is in force.

Neither the network nor a ledger on a server is asked, nothing is written, and whatever is wrong
offers nothing: the command itself says what.
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

from reconciler.domain import SqliteFile

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
    """``arguments`` with the shell in use behind an option of this page that names none."""
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


def workspaces(context: typer.Context, incomplete: str) -> list[str]:
    """The names of the workspaces that begin so."""
    found: list[str] = []
    with _silently():
        found += [
            name for name in _configuration(context).workspaces if name.startswith(incomplete)
        ]
    return found


def runs(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
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
