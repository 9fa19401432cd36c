"""The sandbox that all schedules are played on, one after the other, and others' hands in it."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import msgspec

from reconciler.domain import Platform
from reconciler.sandbox import Behaviour, FaultKind, Match, SandboxState, Seed, SeedUser, users
from reconciler.sandbox import Fault as SandboxFault
from reconciler.sandbox.database import StateDatabase
from reconciler.sandbox.http_messages import ApiRequest
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.service import DelayedRequest, Service, ServiceResult
from reconciler.sandbox.settings import read_settings
from tests.chaos.files import KEY
from tests.chaos.schedule import Change, Connected, Fault, Person, PlatformName, Switches


class Ground:
    """One sandbox. ``clock`` is set by each schedule; many threads may use it, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.clock: Callable[[], float] = time.time
        path = folder / "sandbox.db"
        self.state = SandboxState.open(path, now=self._now)
        self._database = StateDatabase(path)
        self._service = Service(self._database, self._now)
        self._seen = 0
        for database in (self.state._database, self._database):
            # Many threads, one at a time: one connection does for all.
            database._local = SimpleNamespace()  # type: ignore[assignment]

    def _now(self) -> float:
        return self.clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self.state.close()

    def seed(self, fleet: tuple[Person, ...], ballast: int, switches: Switches) -> None:
        """Begin anew."""
        seeded = [seed_user(person) for person in fleet]
        seeded += [seed_user(person) for person in fleet if person.twin]
        seeded += [
            SeedUser(external_id=f"b{n}", connected={Platform.GOOGLE: f"b{n}@example.com"})
            for n in range(ballast)
        ]
        self.state.seed(Seed(users=tuple(seeded), api_key=KEY, behaviour=behaviour(switches)))

    def hurry(self) -> None:
        """From now on what is done shows at once, as often as it is done."""
        calm = msgspec.structs.replace(
            self.state.behaviour(), disconnect_takes_seconds=0, disconnect_limit=120
        )
        self.state.set_behaviour(calm)

    def handle(self, request: ApiRequest) -> ServiceResult | DelayedRequest:
        return self._service.handle(request)

    def resume(self, request: ApiRequest, delayed: DelayedRequest) -> ServiceResult:
        return self._service.resume(request, delayed)

    def new_log(self) -> tuple[LoggedRequest, ...]:
        """What was logged since the last time."""
        log = self.state.log(since=self._seen)
        if log:
            self._seen = log[-1].seq
        return log

    def fail(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            self.state.add_fault(sandbox_fault(fault))

    def change(self, change: Change) -> None:
        """Somebody else's doing; nothing where there is nobody to do it to."""
        name, platform = change.name, Platform(change.platform)
        email = f"{name}@{'board' if change.board else platform}.example.com"
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            person = users.find_by_external_id(db, name)
            if person is None and change.what == "recreate":
                users.create(db, name, settings.behaviour, settings.now)
            if person is not None and change.what in {"delete", "recreate"}:
                users.delete(db, person, settings.now)
                if change.what == "recreate":
                    users.create(db, name, settings.behaviour, settings.now)
            if person is not None and change.what == "rename":
                person.external_id = f"{name}-renamed"
                users.save(db, person, settings.now)
            if person is not None and change.what == "prefer":
                person.preferences = users.merged_preferences(person, {"bot_name": "Other"})
                users.save(db, person, settings.now)
        if person is not None and change.what in {"disconnect", "reconnect"}:
            self.state.disconnect(name, platform)
        there = person is not None or change.what == "recreate"
        if there and change.what in {"connect", "reconnect", "recreate"}:
            self.state.connect(name, platform, email)


def behaviour(switches: Switches) -> Behaviour:
    return Behaviour(
        disconnect_takes_seconds=switches.disconnect_takes,
        after_disconnect=switches.after_disconnect,
        disconnect_when_not_connected=switches.not_connected,
        list_shape=switches.list_shape,
        page_size=3,
        reconnect_id=switches.reconnect_id,
        recreated_user_id=switches.recreated_user_id,
        disconnect_limit=switches.disconnect_limit,
    )


def seed_user(person: Person) -> SeedUser:
    rows = [
        *_rows(person.name, "google", person.google),
        *_rows(person.name, "microsoft", person.microsoft),
    ]
    return SeedUser(external_id=person.name, connections=tuple(rows))


def _rows(name: str, platform: PlatformName, how: Connected) -> list[dict[str, object]]:
    def row(number: int, email: str | None) -> dict[str, object]:
        id_ = None if how == "null_id" else f"{name}-{platform}-{number}"
        return {"platform": platform, "connected": True, "email": email, "id": id_}

    match how:
        case "none":
            return [{"platform": platform, "connected": False, "email": None, "id": None}]
        case "two":
            return [row(1, f"{name}@one.example.com"), row(2, f"{name}@two.example.com")]
        case "null_id":
            return [row(1, None)]
        case "board":
            return [row(1, f"{name}@board.example.com")]
        case _:
            return [row(1, f"{name}@{platform}.example.com")]


def sandbox_fault(fault: Fault) -> SandboxFault:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return SandboxFault(
        kind=FaultKind(fault.kind),
        match=Match(endpoint=fault.on, external_id=fault.name),
        times=fault.times,
        skip=fault.skip,
        status=fault.status,
        headers=headers,
        after_effect=fault.after_effect,
        latency=fault.latency,
        answer_delay=fault.answer_delay,
        keep=fault.keep,
        seconds=fault.seconds,
    )
