"""What the exit statuses mean, for reports that end with one."""

from collections.abc import Mapping
from typing import Final

from reconciler.reporting.documents import CheckState

STATUSES: Final[Mapping[int, str]] = {
    0: "fine",
    1: "unexpected error, a defect of this tool",
    2: "there are changes to apply",
    3: "refused by a guard, or for want of a ledger",
    4: "applied in part",
    5: "the saved plan cannot be used, or there is nothing to resume",
    6: "the observation is incomplete",
    7: "nothing to apply, but something waits for a person",
    64: "wrong usage",
    65: "invalid manifest or configuration",
    69: "the API is unreachable or the account out of credit",
    75: "try again later",
    77: "the credentials were refused",
    130: "interrupted",
    143: "terminated",
}

CHECKS: Final[Mapping[CheckState, str]] = {
    CheckState.OK: "ok",
    CheckState.WARNING: "warning",
    CheckState.FAILED: "failed",
    CheckState.SKIPPED: "skipped",
}


def status(code: int) -> str:
    """``code`` as a sentence without its full stop."""
    return f"Exit status {code}: {STATUSES[code]}" if code in STATUSES else f"Exit status {code}"
