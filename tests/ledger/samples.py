"""Runs in few words: who wants what, claims, and the records that a run hands its journal."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from msgspec import structs
from sqlalchemy import update

from reconciler.domain import COMMAND_LINE, LedgerPlace, Platform, Preferences
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.database import Database
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.lock import LOCK_TIMES, LockTimes
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.opening import current_process
from reconciler.ledger.schema import locks
from reconciler.planning import (
    Action,
    Content,
    FleetSize,
    GuardName,
    Judgement,
    Plan,
    Verdict,
)
from reconciler.runs import (
    ActionResult,
    Answer,
    Ended,
    Front,
    HaltCause,
    Intent,
    Outcome,
    ReadBack,
    RunClosed,
    RunOpened,
    RunResult,
    Who,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    TARGET,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    plan_of,
    seen,
)
from tests.recall.fake_clock import FakeClock

WORKSPACE: Final = TARGET.workspace
ADDRESS: Final = TARGET.base_url
AT: Final = "2026-11-01T08:00:00Z"
LATER: Final = "2026-11-01T09:00:00Z"
FLEET: Final = FleetSize(declared=3, observed=4)
VERDICTS: Final = (
    Verdict(GuardName.EMPTY_DESIRED, Judgement.PASSED, 3),
    Verdict(GuardName.MAX_DISCONNECTS, Judgement.ALLOWED, 3, 2),
)
DECLARED: Final = {
    "alice": frozenset([MICROSOFT]),
    "böb": frozenset[Platform](),
    "carol": frozenset([GOOGLE]),
}
"""What the manifests of :func:`plan` want connected."""
STILL: Final = LockTimes(beat=3600.0)
"""No heartbeat but the first: for runs that stand still."""

Pause = Callable[[float], None]


def plan(made: str = AT, *, workspace: str = WORKSPACE, base_url: str = ADDRESS) -> Plan:
    """Alice moved to Microsoft, Böb left, Carol wants to be recorded: four actions."""
    recorded = Preferences(record_external=True)
    content = content_of(
        manifest(
            declared("alice", [MICROSOFT]),
            declared("böb", [], reason="left"),
            declared("carol", [GOOGLE], preferences=recorded),
        ),
        fleet(
            seen("alice", connected(GOOGLE), connected(MICROSOFT, "other")),
            seen("böb", connected(GOOGLE), connected(MICROSOFT, None)),
            seen("carol", connected(GOOGLE), preferences=Preferences(record_external=False)),
            seen("dave", connected(GOOGLE)),
        ),
    )
    content = structs.replace(
        content,
        workspace=workspace,
        base_url=base_url,
        actions=tuple(structs.replace(action, workspace=workspace) for action in content.actions),
    )
    return _with_envelope(content, made)


def _with_envelope(content: Content, made: str) -> Plan:
    whole = plan_of(content)
    return structs.replace(whole, envelope=structs.replace(whole.envelope, made=made))


def other_plan() -> Plan:
    """Alice stays as she is, and Erin moves to Google."""
    content = content_of(
        manifest(declared("alice", [GOOGLE, MICROSOFT]), declared("erin", [GOOGLE])),
        fleet(
            seen("alice", connected(GOOGLE), connected(MICROSOFT, "other")),
            seen("erin", connected(GOOGLE), connected(MICROSOFT, "old")),
        ),
    )
    return plan_of(content)


PLAN: Final = plan()
OTHER_PLAN: Final = other_plan()
ALICE, BOB_GOOGLE, BOB_MICROSOFT, CAROL = PLAN.content.actions
(ERIN,) = OTHER_PLAN.content.actions


def new_run() -> str:
    return str(uuid.uuid4())


def claim(
    run: str | None = None,
    *,
    workspace: str = WORKSPACE,
    base_url: str = ADDRESS,
    by: Who | None = None,
    owner: str = COMMAND_LINE,
    resumes: str | None = None,
    opened: str = AT,
    started: str | None = None,
) -> Claim:
    return Claim(
        run=run or new_run(),
        front=Front.APPLY if resumes is None else Front.RESUME,
        workspace=workspace,
        base_url=base_url,
        owner=owner,
        who=by or current_process(),
        opened=opened,
        tool_version="1.2.3",
        commit="0d1f",
        resumes=resumes,
        started=started,
    )


def elsewhere(host: str = "runner-7") -> Who:
    """Somebody on a machine whose processes we cannot see."""
    return Who("deploy", host, 7, "another boot of another machine")


def never(seconds: float) -> None:
    """A pause that must not be asked for."""
    raise AssertionError(f"waited for {seconds} s")


@contextmanager
def ledger_at(place: LedgerPlace, times: LockTimes = STILL) -> Iterator[Ledger]:
    """The ledger at ``place``, made if there is none."""
    with open_ledger(place, create=True) as ledger:
        yield Ledger(database_of(ledger), place, made=ledger.made, times=times)


def database_of(ledger: Ledger) -> Database:
    return ledger._database


def begin(
    ledger: Ledger,
    claimed: Claim | None = None,
    *,
    clock: FakeClock | None = None,
    lock_timeout: float = 0,
    pause: Pause = never,
) -> OpenRun:
    return ledger.begin(
        claimed or claim(), clock=clock or FakeClock(), lock_timeout=lock_timeout, pause=pause
    )


@contextmanager
def acting(
    ledger: Ledger, claimed: Claim | None = None, by: Plan | None = None
) -> Iterator[OpenRun]:
    """A run that was let through to act by a plan."""
    claimed = claimed or claim()
    with begin(ledger, claimed) as run:
        by = by or plan(workspace=claimed.workspace, base_url=claimed.base_url)
        run.run_opened(opened(run.id, by))
        yield run


def crash(run: OpenRun) -> None:
    """What a crash leaves: nothing is told to the ledger any more."""
    run._heartbeat.stop()
    run._over = True


def waiting(clock: FakeClock, meanwhile: Pause = lambda _: None) -> Pause:
    """A pause in which the clock moves on, and something else happens."""

    def pause(seconds: float) -> None:
        clock.wait(seconds, threading.Event())
        meanwhile(seconds)

    return pause


def shift_locks(ledger: Ledger, seconds: float) -> None:
    """As if the clock of the database had been set back by so much (forward, if negative)."""
    with database_of(ledger).write() as connection:
        connection.execute(
            update(locks)
            .where(locks.c.run.is_not(None))
            .values(since=locks.c.since + seconds, heartbeat=locks.c.heartbeat + seconds)
        )


def opened(
    run: str,
    by: Plan = PLAN,
    fleet_size: FleetSize = FLEET,
    declared: Mapping[str, frozenset[Platform]] = DECLARED,
    seen: frozenset[str] = frozenset(),
) -> RunOpened:
    return RunOpened(run, AT, by, VERDICTS, fleet_size, declared, seen)


def intent(run: str, action: Action, call: int = 1) -> Intent:
    return Intent(run, AT, action, call)


def answer(
    run: str, action: Action, code: str = "accepted", call: int = 1, *, no_effect: bool = False
) -> Answer:
    return Answer(run, AT, action, call, code, no_effect)


def read_back(run: str, action: Action, reading: str = "read_back", call: int = 1) -> ReadBack:
    return ReadBack(run, AT, action, call, reading)


def verified(action: Action, calls: int = 1) -> ActionResult:
    return ActionResult(action, Outcome.VERIFIED, "read_back", calls=calls)


def not_attempted(action: Action) -> ActionResult:
    return ActionResult(action, Outcome.NOT_ATTEMPTED, "stopped")


def unknown(action: Action) -> ActionResult:
    return ActionResult(action, Outcome.UNKNOWN, "not_readable", "no answer for 60 s", calls=1)


def ended(run: str, result: ActionResult) -> Ended:
    return Ended(run, AT, result)


def closed(
    run: str,
    *results: ActionResult,
    by: Plan = PLAN,
    halted: HaltCause | None = None,
    detail: str | None = None,
) -> RunClosed:
    """The end of a run: with these results, and whatever else was planned not attempted."""
    given = {result.action.key: result for result in results}
    content = by.content
    result = RunResult(
        run=run,
        workspace=content.workspace,
        base_url=content.base_url,
        plan_digest=content.digest(),
        started=AT,
        finished=LATER,
        results=tuple(given.get(action.key) or not_attempted(action) for action in content.actions),
        halted=halted,
        halt_detail=detail,
    )
    return RunClosed(run, LATER, result)


def disconnect_fully(run: OpenRun, action: Action) -> ActionResult:
    """Everything that is taken down of one call that goes well."""
    result = verified(action)
    run.intent(intent(run.id, action))
    run.answer(answer(run.id, action))
    run.read_back(read_back(run.id, action))
    run.outcome(ended(run.id, result))
    return result


def times(lease: float = LOCK_TIMES.lease, beat: float = LOCK_TIMES.beat) -> LockTimes:
    return LockTimes(lease=lease, beat=beat)
