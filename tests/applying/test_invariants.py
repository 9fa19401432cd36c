"""Whatever goes wrong: what the sandbox saw is what the run says, and nobody else was touched."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Handover, Platform, Preferences
from reconciler.planning import Disconnect, effect_shows
from reconciler.runs import ActionResult, Outcome
from reconciler.sandbox import Fault, FaultKind, SandboxServer, SandboxState, SeedUser
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Call,
    Done,
    Trial,
    disconnected,
    fault,
    person,
    updated,
    wanted,
)
from tests.applying.virtual_clock import START, VirtualClock
from tests.applying.watched_journal import WatchedJournal

NAMES = [f"user-{number}" for number in range(8)]
SENT_AGAIN_AFTER = {401, 409, 429}
PLATFORMS = st.sets(st.sampled_from([GOOGLE, MICROSOFT]))


@dataclass(frozen=True)
class Case:
    """A fleet, what is declared of it, and everything that happens to the run."""

    connected: dict[str, set[Platform]]
    declared: dict[str, set[Platform]]
    handover: dict[str, Handover]
    bot_names: dict[str, str | None]
    faults: list[Fault]
    takes: float
    after: str
    not_connected: int
    age: float
    meanwhile: dict[str, str]
    interrupt: float | None
    settings: ApplySettings


KINDS = [
    *[FaultKind.STATUS] * 6,
    *(FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.DROP_MIDWAY),
    *(FaultKind.NOT_JSON, FaultKind.TRUNCATED_BODY, FaultKind.MALFORMED_ROW),
]
CALLS = [*["disconnect"] * 4, "update_user", "get_user", "get_user", "authenticate", "list_users"]
STATUSES = [307, 400, 401, 402, 403, 404, 409, 429, 500, 502, 503]


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Something that goes wrong; an answer that claims to have done nothing is no lie."""
    status = draw(st.sampled_from(STATUSES))
    on = draw(st.sampled_from(CALLS))
    return fault(
        draw(st.sampled_from(KINDS)),
        on=on,
        user=None if on == "list_users" else draw(st.sampled_from([None, *NAMES])),
        times=draw(st.sampled_from([1, 1, 2, 6, None])),
        skip=draw(st.integers(0, 3)),
        status=status,
        retry_after=draw(st.sampled_from([None, None, "0", "7", "90", "500", "soon"])),
        after_effect=status >= 500 and draw(st.booleans()),
    )


def cases() -> st.SearchStrategy[Case]:
    users = st.sampled_from(NAMES)
    return st.builds(
        Case,
        connected=st.fixed_dictionaries(dict.fromkeys(NAMES, PLATFORMS)),
        declared=st.dictionaries(users, PLATFORMS, min_size=1),
        handover=st.dictionaries(users, st.sampled_from(list(Handover))),
        bot_names=st.dictionaries(users, st.sampled_from([None, "Quiet"])),
        faults=st.lists(faults(), max_size=4),
        takes=st.sampled_from([0, 0, 0, 5, 70]),
        after=st.sampled_from(["nulls", "row_absent", "details_kept"]),
        not_connected=st.sampled_from([200, 400, 404]),
        age=st.sampled_from([0, 0, 301]),
        meanwhile=st.dictionaries(
            users, st.sampled_from(["gone", "reconnected", "renamed", "deleted"]), max_size=2
        ),
        interrupt=st.sampled_from([None, None, 0, 3, 40]),
        settings=st.builds(
            ApplySettings, workers=st.integers(1, 4), max_failures=st.sampled_from([0, 1, 5, 99])
        ),
    )


@dataclass
class Ground:
    """One sandbox for all cases, since each begins it anew."""

    state: SandboxState
    url: str
    clock: VirtualClock


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    clock = VirtualClock()

    def now() -> float:
        return clock.now().timestamp()

    path = tmp_path_factory.mktemp("ground") / "sandbox.db"
    with SandboxState.open(path, now=now) as state, SandboxServer(path, now=now) as server:
        yield Ground(state, server.url, clock)
    assert (clock.slept_through, clock.stuck) == (0, 0)


def seeded(case: Case) -> list[SeedUser]:
    return [person(name, *sorted(platforms)) for name, platforms in case.connected.items()]


def happen(trial: Trial, case: Case) -> None:
    """What the world does between the list and the run."""
    for user, what in case.meanwhile.items():
        match what:
            case "gone":
                for platform in (GOOGLE, MICROSOFT):
                    trial.state.disconnect(user, platform)
            case "reconnected":
                trial.state.disconnect(user, GOOGLE)
                trial.state.connect(user, GOOGLE, f"{user}@new.example.com")
            case "renamed":
                trial.rename(user, f"{user}-renamed")
            case _:
                trial.delete(user)
    trial.fail(*case.faults)
    trial.clock.advance(case.age)
    if case.interrupt is not None:
        trial.interrupt_after(case.interrupt)


def run(ground: Ground, case: Case) -> tuple[Trial, Done]:
    ground.clock.forget_alarms()
    trial = Trial(ground.state, ground.url, ground.clock)
    trial.journal = WatchedJournal()
    trial.people(*seeded(case))
    trial.switch(
        disconnect_takes_seconds=case.takes,
        after_disconnect=case.after,
        disconnect_when_not_connected=case.not_connected,
    )
    declared = []
    for user, platforms in case.declared.items():
        bot_name = case.bot_names.get(user)
        declared.append(
            wanted(
                user,
                *platforms,
                handover=case.handover.get(user, Handover.WAIT),
                preferences=Preferences(bot_name=bot_name) if bot_name else None,
            )
        )
    done = trial.apply(*declared, meanwhile=lambda: happen(trial, case), settings=case.settings)
    return trial, done


def call_of(result: ActionResult) -> Call:
    action = result.action
    if isinstance(action, Disconnect):
        return disconnected(action.user, action.platform)
    return updated(action.user, **action.preferences.present())


def requests_of(done: Done) -> list[tuple[Call, int | None, str | None]]:
    """Each mutating call that arrived, its status if it was answered, and its effect."""
    mutating = [r for r in done.log if r.endpoint in {"disconnect", "update_user"}]
    return [
        (call, request.status, request.effect)
        for call, request in zip(done.calls, mutating, strict=True)
    ]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=cases())
def test_what_the_run_says_is_what_the_sandbox_saw(ground: Ground, case: Case) -> None:
    trial, done = run(ground, case)
    results = done.result.results
    requests = requests_of(done)

    # Every planned action has exactly one outcome, and is told once.
    assert tuple(result.action for result in results) == done.plan.content.actions
    assert Counter(r.action.key for r in done.shown) == Counter(r.action.key for r in results)

    # Nothing was sent that was not planned; as many calls arrived as the run says.
    calls = Counter(done.calls)
    assert calls == {call_of(r): r.calls for r in results if r.calls}
    assert len(done.calls) == done.result.calls

    # Nobody was made, except who was there when the list was taken, minutes ago.
    made = {r.external_id for r in done.log if r.effect == "created user"}
    assert made <= {user for user, what in case.meanwhile.items() if what in {"renamed", "deleted"}}
    assert not (made and case.age)

    # Nothing was sent after a stop.
    stopped_at = trial.stop.requested_at
    last = max((r.at for r in done.log if r.endpoint in {"disconnect", "update_user"}), default=0)
    assert stopped_at is None or last < START.timestamp() + stopped_at - 1000 + 0.001

    for result in results:
        event(result.outcome)
    event(f"halted: {done.result.halted}")
    after = {user.id: user for user in trial.state.users()}
    for result in results:
        mine = [(status, effect) for call, status, effect in requests if call == call_of(result)]
        judge(result, mine, after)


def judge(
    result: ActionResult,
    mine: list[tuple[int | None, str | None]],
    after: dict[str, CalendarUser],
) -> None:
    # Sent again only after an answer that proves that the call did nothing.
    assert all(status in SENT_AGAIN_AFTER for status, _ in mine[:-1])
    assert len(mine) <= 5
    effects = [effect for _, effect in mine if effect]
    assert len(effects) <= 1
    match result.outcome:
        case Outcome.VERIFIED:
            user = after.get(result.action.recall_id)
            assert user is not None
            assert mine
            assert effect_shows(result.action, user)
        case Outcome.FAILED:
            assert not effects
        case Outcome.UNKNOWN:
            assert mine
        case _:
            assert not effects


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=cases())
def test_who_is_not_in_the_plan_is_as_he_was(ground: Ground, case: Case) -> None:
    trial, done = run(ground, case)
    planned = {result.action.user for result in done.result.results}
    left_alone = set(NAMES) - planned - set(case.meanwhile)
    now = trial.connected()
    for user in left_alone:
        assert now[user] == sorted(platform.value for platform in case.connected[user])
    assert not {request.external_id for request in done.log} & left_alone
