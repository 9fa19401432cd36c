"""What the ledger costs an apply: the same run with and without one, in turns."""

import statistics
from collections.abc import Iterator

from msgspec import Struct

from bench.apply_benchmark import ApplyFigures, measure_apply
from bench.places import Kind, Places

OVERHEAD_TARGET = 1.05
_SHARE = 1.0
"""Of the documented limits: the fastest that a run may be, where a ledger weighs most."""


class OverheadFigures(Struct, frozen=True):
    """Applies whose ledger is in ``kind``, and as many without one; they ran in turns."""

    kind: Kind
    without: tuple[ApplyFigures, ...]
    recorded: tuple[ApplyFigures, ...]

    @property
    def ratios(self) -> list[float]:
        """Time with a ledger to time without, by pair."""
        return [r.seconds / w.seconds for r, w in zip(self.recorded, self.without, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios, with a ledger that is slowed down by the clocks' speed."""
        return statistics.median(self.ratios)

    @property
    def seconds_an_action(self) -> float:
        """Real seconds in the ledger for each action; the median."""
        return statistics.median(run.ledger.seconds / run.users for run in self.recorded)

    @property
    def most(self) -> float:
        """The ratio at real speed, if whoever waits for the ledger kept all others waiting."""
        alone = statistics.median(run.seconds for run in self.without)
        with_ledger = alone + statistics.median(run.ledger.seconds for run in self.recorded)
        return with_ledger / alone


def measure_overhead(
    users: int, rounds: int, speed: float, places: Places
) -> Iterator[OverheadFigures]:
    """``rounds`` applies on ``users`` users without a ledger, and on each database."""
    without: list[ApplyFigures] = []
    recorded: dict[Kind, list[ApplyFigures]] = {kind: [] for kind in places.kinds}
    for _ in range(rounds):
        without.append(measure_apply(users, _SHARE, speed=speed))
        for kind, applies in recorded.items():
            with places.fresh(kind) as place:
                applies.append(measure_apply(users, _SHARE, place, speed=speed))
    for kind, applies in recorded.items():
        yield OverheadFigures(kind, tuple(without), tuple(applies))
