"""The line of a cycle in the log: it reads like success only where the plan is of now."""

import pytest

from reconciler.sandbox import Fault, FaultKind
from reconciler.watching.log_line import cycle_line
from tests.cli.project import Project
from tests.watching.test_server import OUTAGE
from tests.watching.watched import Watched

BROKEN = """\
apiVersion: reconciler/v1
users:
  - {id: new@example.com, platforms: [gogle]}
  - {id: 7}
"""


@pytest.fixture
def watched(project: Project) -> Watched:
    found = Watched(project.folder)
    assert cycle_line(found.cycle()).startswith("cycle 1: Plan: 2 to disconnect")
    return found


def test_broken_manifests_are_an_old_plan_with_every_error_counted(
    project: Project, watched: Watched
) -> None:
    project.write("manifests/people.yaml", BROKEN)
    line = cycle_line(watched.cycle())
    assert line.startswith("cycle 2: old plan, manifests broken (manifests/people.yaml:3:")
    assert "gogle" in line
    assert "(and 1 more error). The old plan: Plan: 2 to disconnect" in line


def test_a_broken_configuration_is_an_old_plan(project: Project, watched: Watched) -> None:
    project.write("reconciler.yaml", "apiVersion: reconciler/v1\nworkspaces: {}\n")
    assert cycle_line(watched.cycle()).startswith("cycle 2: old plan, configuration broken (")


def test_an_outage_is_no_plan(project: Project, watched: Watched) -> None:
    project.fail(OUTAGE)
    line = cycle_line(watched.cycle())
    assert line.startswith("cycle 2: no plan: workspace trial at ")
    assert "to disconnect" not in line


def test_an_incomplete_list_is_said_first(project: Project, watched: Watched) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert cycle_line(watched.cycle()).startswith("cycle 2: incomplete list, 1 problem. ")
