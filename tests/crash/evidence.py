"""What there is to judge by: the sandbox's own log and fleet, and what the ledger tells of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec
from msgspec import Struct

from reconciler.domain import CalendarUser, Platform
from reconciler.planning import Disconnect, seal
from reconciler.runs import ActionHistory, Outcome, RunHistory, StepKind
from reconciler.sandbox import LoggedRequest
from tests.crash.fleet import SHOWS_AFTER

MUTATING: Final = ("disconnect", "update_user")
READING: Final = ("get_user", "list_users")
NOT_SENT: Final = "not_sent"
"""The answer of an intent that was taken back."""

Deed = tuple[str, str]
"""What a call does, and an action plans: a user, and the platform or ``preferences``."""


class Mark(Struct, frozen=True):
    """From the request after ``seq`` on the run ``run`` acted."""

    seq: int
    run: str


class Evidence(Struct, frozen=True, dict=True):
    """Everything since the beginning; ``stories`` and ``marks`` the oldest first."""

    log: tuple[LoggedRequest, ...]
    users: Mapping[str, CalendarUser]
    stories: tuple[RunHistory, ...]
    marks: tuple[Mark, ...]

    @cached_property
    def calls(self) -> tuple[LoggedRequest, ...]:
        """The mutating calls that arrived, in their order."""
        return tuple(request for request in self.log if request.endpoint in MUTATING)

    def owner(self, call: LoggedRequest) -> ActionHistory | None:
        """The action that ``call`` was sent for: of the runs that acted by then, in the last one
        that intended it. A call may arrive when the process that sent it is gone already."""
        begun = [mark.run for mark in self.marks if mark.seq < call.seq]
        for run in reversed(begun):
            for action in self.story(run).actions:
                if planned(action) == deed(call) and intents(action):
                    return action
        return None

    def story(self, run: str) -> RunHistory:
        """The story of ``run``."""
        (story,) = [story for story in self.stories if story.summary.run == run]
        return story

    def by_plan(self) -> Iterator[tuple[Deed, list[ActionHistory]]]:
        """Each action of each plan, as all runs of that very plan tell of it, the oldest first."""
        shown: dict[tuple[str, Deed], list[ActionHistory]] = defaultdict(list)
        for story in self.stories:
            for action in story.actions:
                assert story.plan is not None
                shown[seal(story.plan), planned(action)].append(action)
        for (_, what), actions in shown.items():
            yield what, actions


def deed(call: LoggedRequest) -> Deed:
    """What ``call`` does."""
    body = msgspec.json.decode(call.body or "{}")
    return str(call.external_id), body.get("platform", "preferences")


def arrived(log: Iterable[LoggedRequest]) -> list[Deed]:
    """What the mutating calls of ``log`` do, in their order."""
    return [deed(request) for request in log if request.endpoint in MUTATING]


def planned(story: ActionHistory) -> Deed:
    """What the action of ``story`` does."""
    action = story.action
    what = action.platform.value if isinstance(action, Disconnect) else "preferences"
    return action.user, what


def intents(story: ActionHistory) -> list[str]:
    """When the calls were intended that were not taken back. (What is intended anew after that is
    the call of the same number.)"""
    found: list[str] = []
    for step in story.steps:
        if step.kind is StepKind.INTENT:
            found.append(step.at)
        elif step.code == NOT_SENT:
            found.pop()
    return found


def outcomes(story: ActionHistory) -> list[tuple[Outcome, str]]:
    """Every outcome that is recorded, and when it was."""
    return [(step.outcome, step.at) for step in story.steps if step.outcome is not None]


def shows_at(call: LoggedRequest) -> float:
    """When the effect of ``call`` can be seen, by the sandbox's clock."""
    later = (call.effect or "").startswith("disconnects ")
    return call.at + (SHOWS_AFTER if later else 0.0)


def second(moment: str) -> int:
    """A time of the ledger, which has whole seconds."""
    return int(datetime.fromisoformat(moment).timestamp())


def connected(user: CalendarUser) -> frozenset[Platform]:
    """What somebody has connected."""
    return frozenset(platform for platform in Platform if user.connected(platform))
