"""What must hold whenever a process is killed, judged by the sandbox's own log and the ledger.

Each is a function named like a sentence that raises ``AssertionError`` where it is not true.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.domain import CalendarUser, Platform
from reconciler.runs import Outcome, RunState, StepKind
from tests.crash.evidence import (
    READING,
    Deed,
    Evidence,
    connected,
    deed,
    intents,
    outcomes,
    planned,
    second,
    shows_at,
)
from tests.crash.fleet import CONNECTED, DECLARED, FICKLE, MICROSOFT, PROTECTED, UNTOUCHED

TRUE_WHEN_READ: Final = (Outcome.VERIFIED, Outcome.ALREADY_ABSENT)

# At any moment.


def nobody_is_disconnected_whom_the_plan_does_not_name(evidence: Evidence) -> None:
    named = {planned(action) for story in evidence.stories for action in story.actions}
    called = set(map(deed, evidence.calls))
    assert called <= named, called - named


def nobody_is_touched_who_must_not_be(evidence: Evidence) -> None:
    touched = {call.external_id for call in evidence.calls}
    assert not touched & UNTOUCHED, touched & UNTOUCHED
    made = [r.external_id for r in evidence.log if r.effect == "created user"]
    assert not made, made


def nobody_loses_a_platform_that_is_wanted(evidence: Evidence) -> None:
    for user, what in map(deed, evidence.calls):
        assert what not in DECLARED[user].platforms, (user, what)


def nobody_is_left_with_none_but_by_declaration(evidence: Evidence) -> None:
    has = {user: set(platforms) for user, platforms in CONNECTED.items()}
    for request in evidence.log:
        if request.endpoint == "authenticate" and request.external_id == FICKLE:
            has[FICKLE].discard(MICROSOFT)
        if request.endpoint == "disconnect" and request.effect:
            user, what = deed(request)
            has[user].remove(Platform(what))
            assert has[user] or not DECLARED[user].platforms, user
    for user, platforms in has.items():
        assert connected(evidence.users[user]) >= platforms, user


def nothing_is_called_again_that_had_its_effect(evidence: Evidence) -> None:
    for call in evidence.calls:
        before = [c for c in evidence.calls if c.seq < call.seq and deed(c) == deed(call)]
        assert not [c for c in before if c.effect], deed(call)


def a_call_is_sent_again_only_after_an_answer_that_proves_that_it_did_nothing(
    evidence: Evidence,
) -> None:
    for what, actions in evidence.by_plan():
        in_doubt = False
        for step in (step for action in actions for step in action.steps):
            if step.kind is StepKind.INTENT:
                assert not in_doubt, what
                in_doubt = True
            elif step.kind is StepKind.ANSWER and step.no_effect:
                in_doubt = False


def every_call_that_arrived_has_an_intent_from_before(evidence: Evidence) -> None:
    intended: dict[Deed, list[int]] = {}
    for story in evidence.stories:
        for action in story.actions:
            intended.setdefault(planned(action), []).extend(map(second, intents(action)))
    for what, number in Counter(map(deed, evidence.calls)).items():
        assert len(intended.get(what, [])) >= number, what
    for call in evidence.calls:
        assert evidence.owner(call) is not None, deed(call)
        assert min(intended[deed(call)]) <= call.at, deed(call)


def every_call_is_answered_before_its_outcome(evidence: Evidence) -> None:
    for story in evidence.stories:
        for action in story.actions:
            open_ = 0
            for step in action.steps:
                open_ += (step.kind is StepKind.INTENT) - (step.kind is StepKind.ANSWER)
                ended = step.outcome is not None and step.by is None
                assert not (ended and open_), (story.summary.run, planned(action))


def what_is_verified_or_already_absent_was_true_when_read(evidence: Evidence) -> None:
    for story in evidence.stories:
        for action in story.actions:
            for outcome, at in outcomes(action):
                if outcome in TRUE_WHEN_READ:
                    assert _read_as_done(evidence, planned(action), second(at)), planned(action)


def _read_as_done(evidence: Evidence, what: Deed, by: int) -> bool:
    shown = [shows_at(c) for c in evidence.calls if c.effect and deed(c) == what]
    return bool(shown) and any(
        read.at >= min(shown) and int(read.at) <= by
        for read in evidence.log
        if read.endpoint in READING and read.status == 200 and read.external_id in (None, what[0])
    )


def what_failed_had_no_effect(evidence: Evidence) -> None:
    for call in evidence.calls:
        action = evidence.owner(call)
        if call.effect and action is not None:
            assert Outcome.FAILED not in dict(outcomes(action)), deed(call)


def no_action_of_a_run_has_two_outcomes(evidence: Evidence) -> None:
    for story in evidence.stories:
        for action in story.actions:
            assert len(outcomes(action)) <= 1, (story.summary.run, planned(action))


ALWAYS: Final[tuple[Callable[[Evidence], None], ...]] = (
    nobody_is_disconnected_whom_the_plan_does_not_name,
    nobody_is_touched_who_must_not_be,
    nobody_loses_a_platform_that_is_wanted,
    nobody_is_left_with_none_but_by_declaration,
    nothing_is_called_again_that_had_its_effect,
    a_call_is_sent_again_only_after_an_answer_that_proves_that_it_did_nothing,
    every_call_that_arrived_has_an_intent_from_before,
    every_call_is_answered_before_its_outcome,
    what_is_verified_or_already_absent_was_true_when_read,
    what_failed_had_no_effect,
    no_action_of_a_run_has_two_outcomes,
)

# Once a later run has settled what was in doubt.


def every_effect_of_ours_is_verified_or_unknown(evidence: Evidence) -> None:
    for call in evidence.calls:
        action = evidence.owner(call)
        if call.effect and action is not None:
            ended = [outcome for outcome, _ in outcomes(action)]
            assert ended in ([Outcome.VERIFIED], [Outcome.UNKNOWN]), deed(call)


def nothing_is_in_doubt(evidence: Evidence) -> None:
    for story in evidence.stories:
        assert story.summary.in_doubt == 0, story.summary.run
        for action in story.actions:
            assert len(outcomes(action)) == 1 or not action.begun, planned(action)


def no_run_is_open(evidence: Evidence) -> None:
    ended = (RunState.COMPLETED, RunState.REFUSED, RunState.DIED)
    states = {story.summary.state for story in evidence.stories}
    assert states <= set(ended), states


def every_action_of_a_completed_run_has_one_outcome(evidence: Evidence) -> None:
    for story in evidence.stories:
        if story.summary.state is RunState.COMPLETED:
            for action in story.actions:
                assert len(outcomes(action)) == 1, planned(action)


SETTLED: Final[tuple[Callable[[Evidence], None], ...]] = (
    *ALWAYS,
    every_effect_of_ours_is_verified_or_unknown,
    nothing_is_in_doubt,
    no_run_is_open,
    every_action_of_a_completed_run_has_one_outcome,
)

# Of the next plan.


def the_plan_shows_exactly_desired_against_observed(
    content: Mapping[str, Any], users: Mapping[str, CalendarUser]
) -> None:
    to_do: set[tuple[str, str]] = set()
    held: set[tuple[str, str]] = set()
    missing: set[tuple[str, str]] = set()
    for user, declared in DECLARED.items():
        has = connected(users[user])
        missing |= {(user, platform.value) for platform in declared.platforms - has}
        unwanted = {(user, platform.value) for platform in has - declared.platforms}
        waits = user in PROTECTED or not declared.platforms <= has
        held |= unwanted if waits else set()
        to_do |= set() if waits else unwanted
        preferences = users[user].preferences
        if declared.bot_name and preferences and preferences.bot_name != declared.bot_name:
            to_do.add((user, "preferences"))
    shown = (
        {_what(action) for action in content["actions"]},
        {_what(blocked["action"]) for blocked in content["blocked"]},
        {(pending["user"], pending["platform"]) for pending in content["pending"]},
    )
    assert shown == (to_do, held, missing), f"{shown}, and not {(to_do, held, missing)}"


def _what(action: Mapping[str, Any]) -> tuple[str, str]:
    return action["user"], action.get("platform", "preferences")
