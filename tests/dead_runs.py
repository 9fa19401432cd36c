"""Runs that were killed between the intent of a call and its answer, made without any process."""

import subprocess
import uuid
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from reconciler.applying import Answer, Front, Intent, RunOpened
from reconciler.domain import COMMAND_LINE, SqliteFile
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.machine import who
from reconciler.planning import FleetSize, decode_plan, rfc3339
from reconciler.recall import SystemClock
from tests.ledger.samples import crash


def leave_in_doubt(
    folder: Path,
    saved: str,
    *users: str,
    owner: str = COMMAND_LINE,
    ago: float = 0.0,
    answer: str | None = None,
) -> str:
    """A run by the ``saved`` plan that was killed after the intents of its calls for ``users``,
    ``ago`` seconds before now; its id. ``answer`` was recorded of each call."""
    plan = decode_plan((folder / saved).read_bytes())
    clock = SystemClock()
    at = rfc3339(clock.now() - timedelta(seconds=ago))
    # A plan of its own: two that are made in one second have one seal.
    plan = structs.replace(plan, envelope=structs.replace(plan.envelope, made=at))
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    claim = Claim(
        run=str(uuid.uuid4()),
        front=Front.APPLY,
        workspace=plan.content.workspace,
        base_url=plan.content.base_url,
        owner=owner,
        who=structs.replace(who(), pid=ended.pid),
        opened=at,
        tool_version="0",
        commit=None,
    )
    place = SqliteFile(folder / ".reconciler/ledger.db")
    with open_ledger(place, create=True) as ledger:
        dead = ledger.begin(claim, clock=clock, pause=lambda _: None)
        dead.run_opened(RunOpened(dead.id, at, plan, (), FleetSize(4, 5), {}))
        for action in plan.content.actions:
            if action.user in users:
                dead.intent(Intent(dead.id, at, action, 1))
                if answer is not None:
                    dead.answer(Answer(dead.id, at, action, 1, answer, no_effect=False))
        crash(dead)
    return claim.run
