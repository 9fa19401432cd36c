"""The exit status of a command: the engine's, and that of errors of the command line itself."""

from reconciler.cli.errors import NotApproved, UsageError
from reconciler.cli.signals import Signalled
from reconciler.domain import Exit, of_signal
from reconciler.engine import exit_status as engine_status
from reconciler.engine.output_file import OutputFailed
from reconciler.planning import Plan
from reconciler.runs import RunResult


def exit_status(event: Plan | RunResult | BaseException, *, detailed: bool = False) -> Exit:
    """The status of a command that ended with ``event``.

    ``detailed`` distinguishes a plan with changes (2), or one that waits for a person (7).
    """
    match event:
        case UsageError() | OutputFailed():
            return Exit.USAGE
        case Signalled(signum=signum):
            return of_signal(signum)
        case NotApproved():
            return Exit.INTERRUPTED
        case _:
            return engine_status(event, detailed=detailed)
