"""The durable journal: what was intended, done, answered and verified, and who may act now.

Importing this room is cheap; opening a ledger loads SQLAlchemy.
"""

from reconciler.ledger.claim import Claim
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
from reconciler.ledger.opening import open_ledger, read_ledger

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
    "UnknownRun",
    "open_ledger",
    "read_ledger",
]
