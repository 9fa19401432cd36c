"""What a story says of an action and of a run, beside what was taken down."""

import pytest

from reconciler.domain import Preferences
from reconciler.planning import ActionReason, UpdatePreferences
from reconciler.runs import ActionHistory, Front, Outcome, RunState, RunSummary, Step, StepKind, Who

ACTION = UpdatePreferences(
    workspace="trial",
    user="alice",
    recall_id="u-1",
    preferences=Preferences(bot_name="Quiet"),
    seen=None,
    reason=ActionReason.PREFERENCES_DIFFER,
    note=None,
)


def step(kind: StepKind, call: int, *, no_effect: bool | None = None) -> Step:
    return Step("2026-11-01T08:00:00Z", kind, call, "code", no_effect, None, None, None)


def intent(call: int) -> Step:
    return step(StepKind.INTENT, call)


def answer(call: int, *, no_effect: bool) -> Step:
    return step(StepKind.ANSWER, call, no_effect=no_effect)


@pytest.mark.parametrize(
    ("steps", "begun"),
    [
        ((), False),
        ((intent(1),), True),
        ((intent(1), answer(1, no_effect=False)), True),
        ((intent(1), answer(1, no_effect=True)), False),
        ((intent(1), answer(1, no_effect=True), intent(1)), True),
        ((intent(1), answer(1, no_effect=True), intent(2)), True),
        (
            (intent(1), answer(1, no_effect=True), intent(2), answer(2, no_effect=True)),
            False,
        ),
        ((intent(1), answer(1, no_effect=False), step(StepKind.READ_BACK, 1)), True),
    ],
)
def test_an_action_is_begun_by_a_call_that_is_not_proven_to_have_done_nothing(
    steps: tuple[Step, ...], *, begun: bool
) -> None:
    assert ActionHistory(ACTION, None, steps).begun is begun


@pytest.mark.parametrize(
    ("outcomes", "in_doubt", "unattempted"),
    [
        ({}, 0, 5),
        ({Outcome.VERIFIED: 2, Outcome.FAILED: 1}, 1, 1),
        ({Outcome.VERIFIED: 2, Outcome.NOT_ATTEMPTED: 3}, 0, 3),
        ({Outcome.VERIFIED: 5}, 1, 0),
    ],
)
def test_what_a_run_never_began_is_what_neither_ended_nor_is_in_doubt(
    outcomes: dict[Outcome, int], in_doubt: int, unattempted: int
) -> None:
    summary = RunSummary(
        run="run-1",
        front=Front.APPLY,
        workspace="trial",
        base_url="sandbox:1",
        owner=None,
        state=RunState.DIED,
        opened="2026-11-01T08:00:00Z",
        ended=None,
        who=Who("me", "here", 7, None),
        commit=None,
        tool_version="1",
        plan_digest=None,
        actions=5,
        outcomes=outcomes,
        in_doubt=in_doubt,
        calls=0,
        resumes=None,
        resumed_by=None,
        halted=None,
        detail=None,
    )
    assert summary.unattempted == unattempted


WITHDRAWN = Step("2026-11-01T08:00:00Z", StepKind.ANSWER, 1, "not_sent", True, None, None, None)


@pytest.mark.parametrize(
    ("steps", "calls"),
    [
        ((), 0),
        ((intent(1),), 1),
        ((intent(1), answer(1, no_effect=True), intent(2)), 2),
        ((intent(1), WITHDRAWN), 0),
        ((intent(1), WITHDRAWN, intent(1)), 1),
    ],
)
def test_a_call_counts_unless_its_intent_was_taken_back(
    steps: tuple[Step, ...], calls: int
) -> None:
    assert ActionHistory(ACTION, None, steps).calls == calls
