"""Gets an API key from the environment, a file or a command, as the configuration says.

The configuration never holds the key itself, and no error here shows any part of it.
"""

import codecs
import os
import selectors
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TypeAlias, cast

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput, Secret, SourceLocation, key_fault
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
    try:
        # Its standard error goes to the user, who may have to answer a question.
        with subprocess.Popen(
            source.command,
            cwd=source.folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process:
            try:
                data = _printed(process)
            finally:
                process.kill()  # does nothing to one that has ended
    except OSError as error:
        hint = "check that the program is installed"
        raise _invalid(source, f"{what} cannot be run: {error.strerror}", hint) from None
    except subprocess.TimeoutExpired:
        problem = f"{what} took longer than {COMMAND_SECONDS:g} seconds"
        raise _invalid(source, problem, "run it by hand") from None
    origin = f"what the command {program} printed"
    text = _text(source, data, origin)
    if process.returncode:
        problem = f"{what} ended with status {process.returncode}"
        raise _invalid(source, problem, "run it by hand to see why")
    return text, origin


def _printed(process: subprocess.Popen[bytes]) -> bytes:
    """What ``process`` prints until it ends, or until the output is too long for a key.

    Raises ``subprocess.TimeoutExpired``.
    """
    deadline = time.monotonic() + COMMAND_SECONDS
    stream = cast("IO[bytes]", process.stdout)
    data = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(stream.fileno(), _MAX_BYTES)
            data += chunk
            if len(data) > _MAX_BYTES:
                return data
            if not chunk:
                process.wait(max(0.0, deadline - time.monotonic()))
                return data
    raise subprocess.TimeoutExpired(process.args, COMMAND_SECONDS)


def _text(source: ApiKeySource, data: bytes, origin: str) -> str:
    if len(data) > _MAX_BYTES:
        problem = f"{origin} is larger than {_MAX_BYTES >> 10} KiB"
        raise _invalid(source, problem, "it must be the API key alone")
    # Other bytes become characters that are not ASCII, which the check of the key refuses.
    return data.removeprefix(codecs.BOM_UTF8).decode("ascii", "replace")


def _invalid(source: ApiKeySource, message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(source.source, message, hint))
