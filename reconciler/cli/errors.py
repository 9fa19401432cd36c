"""Errors of the command line itself, and the end of a command."""


class UsageError(Exception):
    """The command was called in a way that cannot work; says what to do instead."""


class OutputConflict(UsageError):
    """An output would replace another one, or what the command reads: none is written."""


class NotApproved(Exception):
    """The operator was asked and did not approve."""


class EndedWith(BaseException):
    """A command has said everything and ends with ``status``.

    It is no ``Exception``, and none of the command line library's, so that nothing takes it for bad
    usage, which is the library's status 2.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
