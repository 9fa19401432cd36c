"""The messages on the page are those that are sent."""

import os
import re
from pathlib import Path

import pytest

from reconciler.domain import NotificationEvent, Privacy
from reconciler.reporting import notification
from reconciler.reporting.notification import Message
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project, another_run
from tests.docs.markdown import Page
from tests.notifying.receiver import Receiver, webhook
from tests.reporting.ledger_samples import memory, summary
from tests.watching.watched import Watched

PAGE = Page(Path(__file__).parents[2] / "docs/notifications.md")
ALL = "privacy: ids, events: [drift, refused, run, partial, dead_run, pending]"
_RUN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def _shown(title: str, lines: list[str] | tuple[str, ...]) -> str:
    return _RUN.sub("6f1c1a52-51a8-4f3c-9c0e-2f4f5b0f7a10", "\n".join((title, *lines)) + "\n")


def _sent(receiver: Receiver) -> dict[str, str]:
    """The last message of each event that was sent, of those that are not over."""
    return {
        body["event"]: _shown(body["title"], body["lines"])
        for body in receiver.received()
        if not body["over"]
    }


@pytest.fixture
def messages(project: Project, receiver: Receiver) -> dict[str, str]:
    """What a team reads in a bad week."""
    with another_run(project):
        pass
    project.configure(webhook(ALL))
    watched = Watched(project.folder)
    watched.cycles.environ = os.environ
    watched.cycle()
    project.configure(webhook(ALL) + "\n    limits: {maxDisconnects: 1}")
    assert project.run("apply", "--auto-approve") == 3
    project.configure(webhook(ALL))
    failing = Match(endpoint="disconnect", external_id="leaver@example.com")
    project.fail(Fault(kind=FaultKind.STATUS, status=403, match=failing))
    assert project.run("apply", "--auto-approve") == 4
    assert project.run("apply", "--auto-approve") == 0
    assert len(project.mutations()) == 3
    view = memory(dead=(summary(),))
    dead: Message = notification.of_dead_runs("trial", view, Privacy.IDS)
    return _sent(receiver) | {"dead_run": _shown(dead.title, dead.lines)}


def test_the_page_shows_what_each_event_sends(messages: dict[str, str]) -> None:
    shown = [block.text for block in PAGE.blocks if block.language == "text"]
    assert set(messages) == set(NotificationEvent)
    assert shown == [messages[event] for event in NotificationEvent]
