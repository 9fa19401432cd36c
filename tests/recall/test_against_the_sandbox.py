"""Both clients against the embedded imitation of the API, which shares no wire code with them."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from reconciler.domain import (
    Deadline,
    ObservedState,
    Platform,
    Preferences,
    RateLimits,
    Secret,
    SystemClock,
)
from reconciler.recall import (
    CalendarReader,
    CalendarWriter,
    ClientSettings,
    CredentialsRefused,
    Endpoint,
    NoAnswer,
    RateLimiter,
    UserTokenRefused,
    sandbox_endpoint,
)
from reconciler.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    Match,
    SandboxServer,
    SandboxState,
    Seed,
    SeedUser,
)

BOTH = {Platform.GOOGLE: "a@example.com", Platform.MICROSOFT: "a@example.com"}
CLOCK = SystemClock()
PATIENCE = Deadline(CLOCK)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SandboxState]:
    with SandboxState.open(tmp_path / "sandbox.db") as state:
        yield state


@pytest.fixture
def endpoint(state: SandboxState, tmp_path: Path) -> Iterator[Endpoint]:
    with SandboxServer(tmp_path / "sandbox.db") as server:
        yield sandbox_endpoint(state.id, server.url, state.api_key)


@pytest.fixture
def rate_limiter() -> RateLimiter:
    return RateLimiter(RateLimits(), CLOCK)


@pytest.fixture
def reader(endpoint: Endpoint, rate_limiter: RateLimiter) -> Iterator[CalendarReader]:
    settings = ClientSettings(attempts=1)
    with CalendarReader(
        endpoint, clock=CLOCK, rate_limiter=rate_limiter, settings=settings
    ) as reader:
        yield reader


@pytest.fixture
def writer(endpoint: Endpoint, rate_limiter: RateLimiter) -> Iterator[CalendarWriter]:
    settings = ClientSettings(attempts=1)
    with CalendarWriter(
        endpoint, clock=CLOCK, rate_limiter=rate_limiter, settings=settings
    ) as writer:
        yield writer


def seed(state: SandboxState, *faults: Fault) -> None:
    state.seed(
        Seed(
            users=(
                SeedUser(external_id="alice", connected=BOTH),
                SeedUser(external_id="bob", connected=BOTH),
            ),
            faults=faults,
        )
    )


def test_the_list_shows_the_sandboxs_users(state: SandboxState, reader: CalendarReader) -> None:
    seed(state)
    observed = reader.list_users(PATIENCE)
    assert observed.complete
    assert sorted(observed.users, key=lambda user: user.id) == sorted(
        state.users(), key=lambda user: user.id
    )


@pytest.mark.parametrize("word", ["optional", "required"])
def test_the_key_is_sent_as_every_server_takes_it(
    state: SandboxState, reader: CalendarReader, word: Literal["optional", "required"]
) -> None:
    state.seed(Seed(users=(SeedUser(external_id="alice"),), behaviour=Behaviour(scheme_word=word)))
    assert reader.list_users(PATIENCE).complete


def test_a_disconnect_takes_one_platform_of_one_user(
    state: SandboxState, reader: CalendarReader, writer: CalendarWriter
) -> None:
    seed(state)
    alice, bob = state.users()
    token = writer.mint_token(lambda: (alice, math.inf), PATIENCE)
    permit = writer.reserve_disconnect(alice.id, PATIENCE)
    writer.disconnect(token, Platform.GOOGLE, permit, leave_by=math.inf)
    after = reader.get_user(token, alice.id, PATIENCE)
    assert after.connected("google") is None
    assert after.connected("microsoft") == alice.connected("microsoft")
    assert state.users() == (after, bob)


def test_an_update_changes_what_is_reported_and_nothing_else(
    state: SandboxState, reader: CalendarReader, writer: CalendarWriter
) -> None:
    seed(state)
    alice, bob = state.users()
    assert alice.preferences is not None
    token = writer.mint_token(lambda: (alice, math.inf), PATIENCE)
    permit = writer.reserve_update(alice.id, PATIENCE)
    writer.update_preferences(token, Preferences(bot_name="Scribe"), permit, leave_by=math.inf)
    after = reader.get_user(token, alice.id, PATIENCE)
    assert after.preferences is not None
    assert after.preferences.present() == {**alice.preferences.present(), "bot_name": "Scribe"}
    assert state.users() == (after, bob)


def test_a_reader_sends_nothing_but_get(
    state: SandboxState, reader: CalendarReader, writer: CalendarWriter
) -> None:
    seed(state)
    token = writer.mint_token(lambda: (state.users()[0], math.inf), PATIENCE)
    minted = len(state.log())
    reader.list_users(PATIENCE)
    reader.get_user(token, "alice", PATIENCE)
    assert [request.method for request in state.log()[minted:]] == ["GET", "GET"]


ERROR_BODIES = [Behaviour(error_bodies="2025"), Behaviour(error_bodies="2024")]


@pytest.mark.parametrize("bodies", ERROR_BODIES, ids=["2025", "2024"])
def test_a_wrong_key_is_refused(
    state: SandboxState, endpoint: Endpoint, rate_limiter: RateLimiter, bodies: Behaviour
) -> None:
    seed(state)
    state.set_behaviour(bodies)
    wrong = sandbox_endpoint("x", endpoint.url, Secret("wrong"))
    with (
        CalendarReader(wrong, clock=CLOCK, rate_limiter=rate_limiter) as reader,
        pytest.raises(CredentialsRefused),
    ):
        reader.list_users(PATIENCE)


@pytest.mark.parametrize("bodies", ERROR_BODIES, ids=["2025", "2024"])
def test_a_wrong_token_is_refused(
    state: SandboxState, reader: CalendarReader, bodies: Behaviour
) -> None:
    seed(state)
    state.set_behaviour(bodies)
    with pytest.raises(UserTokenRefused):
        reader.get_user(Secret("wrong"), "alice", PATIENCE)


def test_a_disconnect_whose_answer_is_lost_is_sent_once(
    state: SandboxState, reader: CalendarReader, writer: CalendarWriter
) -> None:
    seed(state, Fault(kind=FaultKind.DROP_AFTER, match=Match(endpoint="disconnect")))
    alice = state.users()[0]
    token = writer.mint_token(lambda: (alice, math.inf), PATIENCE)
    permit = writer.reserve_disconnect("a", PATIENCE)
    with pytest.raises(NoAnswer):
        writer.disconnect(token, Platform.GOOGLE, permit, leave_by=math.inf)
    assert [request.endpoint for request in state.log()].count("disconnect") == 1
    assert reader.get_user(token, "a", PATIENCE).connected("google") is None


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DROP_MIDWAY,
        FaultKind.NOT_JSON,
        FaultKind.TRUNCATED_BODY,
        FaultKind.MALFORMED_ROW,
        FaultKind.NEXT_ELSEWHERE,
        FaultKind.NEXT_LOOP,
    ],
)
def test_a_list_that_goes_wrong_is_incomplete(
    kind: FaultKind, state: SandboxState, reader: CalendarReader
) -> None:
    seed(state, Fault(kind=kind, match=Match(endpoint="list_users")))
    assert not reader.list_users(PATIENCE).complete


def test_an_empty_list_is_complete_and_left_to_the_guards(
    state: SandboxState, reader: CalendarReader
) -> None:
    seed(state, Fault(kind=FaultKind.EMPTY_LIST))
    assert reader.list_users(PATIENCE) == ObservedState(())
