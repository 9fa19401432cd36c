"""All figures of one run of the Pulumi front's benchmarks, and which of the targets they miss."""

from collections.abc import Iterator

from msgspec import Struct

from bench.machine import Machine
from bench.pulumi_front import fleet_benchmark, user_benchmark
from bench.pulumi_front.fleet_benchmark import FleetFigures
from bench.pulumi_front.user_benchmark import Operation, UserFigures


class Results(Struct, frozen=True):
    """What was measured, with which CLI and SDK. Parts that were not asked for are empty."""

    machine: Machine
    cli: str
    sdk: str
    users: tuple[UserFigures, ...]
    fleets: tuple[FleetFigures, ...]

    def missed(self) -> Iterator[str]:
        """The targets that were missed, in words."""
        for figures in self.users:
            for operation in Operation:
                ratio = figures.ratio(operation)
                if ratio > user_benchmark.RATIO_TARGET:
                    yield f"{operation} of {figures.users:,} users takes {ratio:.3f} of the bare"
        for fleet in self.fleets:
            if fleet.ratio > fleet_benchmark.RATIO_TARGET:
                yield f"a preview of {fleet.users:,} users takes {fleet.ratio:.3f} of its parts"
            if fleet.state > fleet.most_state:
                yield (
                    f"the state of {fleet.users:,} users with {fleet.disconnected:,} disconnected"
                    f" takes {fleet.state / 1e3:.1f} kB"
                )
