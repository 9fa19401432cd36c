"""Whose call of a dead run could not be settled is held by an update, as by the command line."""

import subprocess
import uuid
from pathlib import Path

from msgspec import structs

from reconciler.applying import Front, Intent, Outcome, RunOpened
from reconciler.cli.app import run
from reconciler.domain import SqliteFile, stack_owner
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.machine import who
from reconciler.planning import FleetSize, decode_plan, rfc3339
from reconciler.recall import SystemClock
from reconciler.sandbox import Fault, FaultKind, Match
from tests.ledger.samples import crash
from tests.pulumi_provider.both_halves import one_command, update
from tests.pulumi_provider.fleet_folder import MOVER_LOSES_GOOGLE, FleetFolder

OWNER = stack_owner("organization/trial/dev")


def let_die(folder: FleetFolder) -> None:
    """A run that was killed between the intent of the leaver's disconnect and its answer."""
    assert run(["plan", "--quiet", "-o", "saved.json"]) == 0
    plan = decode_plan((folder.folder / "saved.json").read_bytes())
    clock = SystemClock()
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    claim = Claim(
        run=str(uuid.uuid4()),
        front=Front.PULUMI,
        workspace="trial",
        base_url=folder.address,
        owner=OWNER,
        who=structs.replace(who(), pid=ended.pid),
        opened=rfc3339(clock.now()),
        tool_version="0",
        commit=None,
    )
    place = SqliteFile(folder.folder / ".reconciler/ledger.db")
    with open_ledger(place, create=True) as ledger:
        dead = ledger.begin(claim, clock=clock, pause=lambda _: None)
        dead.run_opened(RunOpened(dead.id, claim.opened, plan, (), FleetSize(4, 5), {}))
        (leaver,) = [a for a in plan.content.actions if a.user == "leaver@example.com"]
        dead.intent(Intent(dead.id, claim.opened, leaver, 1))
        crash(dead)


def test_nothing_is_sent_for_somebody_whose_earlier_call_is_still_in_doubt(tmp_path: Path) -> None:
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
