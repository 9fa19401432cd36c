"""All figures of one run of these benchmarks, and which of the targets they miss."""

from collections.abc import Iterator

from msgspec import Struct

from bench.machine import Machine
from bench.many import idle_neighbours, side_by_side
from bench.many.idle_neighbours import NeighbourFigures, Place
from bench.many.side_by_side import SideBySideFigures


class Results(Struct, frozen=True):
    """What was measured."""

    machine: Machine
    side_by_side: SideBySideFigures
    neighbours: NeighbourFigures

    def missed(self) -> Iterator[str]:
        """The targets that were missed, in words."""
        many = self.side_by_side
        for together in many.together:
            what = f"a plan of {len(many.served.tenants):,} workspaces, {together.jobs} at a time,"
            if (ratio := many.ratio(together)) > side_by_side.CPU_TARGET:
                yield f"{what} takes {ratio:.3f} of the processor time of the plans one by one"
            if together.peak > many.most_memory:
                yield f"{what} takes {together.peak / 1e6:.0f} MB"
        for place in Place:
            what = f"a plan of a large workspace, {place} of many idle ones,"
            if (ratio := self.neighbours.cpu_ratio(place)) > idle_neighbours.TARGET:
                yield f"{what} takes {ratio:.3f} of its processor time alone"
            if (ratio := self.neighbours.wall_ratio(place)) > idle_neighbours.TARGET:
                yield f"{what} takes {ratio:.3f} of its time alone"
            if (ratio := self.neighbours.latency_ratio(place)) > idle_neighbours.TARGET:
                yield f"{what} is there after {ratio:.3f} of its time alone"
