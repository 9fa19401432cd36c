"""What ends a command that is nobody's fault but the caller's, and the end itself."""


class UsageError(Exception):
    """The command was called in a way that cannot be meant; says what to do instead."""


class OutputConflict(UsageError):
    """An output would replace another one or what the command reads: none is written."""


class NotApproved(Exception):
    """The operator was asked and did not say yes."""


class Ended(BaseException):
    """A command has said all it has to say and ends with ``status``.

    No ``Exception``, and none of the command line library's: its own ends (bad usage is its 2)
    are told from ours by it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
