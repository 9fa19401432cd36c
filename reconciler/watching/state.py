"""What the cycles tell the server: the last snapshot, and whether a cycle hangs."""

from typing import Final

from reconciler.domain import Clock, Diagnostic, Secret, rfc3339
from reconciler.watching.snapshot import ReloadState, WatchSnapshot

LONGEST_CYCLE: Final = 2 * 3600.0
"""Seconds after which a cycle counts as hanging. Its calls and commands end before."""


class WatchState:
    """Shared by the thread of the cycles, which writes, and those of the server, which read.

    ``token`` is the bearer token in force.
    """

    def __init__(self, clock: Clock, token: Secret | None = None) -> None:
        self.snapshot: WatchSnapshot | None = None
        self.token = token
        self._clock = clock
        self._began: float | None = None

    def begin(self) -> None:
        """A cycle begins."""
        self._began = self._clock.monotonic()

    def publish(self, snapshot: WatchSnapshot) -> None:
        """A cycle ended with ``snapshot``."""
        self.snapshot = snapshot
        self._began = None

    @property
    def hangs(self) -> bool:
        """Whether a cycle has begun that should have ended long ago."""
        began = self._began
        return began is not None and self._clock.monotonic() - began > LONGEST_CYCLE

    def unready(self) -> list[str]:
        """Why there is no plan of what is written and connected now, without personal data."""
        snapshot = self.snapshot
        if snapshot is None:
            return ["the first cycle has not ended"]
        reasons = []
        if snapshot.failure is not None:
            seen = snapshot.observed_at
            last = "there is none yet" if seen is None else f"the last plan is of {rfc3339(seen)}"
            reasons.append(f"the last cycle made no plan: {snapshot.cause or 'defect'}; {last}")
        elif snapshot.report is not None and snapshot.report.plan.content.problems:
            reasons.append("the list of calendar users is incomplete")
        reasons += _broken("the configuration", snapshot.configuration)
        reasons += _broken("the manifests", snapshot.manifests)
        return reasons


def _broken(what: str, state: ReloadState) -> list[str]:
    if not state.problems:
        return []
    places = ", ".join(sorted({str(p.location) for p in state.problems if p.location}))
    since = "never read" if state.good_at is None else f"in force as of {rfc3339(state.good_at)}"
    return [f"{what} cannot be read ({places or 'no place is known'}); {since}"]


def problems(snapshot: WatchSnapshot) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with what the watch shows, in the words of the errors."""
    failed = () if snapshot.failure is None else snapshot.failure.problems
    return tuple(
        dict.fromkeys((*failed, *snapshot.configuration.problems, *snapshot.manifests.problems))
    )
