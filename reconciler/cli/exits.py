"""The exit status of a command: the engine's, and that of what only the command line raises."""

from reconciler.applying import RunResult
from reconciler.cli.errors import NotApproved, UsageError
from reconciler.cli.signals import Signalled
from reconciler.engine import Exit, of_signal
from reconciler.engine import exit_status as status_of
from reconciler.engine.output_file import OutputFailed
from reconciler.planning import Plan

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
