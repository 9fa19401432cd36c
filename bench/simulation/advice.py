"""What to run for how many workspaces, and how long it takes by the simulation."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from bench.simulation.costs import Costs
from bench.simulation.model import Simulated, Task, simulate

USERS: Final = 100_000
CHANGES: Final = 1_000
_JOBS: Final = 4
_PLANS_OF_100: Final = 10
_PLANS_OF_1000: Final = 50
_RUNS_OF_100: Final = 50


class Advice(Struct, frozen=True):
    """What ``runs`` for so many ``workspaces``, where its ``ledger`` is, and what to ``cap``."""

    workspaces: int
    runs: str
    ledger: str
    cap: str
    plan: Simulated
    apply: Simulated


def advise(costs: Costs) -> Iterator[Advice]:
    """For one workspace, for ten, a hundred and a thousand."""
    most = costs.most_runs
    yield Advice(
        1,
        "`plan`, `apply`: a laptop, or a job of a pipeline",
        "SQLite; PostgreSQL if the runner keeps no disk",
        "`maxDisconnects`",
        simulate(Task(1, USERS, 0, 1, 1), costs),
        simulate(Task(1, USERS, CHANGES, 1, 1), costs),
    )
    yield Advice(
        10,
        f"the same with `--all-workspaces --jobs {_JOBS}`: a job of a pipeline",
        "PostgreSQL",
        "`limits.perCommand`, `maxDisconnectsPerDay`",
        simulate(Task(10, USERS, 0, 1, _JOBS), costs),
        simulate(Task(10, USERS, CHANGES, 1, _JOBS), costs),
    )
    runs = min(most, _RUNS_OF_100)
    yield Advice(
        100,
        "an Indexed Job, an index a workspace",
        "PostgreSQL",
        f"`parallelism: {_PLANS_OF_100}` to plan, `parallelism: {runs}` to apply",
        simulate(Task(100, USERS, 0, _PLANS_OF_100, 1, indexed=True), costs),
        simulate(Task(100, USERS, CHANGES, runs, 1, indexed=True), costs),
    )
    yield Advice(
        1_000,
        "the same",
        "PostgreSQL; [one a group](#when-do-we-need-more-than-one-ledger) if that takes too long",
        f"`parallelism: {_PLANS_OF_1000}` to plan, `parallelism: {most}` to apply",
        simulate(Task(1_000, USERS, 0, _PLANS_OF_1000, 1, indexed=True), costs),
        simulate(Task(1_000, USERS, CHANGES, most, 1, indexed=True), costs),
    )
