"""Gets an API key from the environment, a file or a command, as the configuration says.

The configuration never holds the key itself, and no error here shows any part of it.
"""

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from reconciler.config.command_output import TookTooLong, command_output
from reconciler.domain import (
    Deadline,
    Diagnostic,
    InvalidInput,
    Secret,
    SourceLocation,
    SystemClock,
    key_fault,
)
from reconciler.manifest.source import NotRegular, quoted, read_regular

COMMAND_SECONDS = 30.0
_MAX_BYTES = 64 * 1024


class KeyFromEnvironment(Struct, frozen=True):
    """The key is in an environment variable. ``source`` is the place in the configuration."""

    variable: str
    source: SourceLocation


class KeyFromFile(Struct, frozen=True):
    """The key is the whole content of a file."""

    path: Path
    source: SourceLocation


class KeyFromCommand(Struct, frozen=True):
    """A program prints the key. We run it in ``folder``, without a shell."""

    command: tuple[str, ...]
    folder: Path
    source: SourceLocation


ApiKeySource: TypeAlias = KeyFromEnvironment | KeyFromFile | KeyFromCommand


def resolve_key(source: ApiKeySource, environ: Mapping[str, str]) -> Secret:
    """Get the key. Raises :class:`InvalidInput` if there is none, or if it cannot be sent."""
    if isinstance(source, KeyFromEnvironment):
        text, origin = _from_environment(source, environ)
    elif isinstance(source, KeyFromFile):
        text, origin = _from_file(source)
    else:
        text, origin = _from_command(source, environ)
    key = text.removesuffix("\n").removesuffix("\r")
    if fault := key_fault(key):
        raise _invalid(source, f"{origin} {fault.problem}", fault.hint)
    return Secret(key)


def _from_environment(source: KeyFromEnvironment, environ: Mapping[str, str]) -> tuple[str, str]:
    text = environ.get(source.variable)
    if text is None:
        raise _invalid(
            source,
            f"the environment variable {source.variable} for the API key is not set",
            f"export {source.variable}=…",
        )
    return text, f"the environment variable {source.variable}"


def _from_file(source: KeyFromFile) -> tuple[str, str]:
    name = quoted(str(source.path))
    try:
        data = read_regular(source.path, _MAX_BYTES)
    except NotRegular:
        problem = f"the API key's file {name} is not a regular file"
        raise _invalid(source, problem, "name a file that holds the API key alone") from None
    except OSError as error:
        raise _invalid(
            source,
            f"the API key's file {name} cannot be read: {error.strerror}",
            "check the path and its permissions",
        ) from error
    origin = f"the API key's file {name}"
    return _text(source, data, origin), origin


def _from_command(source: KeyFromCommand, environ: Mapping[str, str]) -> tuple[str, str]:
    program = quoted(source.command[0])
    what = f"the command {program} for the API key"
    clock = SystemClock()
    try:
        output = command_output(
            source.command,
            source.folder,
            environ,
            most=_MAX_BYTES,
            deadline=Deadline(clock, at=clock.monotonic() + COMMAND_SECONDS),
        )
    except OSError as error:
        hint = "check that the program is installed"
        raise _invalid(source, f"{what} cannot be run: {error.strerror}", hint) from None
    except TookTooLong:
        problem = f"{what} took longer than {COMMAND_SECONDS:g} seconds"
        raise _invalid(source, problem, "run it by hand") from None
    origin = f"what the command {program} printed"
    text = _text(source, output.data, origin)
    if output.status:
        problem = f"{what} ended with status {output.status}"
        raise _invalid(source, problem, "run it by hand to see why")
    return text, origin


def _text(source: ApiKeySource, data: bytes, origin: str) -> str:
    if len(data) > _MAX_BYTES:
        problem = f"{origin} is larger than {_MAX_BYTES >> 10} KiB"
        raise _invalid(source, problem, "it must be the API key alone")
    # Other bytes become characters that are not ASCII, which the check of the key refuses.
    return data.removeprefix(codecs.BOM_UTF8).decode("ascii", "replace")


def _invalid(source: ApiKeySource, message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(source.source, message, hint))
