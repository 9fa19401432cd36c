"""How many calls are in doubt at a moment: what is said when a run is told to stop."""

import pytest

from reconciler.domain import Platform
from reconciler.planning import Action, ActionReason, Disconnect
from reconciler.runs import (
    ActionResult,
    Answer,
    CallsInDoubt,
    Ended,
    Intent,
    JournalFailed,
    MemoryJournal,
    Outcome,
)
from reconciler.runs.journal import NOT_SENT, Journal, ReadBack

RUN, NOW = "run", "2026-11-30T00:00:00Z"


def disconnect(user: str) -> Disconnect:
    return Disconnect(
        workspace="trial",
        user=user,
        recall_id=f"id of {user}",
        platform=Platform.GOOGLE,
        connection_id=None,
        email=None,
        requires_connected=(),
        reason=ActionReason.NOTHING_WANTED,
        note=None,
    )


ALICE, BOB = disconnect("alice"), disconnect("bob")


@pytest.fixture
def counted() -> CallsInDoubt:
    return CallsInDoubt(MemoryJournal())


def intend(journal: Journal, *actions: Action) -> None:
    for action in actions:
        journal.intent(Intent(RUN, NOW, action, 1))


def answer(journal: Journal, action: Action, code: str, *, no_effect: bool = False) -> None:
    journal.answer(Answer(RUN, NOW, action, 1, code, no_effect))


def test_nothing_is_in_doubt_before_an_intent(counted: CallsInDoubt) -> None:
    assert counted.count == (0, 0)


def test_a_call_is_unanswered_and_then_unverified_until_its_outcome(counted: CallsInDoubt) -> None:
    intend(counted, ALICE, BOB)
    assert counted.count == (2, 0)
    answer(counted, ALICE, "accepted")
    assert counted.count == (1, 1)
    counted.read_back(ReadBack(RUN, NOW, ALICE, 1, "not_seen_in_time"))
    assert counted.count == (1, 1)
    counted.outcome(Ended(RUN, NOW, ActionResult(ALICE, Outcome.VERIFIED, "read_back")))
    assert counted.count == (1, 0)


@pytest.mark.parametrize("code", [NOT_SENT, "throttled"])
def test_what_is_proven_to_have_done_nothing_is_not_in_doubt(
    counted: CallsInDoubt, code: str
) -> None:
    intend(counted, ALICE, BOB)
    answer(counted, ALICE, code, no_effect=True)
    assert counted.count == (1, 0)


def test_an_outcome_without_a_call_leaves_the_others_in_doubt(counted: CallsInDoubt) -> None:
    intend(counted, BOB)
    counted.outcome(Ended(RUN, NOW, ActionResult(ALICE, Outcome.SKIPPED_STALE, "done")))
    assert counted.count == (1, 0)


class Failing(MemoryJournal):
    def intent(self, record: Intent) -> None:
        raise JournalFailed("the disk is full")

    def answer(self, record: Answer) -> None:
        raise JournalFailed("the disk is full")


def test_an_intent_that_is_not_on_record_is_no_call() -> None:
    counted = CallsInDoubt(Failing())
    with pytest.raises(JournalFailed):
        intend(counted, ALICE)
    assert counted.count == (0, 0)


def test_an_answer_counts_even_if_it_cannot_be_recorded() -> None:
    counted = CallsInDoubt(Failing())
    with pytest.raises(JournalFailed):
        answer(counted, ALICE, "accepted")
    assert counted.count == (0, 1)
