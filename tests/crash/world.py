"""A sandbox with the fleet, a folder with configuration and manifests, and a ledger to be made.

The sandbox is served by the tests' own process, which survives whatever happens to those that
speak to it, and its log is the judge.
"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from reconciler.domain import CalendarUser, LedgerPlace, SqliteFile
from reconciler.ledger import LedgerMissing, read_ledger
from reconciler.planning import Plan, seal
from reconciler.runs import RunHistory
from reconciler.sandbox import LoggedRequest, SandboxServer, SandboxState
from tests.crash.children import Child, Ended, Order, Zygote
from tests.crash.fleet import BOSS, KEY, MANIFEST, living_people, seed

WORKSPACE: Final = "trial"
PLAN: Final = "saved.plan"

_CONFIGURATION = f"""\
apiVersion: reconciler/v1
defaultWorkspace: {WORKSPACE}
ledger: {{ledger}}
workspaces:
  {WORKSPACE}:
    baseUrl: {{url}}
    apiKey: {{{{env: TRIAL_KEY}}}}
    manifests: [manifests/]
    protected: [{BOSS}]
    limits: {{{{maxDisconnects: null, maxDisconnectPercent: null}}}}
    rateLimits: {{{{share: 1, list: 100000, authenticate: 100000, user: 100000}}}}
    timeouts: {{{{readBackSeconds: 1.4}}}}
"""

_OTHERS: Final = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class World:
    """Where the processes of one enumeration live; :meth:`begin_anew` before each point."""

    def __init__(
        self,
        folder: Path,
        place: LedgerPlace,
        zygotes: Sequence[Zygote],
        state: SandboxState,
        url: str,
    ) -> None:
        self.place: Final = place
        self._folder = folder
        self._zygotes = zygotes
        self._state = state
        self._names = count(1)
        (folder / "manifests").mkdir()
        (folder / "manifests/people.yaml").write_text(MANIFEST)
        ledger = f"sqlite:///{place}" if isinstance(place, SqliteFile) else str(place)
        (folder / "reconciler.yaml").write_text(_CONFIGURATION.format(url=url, ledger=ledger))

    @property
    def database(self) -> str:
        """What the ledger is in."""
        return "sqlite" if isinstance(self.place, SqliteFile) else "postgresql"

    def begin_anew(self) -> None:
        """The fleet as it was seeded, an empty log, and no ledger."""
        self._state.seed(seed())
        if isinstance(self.place, SqliteFile):
            shutil.rmtree(self.place.path.parent, ignore_errors=True)
        else:
            self._server.execute("DROP SCHEMA public CASCADE")
            self._server.execute("CREATE SCHEMA public")

    def heal(self) -> None:
        """Let nothing go wrong from now on."""
        self._state.clear_faults()

    def save_a_plan(self) -> None:
        """Save the plan that every point applies: the fleet begins as it was each time."""
        self._state.seed(seed())
        planned = self.run("plan", "--out", PLAN, learn=True)
        assert planned.status == 0, planned.err
        self.begin_anew()
        for arguments in ("apply", "--auto-approve"), ("plan", "--format", "json"):
            self.run(*arguments, learn=True)

    # Processes.

    def start(self, *arguments: str, zygote: int = 0, **more: Any) -> Child:
        """Begin to run the command line; ``more`` are fields of the :class:`Order`."""
        name = self._folder / f"process-{next(self._names)}"
        return self._zygotes[zygote].start(
            Order(
                arguments=arguments,
                folder=str(self._folder),
                environ={"TRIAL_KEY": KEY, **_for_postgresql()},
                out=f"{name}.out",
                err=f"{name}.err",
                report=f"{name}.report",
                **more,
            )
        )

    def run(self, *arguments: str, **more: Any) -> Ended:
        """Run the command line to its end, whatever that is."""
        return self.start(*arguments, **more).wait()

    # What the tests may see.

    def log(self) -> tuple[LoggedRequest, ...]:
        """Every request that reached the sandbox since the beginning."""
        return self._state.log()

    def users(self) -> dict[str, CalendarUser]:
        """The fleet as it is now."""
        return {str(user.external_id): user for user in self._state.users()}

    def stories(self) -> tuple[RunHistory, ...]:
        """All that is in the ledger, the oldest run first; nothing where there is none."""
        try:
            with read_ledger(self.place) as ledger:
                runs = [summary.run for summary in ledger.runs(WORKSPACE, 1000)]
                return tuple(ledger.run_history(run) for run in reversed(runs))
        except LedgerMissing:
            return ()

    def used_by(self, plan: Plan) -> str | None:
        """The run that used ``plan``, as far as the ledger knows."""
        with read_ledger(self.place) as ledger:
            return ledger.used_by(seal(plan))

    def wait_for_the_dead(self) -> None:
        """Where no process lives any more: until their ends of the connections are gone too."""
        if isinstance(self.place, SqliteFile):
            return
        while self._server.execute(_OTHERS).fetchone():
            time.sleep(0.001)

    @cached_property
    def _server(self) -> "psycopg.Connection[Any]":
        url = urlsplit(str(self.place))
        return psycopg.connect(
            host=url.hostname,
            port=url.port,
            user=url.username,
            dbname=url.path.removeprefix("/"),
            autocommit=True,
        )

    def close(self) -> None:
        """Close what was opened for the ledger's server."""
        if not isinstance(self.place, SqliteFile):
            self._server.close()


def _for_postgresql() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PG")}


@contextmanager
def world(folder: Path, place: LedgerPlace, zygotes: Sequence[Zygote]) -> Iterator[World]:
    """A world in ``folder`` with its ledger at ``place``."""
    with ExitStack() as stack:
        stack.enter_context(living_people())
        state = stack.enter_context(SandboxState.open(folder / "sandbox.db"))
        server = stack.enter_context(SandboxServer(folder / "sandbox.db"))
        for one in zygotes:
            stack.callback(one.clear)
        made = World(folder, place, zygotes, state, server.url)
        stack.callback(made.close)
        made.save_a_plan()
        yield made
