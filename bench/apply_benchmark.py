"""An acting run against a sandbox that enforces the documented limits: does it keep the schedule?

A disconnect needs a token of its user, and tokens are what the API allows fewest of: 60 s for
every 300 users, divided by the share, are the schedule that the rate limits alone set.
"""

import tempfile
from collections import Counter
from pathlib import Path

from msgspec import Struct

from bench.companion import companion
from bench.environment import environment
from bench.sandbox_server import ServedSandbox
from bench.scaled_clock import ScaledClock
from reconciler.applying import ApplySettings, MemoryJournal, Outcome, RunResult
from reconciler.config import Workspace, load_configuration
from reconciler.engine import carry_out, judge_fresh, observe, open_session, preview
from reconciler.manifest import load_manifests
from reconciler.recall import RateLimits, Stop
from reconciler.sandbox import LoggedRequest, SandboxState

SLOWNESS_TARGET = 1.05
_SPEED = 10.0
_DISCONNECT_PATH = "/api/v1/calendar/user/disconnect/"


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

    @property
    def slowness(self) -> float:
        """Time taken to time scheduled."""
        return self.seconds / self.schedule

    @property
    def exactly_once(self) -> bool:
        """Whether every user was disconnected by one call, and verified."""
        return self.users == self.disconnected_once == self.calls == self.verified


def measure_apply(users: int, share: float) -> ApplyFigures:
    """Disconnect ``users`` users with ``share`` of the workspace's budgets."""
    with tempfile.TemporaryDirectory() as name:
        state = Path(name) / "sandbox.db"
        arguments = (str(state), str(users), str(_SPEED))
        with companion("bench.sandbox_server", *arguments, ready=ServedSandbox) as sandbox:
            workspace = _workspace(Path(name), sandbox, share)
            seconds, result = _run(workspace)
            with SandboxState.open(state, create=False) as served:
                log = served.log()
    return _figures(users, share, seconds, result, log)


def _run(workspace: Workspace) -> tuple[float, RunResult]:
    """Plan and apply; the scaled seconds from the list call to the last outcome."""
    clock = ScaledClock(_SPEED)
    desired = load_manifests(workspace.manifests)
    with open_session(workspace, environment(), clock=clock, stop=Stop(clock.monotonic)) as session:
        begun = clock.monotonic()
        observation = observe(session)
        plan = preview(session, desired, observation)
        approved = judge_fresh(session, plan, desired, observation)
        result = carry_out(session, approved, MemoryJournal(), ApplySettings(), lambda _: None)
        return clock.monotonic() - begun, result


def _figures(
    users: int, share: float, seconds: float, result: RunResult, log: tuple[LoggedRequest, ...]
) -> ApplyFigures:
    calls = Counter(entry.external_id for entry in log if entry.path == _DISCONNECT_PATH)
    return ApplyFigures(
        users=users,
        share=share,
        speed=_SPEED,
        seconds=seconds,
        schedule=users * 60 / (RateLimits().authenticate * share),
        verified=result.count()[Outcome.VERIFIED],
        disconnected_once=sum(1 for number in calls.values() if number == 1),
        calls=calls.total(),
        requests=len(log),
        throttled=sum(1 for entry in log if entry.status == 429),
    )


def _workspace(folder: Path, sandbox: ServedSandbox, share: float) -> Workspace:
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
