"""Gets a secret from the environment, a file or a command, as the configuration says.

The configuration never holds a secret itself, and no error here shows any part of it.
"""

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from reconciler.config.command_output import TookTooLong, command_output
from reconciler.domain import (
    Deadline,
    Diagnostic,
    InvalidInput,
    Secret,
    SecretFault,
    SourceLocation,
    SystemClock,
    key_fault,
)
from reconciler.manifest.source import NotRegular, quoted, read_regular

COMMAND_SECONDS = 30.0
_MAX_BYTES = 64 * 1024


class SecretFromEnvironment(Struct, frozen=True):
    """It is in an environment variable. ``source`` is the place in the configuration."""

    variable: str
    source: SourceLocation


class SecretFromFile(Struct, frozen=True):
    """It is the whole content of a file."""

    path: Path
    source: SourceLocation


class SecretFromCommand(Struct, frozen=True):
    """A program prints it. We run it in ``folder``, without a shell."""

    command: tuple[str, ...]
    folder: Path
    source: SourceLocation


SecretSource: TypeAlias = SecretFromEnvironment | SecretFromFile | SecretFromCommand


class SecretKind(Struct, frozen=True):
    """What a secret is for: its name in messages, and what may be wrong with its text."""

    name: str
    fault: Callable[[str], SecretFault | None]


API_KEY: Final = SecretKind("API key", key_fault)


def resolve_key(source: SecretSource, environ: Mapping[str, str]) -> Secret:
    """The API key. Raises :class:`InvalidInput` if there is none, or if it cannot be sent."""
    return resolve_secret(source, environ, API_KEY)


def resolve_secret(source: SecretSource, environ: Mapping[str, str], kind: SecretKind) -> Secret:
    """The secret without the line end behind it.

    Raises :class:`InvalidInput` if there is none, or if ``kind`` finds a fault in it.
    """
    if isinstance(source, SecretFromEnvironment):
        text, origin = _from_environment(source, environ, kind.name)
    elif isinstance(source, SecretFromFile):
        text, origin = _from_file(source, kind.name)
    else:
        text, origin = _from_command(source, environ, kind.name)
    value = text.removesuffix("\n").removesuffix("\r")
    if fault := kind.fault(value):
        raise _invalid(source, f"{origin} {fault.problem}", fault.hint)
    return Secret(value)


def _from_environment(
    source: SecretFromEnvironment, environ: Mapping[str, str], what: str
) -> tuple[str, str]:
    text = environ.get(source.variable)
    if text is None:
        raise _invalid(
            source,
            f"the environment variable {source.variable} for the {what} is not set",
            f"export {source.variable}=…",
        )
    return text, f"the environment variable {source.variable}"


def _from_file(source: SecretFromFile, what: str) -> tuple[str, str]:
    name = quoted(str(source.path))
    try:
        data = read_regular(source.path, _MAX_BYTES)
    except NotRegular:
        problem = f"the {what}'s file {name} is not a regular file"
        raise _invalid(source, problem, f"name a file that holds the {what} alone") from None
    except OSError as error:
        raise _invalid(
            source,
            f"the {what}'s file {name} cannot be read: {error.strerror}",
            "check the path and its permissions",
        ) from error
    origin = f"the {what}'s file {name}"
    return _text(source, data, origin, what), origin


def _from_command(
    source: SecretFromCommand, environ: Mapping[str, str], name: str
) -> tuple[str, str]:
    program = quoted(source.command[0])
    what = f"the command {program} for the {name}"
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
    text = _text(source, output.data, origin, name)
    if output.status:
        problem = f"{what} ended with status {output.status}"
        raise _invalid(source, problem, "run it by hand to see why")
    return text, origin


def _text(source: SecretSource, data: bytes, origin: str, what: str) -> str:
    if len(data) > _MAX_BYTES:
        problem = f"{origin} is larger than {_MAX_BYTES >> 10} KiB"
        raise _invalid(source, problem, f"it must be the {what} alone")
    # Other bytes become characters that are not ASCII, which the checks of secrets refuse.
    return data.removeprefix(codecs.BOM_UTF8).decode("ascii", "replace")


def _invalid(source: SecretSource, message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(source.source, message, hint))
