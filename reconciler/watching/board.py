"""The workspaces that the server shows: one at the top, or a list of several with a page each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.domain import Clock, rfc3339
from reconciler.reporting.documents import WatchedState, WatchedWorkspace
from reconciler.watching.pages import Pages
from reconciler.watching.snapshot import WatchSnapshot
from reconciler.watching.state import WatchState


@dataclass(frozen=True)
class Shown:
    """What the server shows of one workspace."""

    state: WatchState
    pages: Pages


class Board:
    """Which workspaces there are, by name. With ``alone`` there is one, and it is no list.

    ``shown`` is replaced as a whole, so that every request sees one moment.
    """

    def __init__(
        self, clock: Clock, shown: Mapping[str, Shown] | None = None, *, alone: bool
    ) -> None:
        self.alone = alone
        self.shown: Mapping[str, Shown] = shown or {}
        self._clock = clock

    def hanging(self) -> list[str]:
        """Which cycles hang."""
        return self._each((name, "a cycle hangs") for name, of in self._sorted() if of.state.hangs)

    def unready(self) -> list[str]:
        """Why there is not a plan of each workspace, without personal data."""
        return self._each(
            (name, reason) for name, of in self._sorted() for reason in of.state.unready()
        )

    def row(self, name: str, shown: Shown) -> WatchedWorkspace:
        """A workspace as the list has it."""
        snapshot = shown.state.snapshot
        if snapshot is None:
            return WatchedWorkspace(name, WatchedState.WAITING)
        seen = snapshot.observed_at
        age = None if seen is None else (self._clock.now() - seen).total_seconds()
        at = None if seen is None else rfc3339(seen)
        return WatchedWorkspace(name, _state(snapshot), snapshot.report, at, age)

    def _sorted(self) -> list[tuple[str, Shown]]:
        return sorted(self.shown.items())

    def _each(self, said: Iterable[tuple[str, str]]) -> list[str]:
        return [reason if self.alone else f"{name}: {reason}" for name, reason in said]


def _state(snapshot: WatchSnapshot) -> WatchedState:
    if snapshot.report is None:
        return WatchedState.NONE
    if snapshot.healthy:
        return WatchedState.CURRENT
    broken = snapshot.configuration.problems or snapshot.manifests.problems
    if snapshot.failure is not None or broken:
        return WatchedState.OUTDATED
    return WatchedState.INCOMPLETE
