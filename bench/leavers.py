"""A plan that disconnects so many users, for ledgers that are filled without an API."""

from datetime import UTC, datetime, timedelta

from msgspec import structs

import reconciler
from reconciler.domain import (
    CalendarUser,
    Connection,
    Declarations,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    ObservedState,
    Platform,
    SourceLocation,
    rfc3339,
)
from reconciler.planning import Envelope, History, Plan, Protection, Target, make_plan

TARGET = Target("bench", "https://recall.example.com")
_MADE = datetime(2026, 11, 1, 8, tzinfo=UTC)


def leavers_plan(users: int) -> Plan:
    """Everybody has Google connected, and is to have nothing."""
    names = [f"leaver.{number:06}@example.com" for number in range(users)]
    places = {name: SourceLocation("users.yaml", line, 5) for line, name in enumerate(names, 4)}
    desired = {
        name: DesiredUser(
            id=name,
            platforms=frozenset(),
            handover=Handover.WAIT,
            reason="left 2026-10-31 (HR-1234)",
            preferences=None,
            group=None,
            place=place,
        )
        for name, place in places.items()
    }
    observed = tuple(
        CalendarUser(f"user-{name}", name, (_google(name), _nothing())) for name in names
    )
    content = make_plan(
        TARGET,
        DesiredState(desired, Declarations(desired)),
        ObservedState(observed),
        limits=Limits(None, None, None),
        protection=Protection(()),
        history=History(),
    )
    envelope = Envelope(
        made=rfc3339(_MADE),
        expires=rfc3339(_MADE + timedelta(days=1)),
        commit=None,
        tool_version=reconciler.__version__,
        key_fingerprint="00ff00ff00ff00ff",
        sources={name: str(place) for name, place in places.items()},
    )
    return Plan(content, envelope)


def made_again(plan: Plan, number: int) -> Plan:
    """The same plan, made so many seconds later: another seal."""
    made = rfc3339(_MADE + timedelta(seconds=number))
    return structs.replace(plan, envelope=structs.replace(plan.envelope, made=made))


def _google(name: str) -> Connection:
    return Connection(Platform.GOOGLE, connected=True, email=name, id=f"account-{name}")


def _nothing() -> Connection:
    return Connection(Platform.MICROSOFT, connected=False)
