"""Where a command shows a secret: on a terminal, or in a new file of this account alone.

A pipe is refused. What reads it may be a log.
"""

import sys
from pathlib import Path

from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.streams import print_out
from reconciler.domain import Secret
from reconciler.engine.output_file import NewFile
from reconciler.reporting import Format

_NAME_ONE = "name a new file with -o"


class SecretOutput:
    """A place for one secret: a new file at ``path``, or the terminal if that is None.

    Making one checks the place and leaves nothing there. Raises ``OutputFailed``, and
    :class:`UsageError` where others could read the secret.
    """

    def __init__(self, context: CommandContext, path: Path | None) -> None:
        self._file: NewFile | None = None
        if path == DASH:
            raise UsageError(f"a secret is not written to standard output: {_NAME_ONE}")
        if path is not None:
            context.files.write(path)
            self._file = NewFile(path)
        elif context.format is not Format.TEXT:
            raise UsageError(f"a report in {context.format} holds no secret: {_NAME_ONE}")
        elif not sys.stdout.isatty():
            raise UsageError(
                "standard output is no terminal, and a secret is not written to a pipe or a log:"
                f" {_NAME_ONE}"
            )

    def write(self, secret: Secret) -> None:
        """Put ``secret`` there. Raises ``OutputFailed`` and :class:`UsageError`."""
        if self._file is not None:
            self._file.write(f"{secret.reveal()}\n".encode())
            return
        lost = print_out(f"\n{secret.reveal()}\n\n", on_stderr=False)
        if lost is not None:
            raise UsageError(f"the secret could not be shown ({lost}): make another one")
