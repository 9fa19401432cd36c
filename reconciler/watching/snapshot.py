"""What the watch knows after a cycle: frozen, so that every page and metric shows one moment.

What the last cycle could not find out is absent or old here, and says so: it is never zero.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.domain import Diagnostic, Phase
from reconciler.reporting import ErrorReport, LedgerAccess, PlanReport
from reconciler.runs import Holder, RunSummary


class CycleResult(StrEnum):
    """How a cycle ended."""

    OK = "ok"  # a plan of a whole list and of what is written now
    STALE = "stale"  # a plan of a whole list and of what was written when it could be read last
    INCOMPLETE = "incomplete"  # a plan of a part of the list
    FAILED = "failed"  # no plan


class ReloadState(Struct, frozen=True):
    """How the configuration, or the manifests, were last read.

    ``problems`` are the errors of the last attempt; with any, what was read at ``good_at`` is still
    in force. None as ``good_at`` means never.
    """

    problems: tuple[Diagnostic, ...] = ()
    good_at: datetime | None = None


class LedgerFacts(Struct, frozen=True):
    """What the ledger says of runs: the last one, how many died, and who holds the lock.

    Nothing is known of them unless ``state`` is ``READ``.
    """

    state: LedgerAccess
    last: RunSummary | None = None
    dead: int = 0
    holder: Holder | None = None


class WatchSnapshot(Struct, frozen=True):
    """The state of the watch after cycle ``number``, which ended at ``ended``.

    ``report`` is the last plan, made from the list requested at ``observed_at``; None if there is
    none yet. It is of this cycle unless that ``failure`` kept it from a plan, whose code is
    ``cause``. ``good_at`` is when the last whole list was requested. ``seconds`` says how long the
    phases of this cycle took. ``retry_after`` are the seconds that the API asked us to wait.
    """

    workspace: str
    number: int
    ended: datetime
    result: CycleResult
    configuration: ReloadState
    manifests: ReloadState
    ledger: LedgerFacts
    report: PlanReport | None = None
    observed_at: datetime | None = None
    good_at: datetime | None = None
    failure: ErrorReport | None = None
    cause: str | None = None
    seconds: Mapping[Phase, float] = {}
    retry_after: float = 0.0

    @property
    def current(self) -> PlanReport | None:
        """The plan, if it is of this cycle."""
        return self.report if self.failure is None else None

    @property
    def healthy(self) -> bool:
        """Whether this cycle made a plan of a whole list from what is written now."""
        return self.result is CycleResult.OK
