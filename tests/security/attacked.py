"""A project whose ledger holds a run that died, and somebody who may write into that ledger.

The dead run's plan was to disconnect Google of the leaver, which is in doubt, and of the mover,
which was never begun. Nobody else's connections are anybody's business.
"""

import sqlite3
import subprocess
import unicodedata
import uuid
from contextlib import closing
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from msgspec import structs

from reconciler.domain import COMMAND_LINE, LedgerPlace, Platform, SqliteFile, SystemClock
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.opening import current_process
from reconciler.planning import FleetSize, Plan, decode_plan, encode_plan
from reconciler.runs import Front, Intent, RunOpened, Who
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.ledger.samples import crash

AT: Final = "2026-11-01T08:00:00Z"
SAVED: Final = "saved.plan"
DECLARED: Final = {
    "leaver@example.com": frozenset[Platform](),
    "mover@example.com": frozenset([Platform.MICROSOFT]),
}
"""What the manifests want connected of those who are acted on."""

RIGHT: Final = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
"""Every mutating call that the manifests want."""

VICTIM: Final = "settled@example.com"

CLEAR: Final = frozenset({0, 3, 4, 5, 64, 65, 75})
"""The statuses of commands that were not surprised."""


class Attacked:
    """The project, its ledger at ``place``, and the dead ``run`` in it, of ``plan``."""

    def __init__(self, project: Project, place: LedgerPlace) -> None:
        self.project = project
        self.place = place
        use_ledger(project, place)
        assert project.run("plan", "-o", SAVED) == 0
        self.plan = decode_plan((project.folder / SAVED).read_bytes())
        self.run = self.let_die(self.plan)

    def let_die(self, plan: Plan) -> str:
        """A run of ``plan`` that died with its first action in doubt; its id."""
        with open_ledger(self.place, create=True) as ledger:
            claim = Claim(
                run=str(uuid.uuid4()),
                front=Front.APPLY,
                workspace=plan.content.workspace,
                base_url=plan.content.base_url,
                owner=COMMAND_LINE,
                who=_of_the_dead(),
                opened=AT,
                tool_version="1.2.3",
                commit=None,
            )
            run = ledger.begin(claim, clock=SystemClock(), pause=lambda _: None)
            run.run_opened(
                RunOpened(run.id, AT, plan, plan.content.guards, FleetSize(4, 5), DECLARED)
            )
            run.intent(Intent(run.id, AT, plan.content.actions[0], 1))
            crash(run)
        return run.id

    def alter(self, statement: str, **values: Any) -> None:
        """Alter the ledger behind the tool's back; ``:name`` stands for a value."""
        if isinstance(self.place, SqliteFile):
            with closing(sqlite3.connect(self.place.path, isolation_level=None)) as connection:
                connection.execute(statement, values)
            return
        for name in values:
            statement = statement.replace(f":{name}", f"%({name})s")
        with connected(self.place) as server:
            server.execute(statement.encode(), values or None)

    def command(self, *arguments: str) -> int:
        """The status of a command, which must be one that was not surprised, nor showed anything
        that could steer a terminal."""
        status = self.project.run(*arguments)
        assert status in CLEAR, self.project.out + self.project.err
        assert_harmless(self.project.out + self.project.err)
        return status

    def calls(self) -> list[tuple[str, str, str | None, str]]:
        """The mutating calls that arrived: none but those that are right, and none twice."""
        calls = self.project.mutations()
        assert set(calls) <= set(RIGHT)
        assert len(calls) == len(set(calls))
        return calls

    def save(self, plan: Plan) -> None:
        """Save ``plan``, sealed, as the plan file."""
        (self.project.folder / SAVED).write_bytes(encode_plan(plan))


def use_ledger(project: Project, place: LedgerPlace) -> None:
    """Let the project's ledger be at ``place``."""
    ledger = f"sqlite:///{place}" if isinstance(place, SqliteFile) else str(place)
    configuration = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", f"{configuration}ledger: '{ledger}'\n")


def connected(place: LedgerPlace) -> "psycopg.Connection[Any]":
    """A connection to the server of a ledger."""
    url = urlsplit(str(place))
    return psycopg.connect(
        host=url.hostname,
        port=url.port,
        user=url.username,
        dbname=url.path.removeprefix("/"),
        autocommit=True,
    )


def forged_plan(attacked: Attacked) -> Plan:
    """A plan that disconnects, too, who is to stay: sealed, unexpired, with everything as it is.

    The victim is ``settled@example.com``, whom the manifests want to keep Google.
    """
    content = attacked.plan.content
    (user,) = (user for user in attacked.project.sandbox.users() if user.external_id == VICTIM)
    (connection,) = (row for row in user.connections if row.platform == Platform.GOOGLE)
    victim = structs.replace(
        content.disconnects[0],
        user=VICTIM,
        recall_id=user.id,
        platform=Platform.GOOGLE,
        connection_id=connection.id,
        requires_connected=(),
    )
    actions = tuple(sorted((*content.actions, victim), key=lambda action: action.user))
    return Plan(
        structs.replace(content, actions=actions),
        structs.replace(attacked.plan.envelope, expires="2126-01-01T00:00:00Z"),
    )


def assert_harmless(text: str) -> None:
    """Nothing unseen is in ``text`` but line feeds."""
    unseen = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert unseen <= {"\n"}


def _of_the_dead() -> Who:
    """A process of this machine that has ended."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return structs.replace(current_process(), pid=process.pid)
