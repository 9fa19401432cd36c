"""An empty word on the command line: the unset variable of a script, and never meant.

It is refused before anything is made of it: an empty path would be the working folder, and an
empty name no name at all, for which there are defaults.
"""

from typing import Any

from typer.core import TyperCommand, TyperGroup

from reconciler.cli.errors import UsageError


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
