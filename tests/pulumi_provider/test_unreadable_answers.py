"""Through Pulumi too, what an answer does not hold is never taken for "nothing connected"."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.pulumi_provider import Granularity, outputs
from reconciler.pulumi_provider.errors import Failed
from reconciler.runs import Outcome
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.both_halves import one_command, update
from tests.pulumi_provider.fleet_folder import BOTH, FleetFolder

KIND: Final = FaultKind.STATUS


@pytest.mark.parametrize("granularity", Granularity)
def test_a_refused_disconnect_whose_read_back_lacks_connections_is_unknown(
    tmp_path: Path, granularity: Granularity
) -> None:
    with one_command(tmp_path):
        folder = FleetFolder(tmp_path)
        folder.configure("timeouts: {readBackSeconds: 0.2}")
        for user in folder.sandbox.users():
            name = user.external_id
            body = json.dumps({"id": user.id, "external_id": name})
            read = Match(endpoint="get_user", external_id=name)
            call = Match(endpoint="disconnect", external_id=name)
            folder.fail(
                Fault(kind=KIND, status=500, match=call),
                Fault(kind=KIND, status=200, body=body, match=read, skip=1, times="forever"),
            )
        result, _ = update(granularity)
        assert {(r.action.user, r.outcome, r.cause) for r in result.results} == {
            ("leaver@example.com", Outcome.UNKNOWN, "not_readable"),
            ("mover@example.com", Outcome.UNKNOWN, "not_readable"),
        }
        assert not result.converged
        assert folder.disconnects() == BOTH
        folder.sandbox.close()


@pytest.mark.parametrize("refreshed", [outputs.refresh_user, outputs.refresh_fleet])
@pytest.mark.parametrize("fields", [{}, {"connections": None}])
def test_a_refresh_of_a_list_with_an_unreadable_row_drops_nobody_and_sees_no_drift_gone(
    tmp_path: Path, refreshed: Callable[[dict[str, Any]], object], fields: dict[str, Any]
) -> None:
    with one_command(tmp_path):
        folder = FleetFolder(tmp_path)
        row = {"id": "x1", "external_id": "leaver@example.com", **fields}
        settled = {"id": "x2", "external_id": "settled@example.com", "connections": []}
        body = json.dumps([row, settled])
        listing = Match(endpoint="list_users")
        folder.fail(Fault(kind=KIND, status=200, body=body, match=listing, times="forever"))
        for user in ("leaver@example.com", "settled@example.com"):
            with pytest.raises(Failed, match=r"complete|the same reason"):
                refreshed(
                    {
                        "workspace": "trial",
                        "address": folder.address,
                        "configuration": "reconciler.yaml",
                        "user": user,
                        "recallId": "x1",
                        "platforms": [],
                        "handover": "wait",
                    }
                )
        assert folder.mutations() == 0
        folder.sandbox.close()
