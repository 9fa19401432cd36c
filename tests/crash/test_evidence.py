"""What the crash tests take for a call that was intended."""

from reconciler.domain import Platform
from reconciler.planning import ActionReason, Disconnect
from reconciler.runs import ActionHistory, Step, StepKind
from tests.crash.evidence import NOT_SENT, intents

LEAVING = Disconnect(
    workspace="trial",
    user="leaver@example.com",
    recall_id="u-1",
    platform=Platform.GOOGLE,
    connection_id="c-1",
    email=None,
    requires_connected=(),
    reason=ActionReason.NOTHING_WANTED,
    note=None,
)


def intent(at: str) -> Step:
    return Step(at, StepKind.INTENT, 1, None, None, None, None, None)


def answer(at: str, code: str) -> Step:
    return Step(at, StepKind.ANSWER, 1, code, code == NOT_SENT, None, None, None)


def test_an_intent_that_was_taken_back_and_made_anew_counts_once() -> None:
    # As on a busy machine: the call of the first could not leave within two seconds.
    steps = (intent("1"), answer("2", NOT_SENT), intent("3"), answer("4", "accepted"))
    assert intents(ActionHistory(LEAVING, None, steps)) == ["3"]


def test_an_intent_that_was_taken_back_for_good_does_not_count() -> None:
    steps = (intent("1"), answer("2", NOT_SENT))
    assert intents(ActionHistory(LEAVING, None, steps)) == []
