"""One resource for all: a preview beside what it is made of, and how large the state becomes."""

import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.companion import companion
from bench.environment import RECONCILER, environment
from bench.fleet_server import ServedFleet
from bench.pulumi_front.leavers_server import ServedLeavers
from bench.pulumi_front.measured_command import MeasuredCommand, measure_command
from bench.pulumi_front.stack import Stack
from bench.pulumi_front.user_benchmark import fastest, least_cpu

RATIO_TARGET = 1.3
STATE_TARGET = 20_000
STATE_TARGET_A_DISCONNECT = 350
_PLANNED_PER_CENT = 1
_EMPTY_PROGRAM = ""
_PLAN = [RECONCILER, "plan"]
_SHOWN, _PLANNED = "shown.json", "planned.json"


class FleetFigures(Struct, frozen=True):
    """One size of fleet. The previews, the empty program's and the plans of the command line took
    turns; ``state`` are the bytes after an update that disconnected ``disconnected``."""

    users: int
    previews: list[MeasuredCommand]
    empty_previews: list[MeasuredCommand]
    plans: list[MeasuredCommand]
    disconnected: int
    state: int

    @property
    def ratio(self) -> float:
        """The fastest preview to the fastest of what it is made of."""
        parts = fastest(self.empty_previews) + fastest(self.plans)
        return fastest(self.previews) / parts

    @property
    def cpu_ratio(self) -> float:
        """The same of processor time, which other programs on the machine disturb less."""
        return least_cpu(self.previews) / (least_cpu(self.empty_previews) + least_cpu(self.plans))

    @property
    def most_state(self) -> int:
        """Bytes that the state may have."""
        return STATE_TARGET + STATE_TARGET_A_DISCONNECT * self.disconnected


class WrongPlan(Exception):
    """The front does not show or do what is known of the fleet: its figures mean nothing."""


def measure_fleet(users: int, repetitions: int) -> FleetFigures:
    """Previews for a fleet of ``users`` users, half a percent of whom are not as declared."""
    previews: list[MeasuredCommand] = []
    empty_previews: list[MeasuredCommand] = []
    plans: list[MeasuredCommand] = []
    with tempfile.TemporaryDirectory() as name:
        folder, empty, home = (Path(name) / part for part in ("fleet", "empty", "home"))
        for made in (folder, empty, home / "of-fleet", home / "of-empty"):
            made.mkdir(parents=True)
        with companion("bench.fleet_server", str(folder), str(users), ready=ServedFleet) as fleet:
            ours = Stack(folder, home / "of-fleet", granularity="fleet")
            nothing = Stack(empty, home / "of-empty", _EMPTY_PROGRAM)
            ours.begin()
            nothing.begin()
            ours.run("preview", RECONCILER_REPORT=f"json={_SHOWN}")
            measure_command([*_PLAN, "--report", f"json={_PLANNED}"], folder, environment())
            _check(fleet, folder)
            for _ in range(repetitions):
                empty_previews.append(nothing.run("preview"))
                plans.append(measure_command(_PLAN, folder, environment()))
                previews.append(ours.run("preview"))
    disconnected, state = _state_after_update(users)
    return FleetFigures(users, previews, empty_previews, plans, disconnected, state)


def _check(served: ServedFleet, folder: Path) -> None:
    """Both fronts show the same plan, and it is that of the generated fleet."""
    shown, planned = (
        msgspec.json.decode((folder / name).read_bytes()) for name in (_SHOWN, _PLANNED)
    )
    converged = served.declared - served.changed
    if shown["digest"] != planned["digest"] or shown["summary"]["converged"] != converged:
        raise WrongPlan(f"{shown['summary']} is not {planned['summary']}, or not that of {served}")


def _state_after_update(users: int) -> tuple[int, int]:
    """How many an update disconnects of ``users`` users, one of whom in a hundred has left; and
    the bytes of the state after it, which holds the plan and what became of it."""
    with tempfile.TemporaryDirectory() as name:
        folder, own = Path(name) / "fleet", Path(name) / "own"
        folder.mkdir()
        own.mkdir()
        leavers = users * _PLANNED_PER_CENT // 100
        arguments = (str(folder), str(users), str(leavers))
        with companion("bench.pulumi_front.leavers_server", *arguments, ready=ServedLeavers):
            stack = Stack(folder, own, granularity="fleet")
            stack.begin()
            stack.run("up", "--yes", "--skip-preview")
            ((_, outputs),) = stack.resources().values()
            if len(outputs["outcomes"]) != leavers or outputs["unsettled"]:
                raise WrongPlan(f"{len(outputs['outcomes'])} of {leavers} were disconnected")
            return leavers, stack.state_size
