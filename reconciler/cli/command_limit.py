"""The most disconnects of one command, in all its workspaces together.

It is looked at twice. Before anything is done, the disconnects of all workspaces are counted, and a
command beyond the limit is refused whole. Then each run takes what it is going to send from what is
left, so that changes since the count cannot go beyond the limit either.
"""

import threading

from reconciler.config import Configuration
from reconciler.domain import Diagnostic, InvalidInput
from reconciler.reporting.phrase import counted


class CommandLimitReached(InvalidInput):
    """The command would disconnect more than its limit; status 3."""


class CommandLimit:
    """What is left of the limit of one command. Thread-safe."""

    def __init__(self, configuration: Configuration) -> None:
        self._limit = configuration.max_disconnects_per_command
        self._source = configuration.max_disconnects_per_command_source
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def exists(self) -> bool:
        return self._limit is not None

    def check(self, disconnects: int) -> None:
        """Raise :class:`CommandLimitReached` if all workspaces together would make so many."""
        if self._limit is not None and disconnects > self._limit:
            raise self._reached(f"the command would make {counted(disconnects, 'disconnect')}")

    def take(self, disconnects: int) -> None:
        """Keep so many disconnects for one run. Raises :class:`CommandLimitReached`."""
        with self._lock:
            if self._limit is not None and self._taken + disconnects > self._limit:
                before = f" after {self._taken} of other workspaces" if self._taken else ""
                raise self._reached(
                    f"this run would make {counted(disconnects, 'disconnect')}{before}"
                )
            self._taken += disconnects

    def _reached(self, what: str) -> CommandLimitReached:
        return CommandLimitReached(
            Diagnostic(
                self._source,
                f"{what}, and the limit of one command is {self._limit}; nothing was changed",
                "work on fewer workspaces at a time, or raise `limits.perCommand.maxDisconnects`",
            )
        )
