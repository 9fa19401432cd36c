"""A sandbox on a loopback port with a clock that only tests move, and a plain HTTP client."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Behaviour, SandboxServer, SandboxState, Seed, SeedUser

ROOT = "/api/v1/calendar"
ALICE = "alice@example.com"
BOB = "bob@example.com"
START = 1_800_000_000.0

FLEET = (
    SeedUser(
        external_id=ALICE,
        connected={Platform.GOOGLE: ALICE, Platform.MICROSOFT: "alice@corp.example.com"},
        meetings=2,
    ),
    SeedUser(external_id=BOB, connected={Platform.GOOGLE: BOB}),
)


class ManualTime:
    """Real time as the sandbox sees it."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> float:
        return self.at


class Trial:
    """One sandbox under test: its state, its address, and calls as a third party makes them."""

    def __init__(self, state: SandboxState, url: str, time: ManualTime) -> None:
        self.state = state
        self.url = url
        self.time = time
        self.http = httpx.Client(base_url=url + ROOT, trust_env=False)
        self.key = {"Authorization": f"Token {state.api_key.reveal()}"}

    def switch(self, **switches: Any) -> None:
        self.state.set_behaviour(msgspec.structs.replace(self.state.behaviour(), **switches))

    def token(self, external_id: str = ALICE) -> dict[str, str]:
        answer = self.http.post(
            "/authenticate/", json={"user_id": external_id}, headers=self.key
        ).raise_for_status()
        return {"x-recallcalendarauthtoken": answer.json()["token"]}

    def users(self, **query: str) -> Any:
        return self.http.get("/users/", params=query, headers=self.key).raise_for_status().json()

    def user(self, external_id: str = ALICE) -> Any:
        return next(user for user in self.users() if user["external_id"] == external_id)

    def disconnect(self, token: dict[str, str], platform: str = "google") -> httpx.Response:
        return self.http.post("/user/disconnect/", json={"platform": platform}, headers=token)


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sandbox.db"


@pytest.fixture
def state(state_path: Path, time: ManualTime) -> Iterator[SandboxState]:
    with SandboxState.open(state_path, now=time) as state:
        state.seed(Seed(users=FLEET, api_key="key-of-the-tests", behaviour=Behaviour()))
        yield state


@pytest.fixture
def trial(state: SandboxState, state_path: Path, time: ManualTime) -> Iterator[Trial]:
    with SandboxServer(state_path, now=time) as server:
        trial = Trial(state, server.url, time)
        with trial.http:
            yield trial
