"""The last plan as the pages of the watch show it, each rendered once for each snapshot.

A plan that is no longer of the last cycle says so first: what was seen then is not what is there.
"""

import threading
from typing import Final

from msgspec import structs

from reconciler.domain import Diagnostic, Exit, rfc3339
from reconciler.reporting import ErrorReport, Format, Links, PlanReport, render
from reconciler.reporting.documents import OutdatedPlan
from reconciler.watching.snapshot import WatchSnapshot
from reconciler.watching.state import problems

_NOT_YET: Final = ErrorReport(
    Exit.TRY_LATER, (Diagnostic(None, "the first cycle has not ended", "try again in a moment"),)
)


class Pages:
    """Renders on demand; thread-safe. Every page has the ``links`` to manifests."""

    def __init__(self, links: Links | None = None) -> None:
        self._links = links
        self._lock = threading.Lock()
        self._of: WatchSnapshot | None = None
        self._rendered: dict[Format, bytes] = {}

    def of(self, snapshot: WatchSnapshot | None, form: Format) -> tuple[bool, bytes]:
        """Whether there is a plan to show, and the page in ``form``."""
        report = for_people(snapshot) if form is Format.HTML else for_machines(snapshot)
        with self._lock:
            if snapshot is not self._of:
                self._of, self._rendered = snapshot, {}
            if form not in self._rendered:
                self._rendered[form] = render(report, form, links=self._links).encode()
            return isinstance(report, PlanReport), self._rendered[form]


def for_people(snapshot: WatchSnapshot | None) -> PlanReport | ErrorReport:
    """The last plan with all that is wrong, or why there is none."""
    if snapshot is None:
        return _NOT_YET
    if snapshot.report is None or snapshot.observed_at is None:
        return snapshot.failure or _NOT_YET
    wrong = problems(snapshot)
    if not wrong:
        return snapshot.report
    outdated = OutdatedPlan(rfc3339(snapshot.observed_at), wrong)
    return structs.replace(snapshot.report, outdated=outdated)


def for_machines(snapshot: WatchSnapshot | None) -> PlanReport | ErrorReport:
    """The plan of what is written and connected now, or why there is none."""
    if snapshot is None:
        return _NOT_YET
    wrong = problems(snapshot)
    if snapshot.report is not None and not wrong:
        return snapshot.report
    status = Exit.INVALID if snapshot.failure is None else snapshot.failure.status
    plan = None if snapshot.report is None else snapshot.report.plan
    return ErrorReport(status, wrong, plan)
