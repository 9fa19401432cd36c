"""An acting run against a sandbox that enforces the documented limits: does it keep the schedule?

A disconnect needs a token of its user, and tokens are what the API allows fewest of: 60 s for
every 300 users, divided by the share, are the schedule that the rate limits alone set.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from bench.companion import companion
from bench.environment import environment
from bench.places import ledger_line
from bench.sandbox_server import ServedSandbox
from bench.scaled_clock import ScaledClock
from bench.timed_journal import TimedJournal
from reconciler.applying import ApplySettings
from reconciler.config import Workspace, load_configuration
from reconciler.domain import Cancellation, Declarations, LedgerPlace, RateLimits
from reconciler.engine import (
    RunOptions,
    Session,
    acting_run,
    carry_out,
    judge_fresh,
    observe,
    open_session,
    plan_inputs,
    preview,
)
from reconciler.ledger import open_ledger
from reconciler.manifest import load_manifests
from reconciler.planning import History
from reconciler.runs import Front, MemoryJournal, Outcome, RunResult
from reconciler.sandbox import SandboxState

SLOWNESS_TARGET = 1.05
SPEED = 10.0
"""Of the clocks: how many seconds pass in a real one."""

_DISCONNECT_PATH = "/api/v1/calendar/user/disconnect/"


class LedgerTime(Struct, frozen=True):
    """Real seconds spent in the ledger: before the list call (opening it, the lock, the run), and
    in its ``records``, summed over the threads that waited for them."""

    opening: float
    records: int
    recording: float

    @property
    def seconds(self) -> float:
        """All of them."""
        return self.opening + self.recording


@dataclass
class _Recording:
    """Where a run is taken down: the run's id, the journal and the history it begins with."""

    run: str
    journal: TimedJournal
    history: History
    opening: float

    @property
    def time(self) -> LedgerTime:
        seconds = self.journal.seconds
        return LedgerTime(self.opening, len(seconds), sum(seconds))


class ApplyFigures(Struct, frozen=True):
    """One run. ``seconds`` are the sandbox's, ``speed`` of which pass in a real one.

    ``verified`` counts outcomes of the run; ``disconnected_once`` (users), ``calls``, ``requests``
    and ``throttled`` (429s) are counted in the sandbox's own log.
    """

    users: int
    share: float
    speed: float
    seconds: float
    schedule: float
    verified: int
    disconnected_once: int
    calls: int
    requests: int
    throttled: int
    ledger: LedgerTime

    @property
    def slowness(self) -> float:
        """Time taken to time scheduled."""
        return self.seconds / self.schedule

    @property
    def exactly_once(self) -> bool:
        """Whether every user was disconnected by one call, and verified."""
        return self.users == self.disconnected_once == self.calls == self.verified


def measure_apply(
    users: int, share: float, place: LedgerPlace | None = None, *, speed: float = SPEED
) -> ApplyFigures:
    """Disconnect ``users`` users with ``share`` of the workspace's rate_limiter.

    The run is taken down in a ledger at ``place``, or in memory where there is none. The ledger
    is made before: that happens once in its life.
    """
    if place:
        with open_ledger(place, create=True):
            pass
    with tempfile.TemporaryDirectory() as name:
        state = Path(name) / "sandbox.db"
        arguments = (str(state), str(users), str(speed))
        with companion("bench.sandbox_server", *arguments, ready=ServedSandbox) as sandbox:
            workspace = _workspace(Path(name), sandbox, share, place)
            clock = ScaledClock(speed)
            recorded = _in_ledger if place else _in_memory
            seconds, result, ledger = _run(workspace, clock, recorded)
            with SandboxState.open(state, create=False) as served:
                log = served.log()
    calls = Counter(entry.external_id for entry in log if entry.path == _DISCONNECT_PATH)
    return ApplyFigures(
        users=users,
        share=share,
        speed=speed,
        seconds=seconds,
        schedule=users * 60 / (RateLimits().authenticate * share),
        verified=result.count()[Outcome.VERIFIED],
        disconnected_once=sum(1 for number in calls.values() if number == 1),
        calls=calls.total(),
        requests=len(log),
        throttled=sum(1 for entry in log if entry.status == 429),
        ledger=ledger,
    )


def _run(
    workspace: Workspace,
    clock: ScaledClock,
    recorded: Callable[[Session, Declarations], AbstractContextManager[_Recording]],
) -> tuple[float, RunResult, LedgerTime]:
    """Plan and apply; the scaled seconds from the run's begin to its end, and what took them."""
    declarations = load_manifests(workspace.manifests)
    with open_session(
        workspace, environment(), clock=clock, cancellation=Cancellation(clock.monotonic)
    ) as session:
        begun = clock.monotonic()
        with recorded(session, declarations) as recording:
            observation = observe(session)
            inputs = plan_inputs(session, declarations, observation, recording.history)
            approved = judge_fresh(preview(session, inputs), inputs)
            result = carry_out(
                session,
                recording.run,
                approved,
                recording.journal,
                ApplySettings(),
                lambda _: None,
            )
        return clock.monotonic() - begun, result, recording.time


@contextmanager
def _in_memory(_session: Session, _declarations: Declarations) -> Iterator[_Recording]:
    yield _Recording("bench", TimedJournal(MemoryJournal()), History(), opening=0.0)


@contextmanager
def _in_ledger(session: Session, declarations: Declarations) -> Iterator[_Recording]:
    began = time.perf_counter()
    with acting_run(session, declarations, RunOptions(Front.APPLY, ApplySettings())) as run:
        history = run.journal.history()
        opening = time.perf_counter() - began
        yield _Recording(run.journal.id, TimedJournal(run.journal), history, opening)


def _workspace(
    folder: Path, sandbox: ServedSandbox, share: float, place: LedgerPlace | None
) -> Workspace:
    entries = "".join(f"  - id: {user}\n" for user in sandbox.users)
    (folder / "users.yaml").write_text(
        "apiVersion: reconciler/v1\n"
        "defaults: {platforms: [], reason: the benchmark ends}\n"
        f"users:\n{entries}",
        encoding="utf-8",
    )
    configuration = folder / "reconciler.yaml"
    configuration.write_text(
        f"""\
apiVersion: reconciler/v1
{ledger_line(place) if place else ""}\
workspaces:
  bench:
    baseUrl: {sandbox.url}
    apiKey: {{env: RECALL_API_KEY}}
    manifests: [users.yaml]
    limits: {{maxDisconnects: null, maxDisconnectPercent: null}}
    rateLimits: {{share: {share}}}
""",
        encoding="utf-8",
    )
    return load_configuration(configuration).workspace("bench")
