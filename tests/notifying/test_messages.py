"""What a message says: never more than its privacy allows, nor what a chat would act on."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from reconciler.domain import Platform, Privacy
from reconciler.planning import ActionReason, Disconnect
from reconciler.reporting import notification
from reconciler.reporting.notification import MOST_CHARACTERS, MOST_LINES, Message, foreign
from tests.notifying.receiver import verify
from tests.reporting.samples import (
    CONTESTED_REPORT,
    PLAN_REPORT,
    REFUSED_REPORT,
    RUN_REPORT,
    rich_plan,
)

DOCS = Path(__file__).parents[2] / "docs/notifications.md"


def _text(message: Message) -> str:
    return "\n".join((message.title, *message.lines))


def _messages(privacy: Privacy) -> list[Message]:
    return [
        notification.of_drift(PLAN_REPORT.plan, privacy),
        notification.of_pending(PLAN_REPORT.plan.content, privacy),
        notification.of_refusal(REFUSED_REPORT, privacy, acting=True),
        notification.of_refusal(CONTESTED_REPORT, privacy, acting=False),
        notification.of_run(RUN_REPORT, privacy),
    ]


def _people() -> set[str]:
    content = PLAN_REPORT.plan.content
    named = [action.user for action in content.actions]
    named += [blocked.action.user for blocked in content.blocked]
    named += [entry.user for entry in content.pending]
    named += [entry.user for entry in CONTESTED_REPORT.plan.content.contested or ()]
    return set(named)


def test_counts_show_nobody() -> None:
    for message in _messages(Privacy.COUNTS):
        text = _text(message)
        assert "@" not in text
        assert not [user for user in _people() if user in text], text
        assert "…" not in text


def test_ids_show_no_name_of_an_email() -> None:
    for message in _messages(Privacy.IDS):
        for word in _text(message).replace("`", " ").split():
            name, sign, _ = word.rpartition("@")
            assert not sign or len(name.replace("…", "")) <= 1, word


@pytest.mark.parametrize("privacy", Privacy)
def test_ten_thousand_actions_are_twenty_lines(privacy: Privacy) -> None:
    plan = rich_plan()
    actions = tuple(
        Disconnect(
            "prod",
            f"user-{number}@example.com",
            f"id-{number}",
            Platform.GOOGLE,
            None,
            f"mail-{number}@example.com",
            (),
            ActionReason.NOTHING_WANTED,
            None,
        )
        for number in range(10_000)
    )
    content = structs.replace(plan.content, actions=actions)
    message = notification.of_drift(structs.replace(plan, content=content), privacy)
    assert 1 + len(message.lines) <= MOST_LINES
    assert len(_text(message)) <= MOST_CHARACTERS + 30
    if privacy is not Privacy.COUNTS:
        assert message.lines[-1].startswith("and 99")


@pytest.mark.parametrize(
    "hostile",
    [
        "@everyone",
        "a@everyone",
        "<!channel>",
        "<@U123>",
        "<https://evil.example|click>",
        "https://evil.example",
        "`*bold*`",
        "two\nlines",
        "\u202egnp.exe",
        "x" * 10_000,
    ],
)
def test_what_others_wrote_does_nothing_in_a_chat(hostile: str) -> None:
    shown = foreign(hostile, Privacy.FULL)
    assert not set("<>`\n\u202e") & set(shown)
    assert "@everyone" not in shown
    assert "@U" not in shown
    assert "://" not in shown
    assert len(shown) <= 80


@pytest.mark.parametrize(
    ("id_", "shown"),
    [
        ("anna", "anna"),
        ("anna@example.com", "a…@example.com"),
        ('"anna smith"@example.com', '"…@example.com'),
        ("Anna <anna@example.com>", "A…@example.com›"),  # noqa: RUF001
        ("anna%40example.com", "a…@example.com"),
    ],
)
def test_of_an_email_the_first_letter_and_the_domain_is_shown(id_: str, shown: str) -> None:
    assert foreign(id_, Privacy.IDS) == shown


def test_the_code_on_the_page_verifies_a_signature() -> None:
    from reconciler.notifying.webhook import signature

    code = DOCS.read_text().partition("```python\n")[2].partition("```")[0]
    found: dict[str, object] = {}
    exec(code, found)
    import time

    header = signature("k" * 32, int(time.time()), b"{}")
    for check in (found["verify"], verify):
        assert callable(check)
        assert check(header, b"{}", "k" * 32)
        assert not check(header, b"{ }", "k" * 32)
        assert not check(header, b"{}", "l" * 32)
        assert not check(signature("k" * 32, 1_700_000_000, b"{}"), b"{}", "k" * 32)


@pytest.mark.parametrize(
    ("command", "unloaded"),
    [("plan", ("apprise", "requests", "reconciler.notifying")), ("apply", ("apprise", "requests"))],
)
def test_no_command_loads_what_only_a_target_needs(command: str, unloaded: tuple[str, ...]) -> None:
    code = (
        f"import sys, reconciler.cli.commands.{command};"
        f"print([m for m in {unloaded} if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
