"""One resource a calendar user: every operation, beside a bare provider's on as many resources."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from bench.companion import companion
from bench.environment import KEY
from bench.fleet_server import CONFIGURATION, LIST_PATH, SETTLED, ServedFleet
from bench.pulumi_front import bare
from bench.pulumi_front.measured_command import MeasuredCommand
from bench.pulumi_front.stack import Resource, Stack

RATIO_TARGET = 1.25


class Operation(StrEnum):
    """What is done with a stack, in this order."""

    PREVIEW_NEW = "preview of a new stack"
    UP = "up"
    PREVIEW_UNCHANGED = "preview, unchanged"
    REFRESH = "refresh"


_COMMANDS: Mapping[Operation, tuple[str, ...]] = {
    Operation.PREVIEW_NEW: ("preview",),
    Operation.UP: ("up", "--yes", "--skip-preview"),
    Operation.PREVIEW_UNCHANGED: ("preview", "--expect-no-changes"),
    Operation.REFRESH: ("refresh", "--yes", "--skip-preview", "--expect-no-changes"),
}


class UserFigures(Struct, frozen=True):
    """One size of fleet: runs on our stack and on the bare one, which took turns, and the bytes of
    their states."""

    users: int
    ours: Mapping[Operation, list[MeasuredCommand]]
    bare: Mapping[Operation, list[MeasuredCommand]]
    our_state: int
    bare_state: int

    def ratio(self, operation: Operation) -> float:
        """The fastest of ours to the fastest of the bare ones."""
        return fastest(self.ours[operation]) / fastest(self.bare[operation])

    def cpu_ratio(self, operation: Operation) -> float:
        """The same of processor time, which other programs on the machine disturb less."""
        return least_cpu(self.ours[operation]) / least_cpu(self.bare[operation])


def fastest(runs: list[MeasuredCommand]) -> float:
    """Seconds of the run that the machine disturbed least."""
    return min(run.wall for run in runs)


def least_cpu(runs: list[MeasuredCommand]) -> float:
    """The least seconds of processor time."""
    return min(run.cpu for run in runs)


def peak(runs: list[MeasuredCommand]) -> int:
    """The highest."""
    return max(run.peak for run in runs)


class WrongState(Exception):
    """The two stacks do not hold the same: their figures cannot be compared."""


def measure_users(users: int, repetitions: int) -> UserFigures:
    """Both stacks for a fleet of ``users`` users in which everybody is as declared."""
    ours: dict[Operation, list[MeasuredCommand]] = {operation: [] for operation in Operation}
    bares: dict[Operation, list[MeasuredCommand]] = {operation: [] for operation in Operation}
    with _stacks(users) as (our_stack, bare_stack):
        sides = [(our_stack, ours), (bare_stack, bares)]
        for _ in range(repetitions):
            for stack, _ in sides:
                stack.begin()
            for operation, command in _COMMANDS.items():
                for stack, runs in sides:
                    runs[operation].append(stack.run(*command))
            _check(our_stack.resources(), bare_stack.resources(), users)
            sides.reverse()
        return UserFigures(users, ours, bares, our_stack.state_size, bare_stack.state_size)


@contextmanager
def _stacks(users: int) -> Iterator[tuple[Stack, Stack]]:
    """Ours and the bare one, whose inputs and outputs are taken from a first update of ours."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("ours", "bare", "home-of-ours", "home-of-bare")]
        for folder in folders:
            folder.mkdir()
        our_folder, bare_folder, our_home, bare_home = folders
        arguments = (str(our_folder), str(users), SETTLED)
        with companion("bench.fleet_server", *arguments, ready=ServedFleet):
            ours = Stack(our_folder, our_home)
            ours.begin()
            ours.run(*_COMMANDS[Operation.UP])
            bare.write_file(bare_folder, _told(our_folder, ours.resources()))
            yield ours, Stack(bare_folder, bare_home, bare.PROGRAM)


def _told(folder: Path, resources: Mapping[str, Resource]) -> Mapping[str, object]:
    """What the bare provider is told, taken from our ``resources``."""
    workspace = yaml.safe_load((folder / CONFIGURATION).read_text("utf-8"))["workspaces"]["bench"]
    inputs, outputs = next(iter(resources.values()))
    common: dict[str, Any] = {
        name: value for name, value in outputs.items() if name not in (*inputs, *bare.OBSERVED)
    }
    return {
        "url": workspace["baseUrl"] + LIST_PATH,
        "key": KEY,
        "inputs": {name: resource[0] for name, resource in resources.items()},
        "outputs": common,
    }


def _check(ours: Mapping[str, Resource], bares: Mapping[str, Resource], users: int) -> None:
    if len(ours) != users or ours != bares:
        raise WrongState(
            f"of {users} users our state has {len(ours)}, the bare one {len(bares)},"
            f" {sum(bares.get(name) == resource for name, resource in ours.items())} alike"
        )
