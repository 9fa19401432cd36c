"""The exit statuses of every command: a tested contract for pipelines."""

import signal
from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses. 1 is always a defect of ours."""

    OK = 0
    DEFECT = 1
    CHANGES = 2
    REFUSED = 3
    PARTIAL = 4
    PLAN_UNUSABLE = 5
    INCOMPLETE = 6
    PENDING = 7
    UNDECLARED = 8
    USAGE = 64
    INVALID = 65
    UNREACHABLE = 69
    TRY_LATER = 75
    CREDENTIALS = 77
    INTERRUPTED = 130
    TERMINATED = 143


def of_signal(signum: int) -> Exit:
    """The status of a command that the signal ``signum`` ended."""
    return Exit.INTERRUPTED if signum == signal.SIGINT else Exit.TERMINATED
