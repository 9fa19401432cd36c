"""The errors of a ledger, one class for each thing that the caller can do."""

from reconciler.domain import LedgerPlace
from reconciler.runs import Holder
from reconciler.runs.journal import JournalFailed


class LedgerError(Exception):
    """The ledger cannot be used. ``hint`` says what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class LedgerMissing(LedgerError):
    """There is no ledger at the place, which is not the same as an empty one."""


class LedgerUnusable(LedgerError):
    """The ledger is corrupt, foreign, of a newer version, or on a network filesystem."""


class LedgerOutdated(LedgerUnusable):
    """The ledger has an older version; the next run migrates it."""


class LedgerUnreachable(LedgerError):
    """The ledger cannot be used now: server gone, disk full, file not writable."""


class LockHeld(Exception):
    """Another run holds the lock of the workspace."""

    def __init__(self, holder: Holder) -> None:
        who = holder.who
        super().__init__(
            f"workspace {holder.workspace} is locked by run {holder.run}"
            f" ({who.user}@{who.host}, process {who.pid}) since {holder.since},"
            f" last heartbeat {holder.age:.0f} s ago"
        )
        self.hint = (
            "wait for it (--lock-timeout SECONDS); if it can no longer end by itself, run"
            f" `reconciler unlock {holder.run}`"
        )
        self.holder = holder


class LockLost(JournalFailed):
    """The run has lost its lock: nothing more may be sent."""


class NotJoinable(Exception):
    """There is no run that this process may join. The text says why."""


class UnknownRun(Exception):
    """The ledger has no such run, or several whose ids begin that way."""


def missing(place: LedgerPlace) -> LedgerMissing:
    """The error for a place without a ledger."""
    return LedgerMissing(
        f"there is no ledger at {place}", "correct the place, or let a run create one there"
    )
