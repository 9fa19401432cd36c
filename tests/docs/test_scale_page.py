"""docs/scale.md has the figures of ``bench/results``, and one number for ``parallelism``."""

import re
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from bench.many.results import Results as ManyResults
from bench.many.tables import tables as many_tables
from bench.simulation.costs import Costs
from bench.simulation.model import Task, Waiting, simulate
from bench.simulation.results import Results
from bench.simulation.tables import tables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
FOLDER = ROOT / "bench/results"
MANY = msgspec.json.decode((FOLDER / "many.json").read_bytes(), type=ManyResults)
SIMULATED = msgspec.json.decode((FOLDER / "simulation.json").read_bytes(), type=Results)
COSTS: Costs = SIMULATED.costs

NAMED = (
    ("docs/scale.md", r"\*\*(\d+) for each core"),
    ("docs/kubernetes.md", r"(\d+) runs at once for each core"),
    ("deploy/kustomize/overlays/apply/cronjob.yaml", r"(\d+) runs at once for each core"),
    ("deploy/helm/reconciler/values.yaml", r"(\d+) runs at once for each core"),
)


@pytest.mark.parametrize("text", [many_tables(MANY), tables(SIMULATED)], ids=["many", "simulation"])
def test_the_page_has_every_table_of_the_results(text: str) -> None:
    parts = text.split("\n\n")
    whole = [
        f"{caption.strip()}\n\n{table.strip()}"
        for caption, table in pairwise(parts)
        if table.startswith("|")
    ]
    assert whole
    assert [part for part in whole if part not in PAGE] == []


@pytest.mark.parametrize(("path", "pattern"), NAMED)
def test_the_number_of_runs_at_once_is_that_of_the_results(path: str, pattern: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.findall(pattern, text) == [str(COSTS.most_runs // COSTS.ledger.cores)]


def test_the_results_are_those_of_the_simulation_as_it_is() -> None:
    first = SIMULATED.advice[0]
    assert simulate(first.plan.task, COSTS) == first.plan
    assert simulate(first.apply.task, COSTS) == first.apply


def test_the_simulation_was_close_to_the_real_runs() -> None:
    assert list(SIMULATED.missed()) == []


@pytest.mark.parametrize(("disconnects", "minutes"), [(100, 0), (200, 1), (1_000, 6)])
def test_a_run_waits_a_minute_for_each_budget_after_the_first(
    disconnects: int, minutes: int
) -> None:
    run = simulate(Task(1, 1_000, disconnects, 1, 1), COSTS)
    assert int(run.wall // 60) == minutes


def test_workspaces_side_by_side_wait_no_longer_than_one() -> None:
    one = simulate(Task(1, 1_000, 300, 1, 1), COSTS)
    ten = simulate(Task(10, 1_000, 300, 10, 1), COSTS)
    assert ten.wall == one.wall
    assert ten.bottleneck is Waiting.BUDGET


def test_more_runs_than_the_ledger_takes_wait_for_it() -> None:
    slow = structs.replace(COSTS, ledger=structs.replace(COSTS.ledger, cpu_an_action=0.2))
    run = simulate(Task(10, 1_000, 300, 10, 1), slow)
    assert run.bottleneck is Waiting.LEDGER
    assert run.busiest == pytest.approx(slow.commits_a_second)
    assert run.wall >= run.commits / slow.commits_a_second


def test_every_action_is_simulated_with_its_calls() -> None:
    run = simulate(Task(4, 1_000, 200, 2, 1), COSTS)
    assert run.requests == pytest.approx(4 * 200 * 4 + run.lists)
