"""The smallest case of the simulation, by the real command and by the simulation, side by side."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from bench.places import Places
from bench.simulation.costs import MB, Assumed, Costs
from bench.simulation.model import Simulated, Task, simulate
from bench.simulation.real_runs import RealRun, run_really

WORKSPACES: Final = 4
USERS: Final = 500
LEAVERS: Final = 200
PODS: Final = 2

_HERE: Final = Assumed(answer=0.0, list_answer=0.0, bandwidth=1e6 * MB)
"""On loopback: what the sandbox takes to answer is in what an action was measured to take."""

_STEP: Final = 0.1


class Quantity(StrEnum):
    """What is compared."""

    WALL = "seconds"
    CPU = "seconds of processor time"
    PEAK = "peak memory of a pod, MB"
    REQUESTS = "requests"
    LISTS = "list calls"
    COMMITS = "transactions of the ledger"
    CONNECTIONS = "connections to the ledger"


TOLERANCES: Final[Mapping[Quantity, float]] = {
    Quantity.WALL: 0.1,
    Quantity.CPU: 0.25,
    Quantity.PEAK: 0.25,
    Quantity.REQUESTS: 0.05,
    Quantity.LISTS: 0.25,
    Quantity.COMMITS: 0.15,
    Quantity.CONNECTIONS: 0.25,
}
"""How far the simulation may be from the real run, as a part of that."""

_SIMULATED: Final[Mapping[Quantity, Callable[[Simulated], float]]] = {
    Quantity.WALL: lambda run: run.wall,
    Quantity.CPU: lambda run: run.cpu,
    Quantity.PEAK: lambda run: run.peak / MB,
    Quantity.REQUESTS: lambda run: run.requests,
    Quantity.LISTS: lambda run: run.lists,
    Quantity.COMMITS: lambda run: run.commits,
    Quantity.CONNECTIONS: lambda run: run.connections,
}
_REAL: Final[Mapping[Quantity, Callable[[RealRun], float]]] = {
    Quantity.WALL: lambda run: run.wall,
    Quantity.CPU: lambda run: run.cpu,
    Quantity.PEAK: lambda run: run.peak / MB,
    Quantity.REQUESTS: lambda run: run.requests,
    Quantity.LISTS: lambda run: run.lists,
    Quantity.COMMITS: lambda run: run.commits,
    Quantity.CONNECTIONS: lambda run: run.connections,
}
_OF_A_PLAN: Final = (Quantity.CPU, Quantity.PEAK, Quantity.REQUESTS, Quantity.LISTS)
"""The time of a plan of so few users is that of starting two processes at once."""


class Compared(Struct, frozen=True):
    """One command in ``PODS`` processes, ``jobs`` workspaces at a time in each."""

    command: str
    jobs: int
    real: RealRun
    simulated: Simulated

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is compared."""
        return tuple(Quantity) if self.command == "apply" else _OF_A_PLAN

    def both(self, quantity: Quantity) -> tuple[float, float]:
        """What was measured, and what was simulated."""
        return _REAL[quantity](self.real), _SIMULATED[quantity](self.simulated)

    def off(self, quantity: Quantity) -> float:
        """How far the simulation is from the real run, as a part of that."""
        real, simulated = self.both(quantity)
        return abs(simulated - real) / real if real else float(simulated != 0)


def compare(places: Places, costs: Costs) -> tuple[Compared, ...]:
    """A plan, an apply of one workspace after the other, and one of all of a pod side by side."""
    here = structs.replace(costs, assumed=_HERE)
    return tuple(
        Compared(command, jobs, _real(command, places, jobs), _simulated(command, here, jobs))
        for command, jobs in (("plan", 4), ("apply", 1), ("apply", 4))
    )


def _real(command: str, places: Places, jobs: int) -> RealRun:
    return run_really(command, places, (WORKSPACES, USERS, LEAVERS), PODS, jobs)


def _simulated(command: str, costs: Costs, jobs: int) -> Simulated:
    changes = LEAVERS if command == "apply" else 0
    return simulate(Task(WORKSPACES, USERS, changes, PODS, jobs), costs, _STEP)
