"""Whose call of a dead run could not be settled is held by an update, as by the command line."""

from pathlib import Path

import pytest

from reconciler.applying import ApplySettings
from reconciler.cli.app import run
from reconciler.domain import stack_owner
from reconciler.pulumi_provider import Granularity
from reconciler.runs import Outcome
from reconciler.sandbox import Fault, FaultKind, Match
from tests.dead_runs import leave_in_doubt
from tests.pulumi_provider.both_halves import one_command, update
from tests.pulumi_provider.fleet_folder import BOTH, MOVER_LOSES_GOOGLE, FleetFolder

OWNER = stack_owner("organization/trial/dev")


def let_die(folder: FleetFolder, ago: float = 0.0) -> None:
    """A run that was killed between the intent of the leaver's disconnect and its answer."""
    assert run(["plan", "--quiet", "-o", "saved.json"]) == 0
    leave_in_doubt(folder.folder, "saved.json", "leaver@example.com", owner=OWNER, ago=ago)


def test_nothing_is_sent_for_somebody_whose_earlier_call_is_still_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApplySettings, "under_way", 2.0)  # and not a minute
    with one_command(tmp_path):
        folder = FleetFolder(tmp_path)
        folder.configure("timeouts: {readBackSeconds: 1}")
        let_die(folder)
        unreadable = Match(endpoint="authenticate", external_id="leaver@example.com")
        folder.fail(Fault(kind=FaultKind.STATUS, status=403, match=unreadable, times="forever"))
        result, _ = update(owner=OWNER)
        assert [(r.action.user, r.outcome) for r in result.results] == [
            ("mover@example.com", Outcome.VERIFIED)
        ]
        assert folder.disconnects() == [MOVER_LOSES_GOOGLE]
        folder.sandbox.close()


@pytest.mark.parametrize("granularity", list(Granularity))
def test_what_is_settled_as_unknown_is_held_in_the_update_and_done_by_the_next(
    tmp_path: Path, granularity: Granularity
) -> None:
    folder = FleetFolder(tmp_path)
    with one_command(tmp_path):
        let_die(folder, ago=3600)
        result, _ = update(granularity, owner=OWNER)
        assert [(r.action.user, r.outcome) for r in result.results] == [
            ("mover@example.com", Outcome.VERIFIED)
        ]
        assert not result.converged
        assert folder.disconnects() == [MOVER_LOSES_GOOGLE]
    with one_command(tmp_path):
        result, _ = update(granularity, owner=OWNER)
        assert result.converged
        assert folder.disconnects() == BOTH
        folder.sandbox.close()
