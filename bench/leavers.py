"""A plan that disconnects so many users, for ledgers that are filled without an API."""

from msgspec import structs

import reconciler
from reconciler.domain import (
    CalendarUser,
    Connection,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    ObservedState,
    Platform,
    SourceLocation,
)
from reconciler.planning import Envelope, History, Plan, Target, make_plan

TARGET = Target("bench", "https://recall.example.com")


def leavers_plan(users: int) -> Plan:
    """Everybody has Google connected, and is to have nothing."""
    names = [f"leaver.{number:06}@example.com" for number in range(users)]
    sources = {name: SourceLocation("users.yaml", line, 5) for line, name in enumerate(names, 4)}
    desired = {
        name: DesiredUser(
            id=name,
            platforms=frozenset(),
            handover=Handover.WAIT,
            reason="left 2026-10-31 (HR-1234)",
            preferences=None,
            group=None,
            source=source,
        )
        for name, source in sources.items()
    }
    observed = tuple(
        CalendarUser(f"user-{name}", name, (_google(name), _nothing())) for name in names
    )
    content = make_plan(
        TARGET,
        DesiredState(desired),
        ObservedState(observed),
        limits=Limits(None, None, None),
        history=History(),
    )
    envelope = Envelope(
        made="2026-11-01T08:00:00Z",
        expires="2026-11-02T08:00:00Z",
        commit=None,
        tool_version=reconciler.__version__,
        key_fingerprint="00ff00ff00ff00ff",
        sources={name: str(source) for name, source in sources.items()},
    )
    return Plan(content, envelope)


def made_again(plan: Plan, number: int) -> Plan:
    """The same plan, made another time: another seal."""
    made = f"2026-11-01T08:{number // 60:02}:{number % 60:02}Z"
    return structs.replace(plan, envelope=structs.replace(plan.envelope, made=made))


def _google(name: str) -> Connection:
    return Connection(Platform.GOOGLE, connected=True, email=name, id=f"account-{name}")


def _nothing() -> Connection:
    return Connection(Platform.MICROSOFT, connected=False)
