"""Runs that were killed between the intent of a call and its answer, made without any process."""

import sqlite3
import subprocess
import uuid
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import structs

from reconciler.domain import COMMAND_LINE, SqliteFile, SystemClock, rfc3339
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.opening import current_process
from reconciler.planning import FleetSize, decode_plan
from reconciler.runs import Answer, Front, Intent, RunOpened
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
        who=structs.replace(current_process(), pid=ended.pid),
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


TIMES = {"runs": ("opened_at", "ended_at"), "steps": ("at",), "in_doubt": ("at",)}
"""The columns of a ledger that say when something was done."""


def let_calls_end(folder: Path, seconds: float = 3600.0) -> None:
    """Let all that is on record be ``seconds`` older: no call of it can still be under way."""

    def earlier(at: str | None) -> str | None:
        return at and rfc3339(datetime.fromisoformat(at) - timedelta(seconds=seconds))

    with closing(sqlite3.connect(folder / ".reconciler/ledger.db")) as ledger, ledger:
        ledger.create_function("earlier", 1, earlier)
        for table, columns in TIMES.items():
            for column in columns:
                ledger.execute(f"UPDATE {table} SET {column} = earlier({column})")
