"""The ledger: the database of all runs, with their plans and steps, and the lock of a workspace.

Importing this room is cheap; opening a ledger loads SQLAlchemy.
"""

from reconciler.ledger.errors import (
    LedgerError,
    LedgerMissing,
    LedgerOutdated,
    LedgerUnreachable,
    LedgerUnusable,
    LockHeld,
    LockLost,
    NotJoinable,
    UnknownRun,
)
from reconciler.ledger.notification_claim import NotificationClaim, NotificationSubject
from reconciler.ledger.opening import Claim, open_ledger, read_ledger

__all__ = [
    "Claim",
    "LedgerError",
    "LedgerMissing",
    "LedgerOutdated",
    "LedgerUnreachable",
    "LedgerUnusable",
    "LockHeld",
    "LockLost",
    "NotJoinable",
    "NotificationClaim",
    "NotificationSubject",
    "UnknownRun",
    "open_ledger",
    "read_ledger",
]
