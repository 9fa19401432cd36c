"""What ends a command that is nobody's fault but the caller's, and the end itself.

The exit status of a command: the engine's, and that of what only the command line raises.
"""

from reconciler.cli.signals import Signalled
from reconciler.engine import Exit, of_signal
from reconciler.engine import exit_status as status_of
from reconciler.engine.output_file import OutputFailed
from reconciler.planning import Plan
from reconciler.runs import RunResult


class UsageError(Exception):
    """The command was called in a way that cannot be meant; says what to do instead."""


class OutputConflict(UsageError):
    """An output would replace another one or what the command reads: none is written."""


class NotApproved(Exception):
    """The operator was asked and did not say yes."""


class EndedWith(BaseException):
    """A command has said all it has to say and ends with ``status``.

    No ``Exception``, and none of the command line library's: its own ends (bad usage is its 2)
    are told from ours by it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


__all__ = ["Exit", "exit_status"]


def exit_status(event: Plan | RunResult | BaseException, *, detailed: bool = False) -> Exit:
    """The status of a command that ended with ``event``.

    ``detailed`` tells a plan with changes (2), or one that waits for a person (7), from others.
    """
    match event:
        case UsageError() | OutputFailed():
            return Exit.USAGE
        case Signalled(signum=signum):
            return of_signal(signum)
        case NotApproved():
            return Exit.INTERRUPTED
        case _:
            return status_of(event, detailed=detailed)
