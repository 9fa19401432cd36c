"""Claims: of all processes one notifies a target of a change, and a failure gives it back."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from reconciler.domain import LedgerPlace
from reconciler.ledger import (
    LedgerUnusable,
    NotificationClaim,
    NotificationSubject,
    notified,
    open_ledger,
)
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.schema import notified as table

DRIFT = NotificationSubject("trial", "sandbox:x", "hook", "drift")
AT = "2026-01-01T00:00:00Z"


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with open_ledger(place, create=True) as opened:
        yield opened


def _claim(
    ledger: Ledger, digest: str, subject: NotificationSubject = DRIFT
) -> NotificationClaim | None:
    return ledger.claim_notification(subject, digest, AT, nothing="nothing")


def test_of_several_processes_at_once_one_notifies(place: LedgerPlace, ledger: Ledger) -> None:
    claims: list[NotificationClaim | None] = []

    def process() -> None:
        with open_ledger(place, create=False) as own:
            claims.append(_claim(own, "a"))

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 4
    assert len([claim for claim in claims if claim is not None]) == 1


def test_a_claim_that_was_given_back_can_be_taken_again(ledger: Ledger) -> None:
    first = _claim(ledger, "a")
    assert first is not None
    assert _claim(ledger, "a") is None
    ledger.end_notification(first, AT, delivered=False)
    second = _claim(ledger, "a")
    assert second is not None
    ledger.end_notification(second, AT, delivered=True)
    assert _claim(ledger, "a") is None
    third = _claim(ledger, "b")
    assert third is not None
    assert (third.before, third.since) == ("a", AT)
    ledger.end_notification(third, AT, delivered=False)
    assert _claim(ledger, "a") is None
    assert _claim(ledger, "nothing") is not None


def test_targets_and_events_are_kept_apart(ledger: Ledger) -> None:
    other_event = NotificationSubject("trial", "sandbox:x", "hook", "refused")
    other_target = NotificationSubject("trial", "sandbox:x", "chat", "drift")
    assert _claim(ledger, "a") is not None
    assert _claim(ledger, "a", other_event) is not None
    assert _claim(ledger, "a", other_target) is not None


def test_a_claim_that_nobody_ended_is_taken_over_after_its_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notified, "CLAIM_SECONDS", -1.0)
    dead = _claim(ledger, "a")
    monkeypatch.undo()
    again = _claim(ledger, "a")
    assert dead is not None
    assert again is not None
    ledger.end_notification(dead, AT, delivered=False)  # too late: it is not its own any more
    assert _claim(ledger, "a") is None


def test_what_was_never_said_needs_no_end(ledger: Ledger) -> None:
    assert _claim(ledger, "nothing") is None


@pytest.mark.parametrize("stored", ["claim ", "claim {}", 'claim {"id": 1}', "claim []"])
def test_a_claim_that_this_tool_did_not_write_is_an_error(ledger: Ledger, stored: str) -> None:
    assert _claim(ledger, "a") is not None
    with ledger._database.write() as connection:
        connection.execute(update(table).values(digest=stored))
    with pytest.raises(LedgerUnusable):
        _claim(ledger, "a")
