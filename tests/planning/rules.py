"""Rules, and the state that they ask for, in few words."""

from collections.abc import Sequence
from datetime import UTC, datetime

from reconciler.domain import (
    CalendarUser,
    Declarations,
    DesiredState,
    DesiredUser,
    Handover,
    Platform,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    SourceLocation,
    Window,
)
from reconciler.planning import desired_state
from tests.planning.fleets import fleet

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HERE = SourceLocation("rules.yaml", 3, 5)
ANYBODY = RuleMatch(id="*")
NAMED = Preferences(bot_name="N")


def rule(
    match: RuleMatch = ANYBODY,
    platforms: Sequence[Platform] | None = (),
    *,
    name: str = "r",
    excepted: Sequence[str] = (),
    handover: Handover = Handover.WAIT,
    preferences: Preferences | None = None,
    reason: str | None = "SEC-12",
    mode: RuleMode = RuleMode.ENFORCE,
    window: Window | None = None,
) -> Rule:
    wanted = None if platforms is None else frozenset(platforms)
    return Rule(
        name, match, tuple(excepted), wanted, handover, preferences, reason, mode, window, HERE
    )


def state(
    rules: Sequence[Rule],
    *users: CalendarUser,
    entries: Sequence[DesiredUser] = (),
    problems: Sequence[str] = (),
) -> DesiredState:
    declarations = Declarations({user.id: user for user in entries}, rules=tuple(rules))
    return desired_state(declarations, fleet(*users, problems=problems), NOW)
