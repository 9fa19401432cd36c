"""All figures of one run of the simulation, and where it is too far from what really happens."""

from collections.abc import Iterator

from msgspec import Struct

from bench.machine import Machine
from bench.simulation.advice import Advice
from bench.simulation.costs import Costs
from bench.simulation.measured_costs import CalibratingRuns
from bench.simulation.model import Simulated
from bench.simulation.small_case import TOLERANCES, Compared


class Results(Struct, frozen=True):
    """``compared`` are real runs; ``plans`` and ``applies`` are simulated, by number of pods."""

    machine: Machine
    costs: Costs
    calibrating: CalibratingRuns
    compared: tuple[Compared, ...]
    plans: tuple[Simulated, ...]
    applies: tuple[Simulated, ...]
    advice: tuple[Advice, ...]

    def missed(self) -> Iterator[str]:
        """The targets that were missed, in words."""
        for one in self.compared:
            what = f"{one.command} --jobs {one.jobs}"
            if not one.real.once:
                yield f"{what}: not everybody was disconnected by exactly one call"
            for quantity in one.quantities:
                if (off := one.off(quantity)) > TOLERANCES[quantity]:
                    yield f"{what}: the simulated {quantity} are {off:.0%} off"
