"""The classes that our commands are made of: lazy, strict about empty words, quick to convert.

A group knows the names and one-line helps of its commands, and loads a command when it is called.

typer converts values with pydantic, which takes longer to load than a small plan takes to make.
Our options have few types, so they are converted here.

An empty word on the command line is the unset variable of a script, and never meant: an empty path
would be the working folder, and an empty name would take a default. It is refused.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum, EnumType
from types import NoneType
from typing import Any, ClassVar, cast, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from reconciler.cli.errors import UsageError


class Command(TyperCommand):
    """A command none of whose words may be empty."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options and arguments, with our conversions."""
        return _converted(super().get_params(ctx), self.callback)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises :class:`UsageError` that names the option or argument."""
        _refuse_what_is_not_meant(self, ctx, args)
        return super().parse_args(ctx, args)


class LazyGroup(TyperGroup):
    """Commands that are loaded when they are called, and options before them.

    A subclass sets ``summaries``, the help in one line of each command, and ``load``.
    """

    summaries: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        for name, summary in self.summaries.items():
            self.add_command(TyperCommand(name, help=summary))

    def load(self, name: str) -> TyperCommand | TyperGroup:
        """The command ``name``, with its module."""
        raise NotImplementedError

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that ``args`` call, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and self.load(str(name)), rest

    def get_params(self, ctx: Any) -> list[Any]:
        """The options, with our conversions."""
        return _converted(super().get_params(ctx), self.callback)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises :class:`UsageError` that names the option."""
        _refuse_what_is_not_meant(self, ctx, args)
        return super().parse_args(ctx, args)


def _refuse_what_is_not_meant(
    command: TyperCommand | TyperGroup, context: Any, args: list[str]
) -> None:
    """Raise :class:`UsageError` for an empty value, and for an option with one value given twice:
    the last one would count, silently."""
    if context.resilient_parsing:  # of the completion of shells
        return
    given, _, order = command.make_parser(context).parse_args(args=list(args))
    for param, times in Counter(order).items():
        takes_one = param.param_type_name == "option" and not param.multiple
        if times > 1 and takes_one and not getattr(param, "is_flag", False):
            raise UsageError(f"{max(param.opts, key=len)} is given {times} times: give it once")
    for param in command.params:
        value = given.get(str(param.name))
        if value == "" or (isinstance(value, list | tuple) and "" in value):
            is_option = param.param_type_name == "option"
            name = max(param.opts, key=len) if is_option else str(param.name).upper()
            raise UsageError(f"{name} is empty: is a variable unset that was meant to fill it?")


def _converted(params: list[Any], callback: Callable[..., Any] | None) -> list[Any]:
    """``params`` of the command that ``callback`` does, with conversions of ours."""
    if all("get_runtime_param" in vars(param) for param in params):
        return params
    types = get_type_hints(callback) if callback else {}
    details = get_type_hints(callback, include_extras=True) if callback else {}
    for param in params:
        info = next(iter(getattr(details.get(param.name), "__metadata__", ())), None)
        conversion = _Conversion(types.get(param.name, bool), info)  # --help is none of ours
        # What typer asks for the conversion of a parameter, and makes with pydantic otherwise.
        param.get_runtime_param = lambda made=conversion: made
    return params


class _Conversion:
    """From words to the values of one parameter, whose type is ``hint``."""

    def __init__(self, hint: Any, info: Any) -> None:
        if NoneType in get_args(hint):  # an option that may be left out
            (hint,) = (each for each in get_args(hint) if each is not NoneType)
        self._several = get_origin(hint) is list
        self._kind = get_args(hint)[0] if self._several else hint
        self._min, self._max = getattr(info, "min", None), getattr(info, "max", None)

    def coerce(self, value: Any, param: Any, ctx: typer.Context) -> Any:
        """``value`` of ``param`` as its type. Raises ``typer.BadParameter``."""
        several = self._several or param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        try:
            return [self._one(each) for each in value] if several else self._one(value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from None

    def _one(self, value: Any) -> Any:
        kind = self._kind
        if isinstance(kind, EnumType):
            return _chosen(kind, value)
        if kind in (int, float):
            return self._number(kind, value)
        return value if isinstance(value, kind) else kind(value)

    def _number(self, kind: type[int] | type[float], value: Any) -> float:
        try:
            number = kind(value)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise ValueError(f"{value!r} is not {what}") from None
        # Put so that what is not a number is in no range either.
        if self._min is not None and not number >= self._min:
            raise ValueError(f"{value} is too small: at least {self._min}")
        if self._max is not None and not number <= self._max:
            raise ValueError(f"{value} is too large: at most {self._max}")
        return number


def _chosen(kind: EnumType, value: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(repr(str(name)) for name in cast("type[Enum]", kind))
        raise ValueError(f"{value!r} is not one of {names}.") from None
