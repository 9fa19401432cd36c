"""``--allow``: the guards that one command may go past."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from reconciler.domain import InvalidInput
from reconciler.engine.overrides import GUARDS, NEW_LEDGER, OPTION, overrides

APPLY_TAKES = (*GUARDS, NEW_LEDGER)


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
        help=f"Allow this guard in this run: {', '.join(GUARDS)}{and_more}; can be repeated.",
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
