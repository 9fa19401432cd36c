"""A refresh in every form: it sees what came, and believes no list that is empty, cut or
failing."""

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, SETTLED_LOSES_MICROSOFT

LISTING = Match(endpoint="list_users")
BAD = {
    "empty": Fault(kind=FaultKind.EMPTY_LIST, match=LISTING, times="forever"),
    "cut short": Fault(kind=FaultKind.TRUNCATED_BODY, match=LISTING, times="forever"),
    "too few": Fault(kind=FaultKind.TRUNCATED_LIST, keep=1, match=LISTING, times="forever"),
    "failing": Fault(kind=FaultKind.STATUS, status=403, match=LISTING, times="forever"),
}
ONE_AND_ALL = [pytest.param("empty", marks=pytest.mark.sample), *sorted(BAD.keys() - {"empty"})]


def drifted(stack: Stack) -> None:
    stack.converge()
    stack.connect("settled@example.com", Platform.MICROSOFT)


def drift(stack: Stack) -> str:
    return str([outputs["drift"] for _, outputs in stack.resources().values()])


@pytest.mark.sample
def test_it_sees_drift_with_one_list_call_and_changes_nobody(stack: Stack) -> None:
    drifted(stack)
    lists = stack.lists()
    assert stack.run("refresh", "--yes", "--skip-preview") == 0, stack.out
    assert stack.lists() == lists + 1
    assert stack.disconnects() == BOTH
    assert "disconnect microsoft" in drift(stack)


def test_its_preview_alone_shows_drift_and_leaves_the_state(stack: Stack) -> None:
    drifted(stack)
    before = stack.resources()
    assert stack.run("refresh", "--preview-only", "--diff") == 0, stack.out
    assert "disconnect microsoft" in stack.out
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


def test_an_update_with_a_refresh_undoes_the_drift_once(stack: Stack) -> None:
    drifted(stack)
    assert stack.up("--refresh") == 0, stack.out
    assert stack.disconnects() == [*BOTH, SETTLED_LOSES_MICROSOFT]
    assert stack.preview("--expect-no-changes") == 0
    assert "settled" not in drift(stack)


def test_with_the_program_and_nothing_planned_it_is_a_refresh_like_any(stack: Stack) -> None:
    stack.begin_at_rest()
    before = stack.resources()
    assert stack.run("refresh", "--run-program", "--yes", "--skip-preview") == 0, stack.out
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


def test_whom_recall_forgot_is_dropped_and_declared_anew(by_user: Stack) -> None:
    by_user.begin_converged()
    by_user.delete("settled@example.com")
    assert by_user.run("refresh", "--yes", "--skip-preview") == 0, by_user.out
    names = {"leaver@example.com", "mover@example.com", "waiting@example.com"}
    assert set(by_user.resources()) == {f"trial/{name}" for name in names}
    assert by_user.up("--skip-preview") == 0
    assert len(by_user.resources()) == 4
    assert by_user.disconnects() == BOTH


@pytest.mark.parametrize("bad", ONE_AND_ALL)
def test_a_bad_list_changes_neither_people_nor_state(stack: Stack, bad: str) -> None:
    stack.begin_converged()
    before = stack.resources()
    stack.fail(BAD[bad])
    assert stack.run("refresh", "--yes", "--skip-preview") != 0
    diagnostics = stack.out.partition("Diagnostics:")[2].splitlines()
    reasons = [line for line in diagnostics if "error: Failed: workspace trial" in line]
    assert len(reasons) == 1, stack.out
    stack.sandbox.clear_faults()
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_list_is_one_error_of_an_update_and_nothing_is_registered(
    stack: Stack, bad: str
) -> None:
    stack.begin_converged()
    before = stack.resources()
    stack.fail(BAD[bad])
    assert stack.up("--skip-preview") == 1
    assert stack.up("--refresh", "--skip-preview") != 0
    stack.sandbox.clear_faults()
    assert stack.resources() == before
    assert stack.disconnects() == BOTH
