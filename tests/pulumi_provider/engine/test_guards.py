"""Each guard refuses on the real engine, and is passed by its name alone."""

import pytest

from reconciler.planning import ALLOWABLE, GuardName
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH

LISTING = Match(endpoint="list_users")
SAMPLE = {GuardName.MAX_DISCONNECTS, GuardName.TAKEOVER}


def provoke(stack: Stack, guard: GuardName) -> None:
    """See to it that ``guard`` refuses, and no other."""
    match guard:
        case GuardName.MAX_DISCONNECTS:
            stack.configure("limits: {maxDisconnects: 1}")
        case GuardName.MAX_DISCONNECT_PERCENT:
            stack.configure("limits: {maxDisconnectPercent: 0}")
        case GuardName.MAX_DISCONNECTS_PER_DAY:
            stack.configure("limits: {maxDisconnectsPerDay: 0}")
        case GuardName.EMPTY_DESIRED:
            stack.write("manifests/people.yaml", "apiVersion: reconciler/v1\nusers: []\n")
        case GuardName.EMPTY_OBSERVED:
            stack.fail(Fault(kind=FaultKind.EMPTY_LIST, match=LISTING, times="forever"))
        case GuardName.DESIRED_FLEET_SHRINK:
            assert stack.up("--skip-preview") == 0, stack.out
            stack.declare("{id: mover@example.com, platforms: [microsoft]}")
        case GuardName.OBSERVED_FLEET_SHRINK:
            assert stack.up("--skip-preview") == 0, stack.out
            cut = Fault(kind=FaultKind.TRUNCATED_LIST, keep=3, match=LISTING, times="forever")
            stack.fail(cut)
        case GuardName.SOURCE_SHRINK:
            source = "sources: [{name: hr, file: hr.csv, id: mail}]"
            stack.write("manifests/hr.yaml", f"apiVersion: reconciler/v1\n{source}\n")
            stack.write("manifests/hr.csv", "mail\na@example.com\nb@example.com\n")
            assert stack.up("--skip-preview") == 0, stack.out
            stack.write("manifests/hr.csv", "mail\na@example.com\n")
        case GuardName.RULE_BREADTH:
            assert stack.up("--skip-preview") == 0, stack.out
            rule = '{name: r, match: {id: "leaver*"}, platforms: [], reason: left, mode: enforce}'
            stack.write("manifests/rules.yaml", f"apiVersion: reconciler/v1\nrules: [{rule}]\n")
            stack.configure("limits: {maxRuleMatches: 0}")
        case GuardName.TAKEOVER:
            assert stack.reconciler("apply", "--auto-approve").returncode == 0
            stack.declare(
                "{id: settled@example.com, platforms: [google, microsoft]}",
                "{id: leaver@example.com, platforms: [], reason: left (HR-1)}",
                "{id: mover@example.com, platforms: [microsoft]}",
            )
        case _:
            raise AssertionError(f"nothing provokes {guard}")


@pytest.mark.parametrize(
    "guard",
    [
        pytest.param(guard, marks=pytest.mark.sample if guard in SAMPLE else ())
        for guard in ALLOWABLE
    ],
)
def test_a_guard_refuses_before_anything_is_registered_and_is_allowed_by_name(
    stack: Stack, guard: GuardName
) -> None:
    provoke(stack, guard)
    done, before = stack.disconnects(), stack.resources()
    assert stack.up("--skip-preview") == 1
    assert f"{guard} refused: " in stack.out
    assert f"RECONCILER_ALLOW={guard}" in stack.out
    assert "--allow" not in stack.out
    assert stack.out.count(" refused: ") == 1
    assert stack.disconnects() == done
    assert stack.resources() == before
    assert stack.up("--skip-preview", RECONCILER_ALLOW=guard) == 0, stack.out
    on_disconnects = guard.startswith("max-disconnect")
    assert stack.disconnects() == (BOTH if on_disconnects else done)


@pytest.mark.sample
def test_an_incomplete_list_is_allowed_by_no_name(stack: Stack) -> None:
    stack.fail(Fault(kind=FaultKind.MALFORMED_ROW, match=LISTING, times="forever"))
    assert stack.up("--skip-preview") == 1
    assert "complete-observation refused" in stack.out
    assert "No option allows this" in stack.out
    assert stack.up("--skip-preview", RECONCILER_ALLOW="complete-observation") == 1
    assert "complete-observation, which cannot be allowed" in stack.out
    assert stack.resources() == {}
    assert stack.mutations() == 0


def test_a_ledger_that_is_required_is_made_only_by_name(by_user: Stack) -> None:
    text = (by_user.folder / "reconciler.yaml").read_text(encoding="utf-8")
    by_user.write("reconciler.yaml", f"{text}requireLedger: true\n")
    assert by_user.up("--skip-preview") == 1
    assert "RECONCILER_ALLOW=new-ledger" in by_user.out
    assert "--allow new-ledger" not in by_user.out
    assert by_user.disconnects() == []
    assert by_user.up("--skip-preview", RECONCILER_ALLOW="new-ledger") == 0
    assert by_user.disconnects() == BOTH
