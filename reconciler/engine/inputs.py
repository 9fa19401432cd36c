"""Inputs: runs the commands of the configuration that write rows for the sources of manifests.

An input that fails is an error, whatever it wrote before: it never means that there is nobody. Its
command never gets an API key.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.config import InputCommand, SecretFromEnvironment, Workspace
from reconciler.config.command_output import CommandOutput, TookTooLong, command_output
from reconciler.domain import (
    Cancellation,
    Clock,
    Deadline,
    Diagnostic,
    InvalidInput,
    Secret,
)
from reconciler.domain.secrets import TELLING, redacted
from reconciler.domain.text import excerpt
from reconciler.manifest.rows import MAX_EXPORT_BYTES, InputData
from reconciler.manifest.source import quoted

_ALWAYS: Final = ("PATH", "HOME", "LANG", "TZ")
_BY_HAND: Final = "run it by hand to see why"


class ConfiguredInputs:
    """The inputs of a workspace, each read once: call it with the name of one.

    A call runs the command in an ``environ`` of named variables, and raises ``KeyError`` if there
    is no such input, :class:`InvalidInput` if it fails (again and again, without a second run), and
    ``Cancelled``.
    """

    def __init__(
        self,
        workspace: Workspace,
        environ: Mapping[str, str],
        *,
        clock: Clock,
        cancellation: Cancellation | None = None,
        keys: Sequence[Secret] = (),
    ) -> None:
        self._inputs = workspace.inputs
        self._environ = environ
        self._clock = clock
        self._cancellation = cancellation
        self._keys = (*keys, *_key_in(workspace, environ))
        self._read: dict[str, InputData | InvalidInput] = {}

    def __call__(self, name: str) -> InputData:
        command = self._inputs[name]
        if name not in self._read:
            try:
                self._read[name] = self._run(name, command)
            except InvalidInput as error:
                self._read[name] = error
        found = self._read[name]
        if isinstance(found, InvalidInput):
            raise InvalidInput(*found.diagnostics)
        return found

    def _run(self, name: str, command: InputCommand) -> InputData:
        what = f"the command {quoted(command.command[0])} of the input {quoted(name)}"
        environ = self._environ_of(what, command)
        deadline = Deadline(
            self._clock, self._cancellation, at=self._clock.monotonic() + command.timeout
        )
        try:
            output = command_output(
                command.command,
                command.folder,
                environ,
                most=MAX_EXPORT_BYTES,
                deadline=deadline,
                apart=True,
            )
        except OSError as error:
            hint = "check that the program is installed, and that it may be run"
            raise _refused(command, f"{what} cannot be run: {error.strerror}", hint) from None
        except TookTooLong as late:
            problem = f"{what} took longer than {command.timeout:g} s and was ended"
            hint = "run it by hand, or raise `timeoutSeconds`"
            if late.ended:
                hint = "it had ended, but something that it started held its output open"
            raise _refused(command, problem, hint) from None
        if len(output.data) > MAX_EXPORT_BYTES:
            problem = f"{what} wrote more than {MAX_EXPORT_BYTES >> 20} MiB and was ended"
            raise _refused(command, problem, "have it write fewer columns or rows")
        if output.status:
            raise _refused(command, f"{what} {self._failure(output, environ)}", _BY_HAND)
        if not output.data:
            problem = f"{what} wrote nothing"
            raise _refused(command, problem, f"that never means nobody: {_BY_HAND}")
        return InputData(output.data, command.form, command.records, command.max_rows)

    def _environ_of(self, what: str, command: InputCommand) -> dict[str, str]:
        """The variables that ``command`` gets."""
        for variable in command.environment:
            if variable not in self._environ:
                problem = f"the environment variable {variable} of {what} is not set"
                raise _refused(command, problem, f"export {variable}=…")
        names = {*_ALWAYS, *command.environment} & self._environ.keys()
        environ = {variable: self._environ[variable] for variable in sorted(names)}
        for variable, value in environ.items():
            if any(key.reveal() in value for key in self._keys):
                problem = f"the environment variable {variable} of {what} holds an API key"
                raise _refused(command, problem, "no input gets an API key: use another variable")
        return environ

    def _failure(self, output: CommandOutput, environ: Mapping[str, str]) -> str:
        """How the command ended, with the last line of its standard error, without secrets."""
        how = f"ended with status {output.status}"
        if output.status < 0:
            how = f"was ended by signal {-output.status}"
        # Anything that it was given may be a password, and one of several lines.
        given = (Secret(value) for name, value in environ.items() if name not in _ALWAYS)
        secrets = [*self._keys, *(one for one in given if len(one.reveal()) >= TELLING)]
        words = redacted(output.last_words.decode(errors="replace"), *secrets, cut=True)
        lines = words.rstrip().splitlines()
        return f"{how}: {excerpt(lines[-1])}" if lines else how


def _key_in(workspace: Workspace, environ: Mapping[str, str]) -> tuple[Secret, ...]:
    """The API key of ``workspace``, if it is in the environment."""
    source = workspace.api_key
    key = environ.get(source.variable) if isinstance(source, SecretFromEnvironment) else None
    return (Secret(key.strip()),) if key and key.strip() else ()


def _refused(command: InputCommand, message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(command.source, message, hint))
