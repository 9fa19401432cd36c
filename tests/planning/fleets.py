"""Small fleets in few words, for every test of planning: who is declared, who is seen."""

from collections.abc import Sequence

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
    Preferences,
    SourceLocation,
    UnknownEmail,
)
from reconciler.planning import (
    ActionReason,
    Content,
    Disconnect,
    Envelope,
    History,
    Plan,
    PlanChanges,
    Protection,
    Target,
    UpdatePreferences,
    UserIndex,
    changes_since,
    divide,
    make_plan,
)

GOOGLE = Platform.GOOGLE
MICROSOFT = Platform.MICROSOFT
TARGET = Target("prod", "https://us-west-2.recall.ai")
NOTHING_REMEMBERED = History()
NO_LIMITS = Limits(None, None, None)


def declared(
    user: str,
    platforms: Sequence[Platform] | None = None,
    *,
    handover: Handover = Handover.WAIT,
    reason: str | None = None,
    preferences: Preferences | None = None,
    group: str | None = None,
) -> DesiredUser:
    return DesiredUser(
        id=user,
        platforms=None if platforms is None else frozenset(platforms),
        handover=handover,
        reason=reason,
        preferences=preferences,
        group=group,
        place=SourceLocation("users.yaml", 3, 5),
    )


def manifest(*users: DesiredUser, groups: Sequence[str] = ()) -> DesiredState:
    by_id = {user.id: user for user in users}
    return DesiredState(by_id, Declarations(by_id, frozenset(groups)))


def connected(
    platform: str, account: str | None = "account", email: str | None = None
) -> Connection:
    return Connection(platform, connected=True, email=email, id=account)


def vacant(platform: str) -> Connection:
    return Connection(platform, connected=False)


def seen(
    user: str | None,
    *connections: Connection,
    recall_id: str | None = None,
    preferences: Preferences | None = None,
) -> CalendarUser:
    return CalendarUser(recall_id or f"r-{user}", user, connections, preferences)


def fleet(*users: CalendarUser, problems: Sequence[str] = ()) -> ObservedState:
    return ObservedState(users, tuple(problems))


def content_of(
    desired: DesiredState,
    observed: ObservedState,
    *,
    limits: Limits = NO_LIMITS,
    protected: Sequence[str] = (),
    unknown_email: UnknownEmail = UnknownEmail.HOLD,
    selectors: Sequence[str] | None = None,
    exclusion: Sequence[str] | None = None,
    history: History = NOTHING_REMEMBERED,
) -> Content:
    return make_plan(
        TARGET,
        desired,
        observed,
        limits=limits,
        protection=Protection(tuple(protected), unknown_email),
        selectors=selectors,
        exclusion=exclusion,
        history=history,
    )


def plan_of(content: Content) -> Plan:
    envelope = Envelope(
        made="2026-11-01T08:00:00Z",
        expires="2026-11-02T08:00:00Z",
        commit="0d1f",
        tool_version="1",
        key_fingerprint="00ff00ff00ff00ff",
        sources={"alice": "users.yaml:3:5", "böb": "users.yaml:9:5"},
    )
    return Plan(content, envelope)


def disconnect(
    user: str,
    platform: Platform,
    *,
    account: str | None = "account",
    email: str | None = None,
    recall_id: str | None = None,
    requires: Sequence[Platform] = (),
    reason: ActionReason = ActionReason.UNWANTED_PLATFORM,
    note: str | None = None,
) -> Disconnect:
    return Disconnect(
        workspace="prod",
        user=user,
        recall_id=recall_id or f"r-{user}",
        platform=platform,
        connection_id=account,
        email=email,
        requires_connected=tuple(requires),
        reason=reason,
        note=note,
    )


def update(
    user: str,
    preferences: Preferences,
    before: Preferences | None,
    *,
    recall_id: str | None = None,
    note: str | None = None,
) -> UpdatePreferences:
    return UpdatePreferences(
        workspace="prod",
        user=user,
        recall_id=recall_id or f"r-{user}",
        preferences=preferences,
        seen=before,
        reason=ActionReason.PREFERENCES_DIFFER,
        note=note,
    )


def differences(
    saved: Content, today: Content, user_index: UserIndex, protection: Protection
) -> PlanChanges:
    """What is different ``today`` from ``saved``; ``user_index`` is that of today's list."""
    _, stale = divide(saved, today, user_index, protection)
    return changes_since(saved, today, stale)
