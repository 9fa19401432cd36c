"""``--install-completion`` and ``--show-completion``: for a shell that is named, or is in use."""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import completion as _completion


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


def _telling(
    callback: Callable[..., object],
) -> Callable[[typer.Context, typer.CallbackParam, Shell | None], None]:
    def tell(context: typer.Context, param: typer.CallbackParam, shell: Shell | None) -> None:
        try:
            callback(context, param, None if shell is None else shell.value)
        except OSError as error:
            raise typer.BadParameter(f"{error.filename}: {error.strerror}") from None

    return tell


def _option(name: str, callback: Callable[..., object], what: str) -> Any:
    return typer.Option(
        name,
        metavar="SHELL",
        callback=_telling(callback),
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
