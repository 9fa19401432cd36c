"""Where violations are collected."""

from collections.abc import Callable
from typing import Any

from tests.chaos.world import World


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant


class Judge:
    """Judges one world. ``accepted`` is the fleet that was accepted last: declared, observed."""

    world: World

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.accepted: tuple[int, int] | None = None

    def fail(self, invariant: Callable[..., Any], detail: str) -> None:
        """``invariant`` does not hold."""
        self.violations.append(Violation(invariant.__name__, detail))
