"""Every code has its words."""

import re
from collections.abc import Iterator

import pytest
from msgspec import structs

from reconciler.domain import Exit
from reconciler.planning import (
    ALLOWABLE,
    ActionReason,
    GuardName,
    HeldAction,
    Hold,
    Judgement,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
    PreconditionResult,
    UnmanagedReason,
)
from reconciler.planning.plan import Verdict
from reconciler.recall.errors import RecallError
from reconciler.reporting import CheckState
from reconciler.reporting.entries import CHECK_SYMBOLS, OUTCOME_SYMBOLS
from reconciler.reporting.phrase import Phrase, plain
from reconciler.reporting.wording import changes, guards, outcomes, summary
from reconciler.runs.journal import Cause, HaltCause, Outcome
from tests.reporting.samples import GOOGLE, disconnect, ended, update


def error_codes(kind: type[RecallError] = RecallError) -> Iterator[str]:
    for subclass in kind.__subclasses__():
        yield subclass("", hint="").code
        yield from error_codes(subclass)


ERROR_CODES = sorted(set(error_codes()))


def says_more_than(code: str, phrase: Phrase) -> bool:
    """Whether a phrase is a sentence rather than the code itself."""
    return " " in plain(phrase) and plain(phrase) != code


@pytest.mark.parametrize("reason", ActionReason)
def test_every_reason_of_an_action_has_words(reason: ActionReason) -> None:
    assert says_more_than(reason, (changes.ACTION_REASONS[reason],))


@pytest.mark.parametrize(
    "reason", [r for r in ActionReason if r is not ActionReason.PREFERENCES_DIFFER]
)
def test_every_reason_of_a_disconnect_is_reported(reason: ActionReason) -> None:
    action = structs.replace(disconnect(), reason=reason, requires_connected=())
    assert changes.why(action) == (changes.ACTION_REASONS[reason],)


@pytest.mark.parametrize("hold", Hold)
def test_every_hold_has_words(hold: Hold) -> None:
    assert plain(changes.why_held(HeldAction(disconnect(), (hold,)))).startswith("held ")


def test_several_holds_are_all_told() -> None:
    shown = plain(changes.why_held(HeldAction(disconnect(), tuple(Hold))))
    assert shown.count("held") == len(Hold)


@pytest.mark.parametrize("reason", PendingReason)
def test_every_reason_to_wait_for_a_person_has_words(reason: PendingReason) -> None:
    assert says_more_than(reason, changes.why_pending(Pending("a", GOOGLE, reason)))


@pytest.mark.parametrize("reason", UnmanagedReason)
def test_every_reason_to_leave_alone_has_words(reason: UnmanagedReason) -> None:
    assert says_more_than(reason, (changes.SPARED_REASONS[reason],))


@pytest.mark.parametrize("code", NoticeCode)
def test_every_notice_has_words_and_names_its_subject(code: NoticeCode) -> None:
    shown = plain(changes.remark(Notice(code, "the-subject", ("u1",))))
    assert "the-subject" in shown
    assert "u1" in shown


@pytest.mark.parametrize("judgement", Judgement)
@pytest.mark.parametrize("guard", GuardName)
def test_every_verdict_of_every_guard_has_words(guard: GuardName, judgement: Judgement) -> None:
    shown = plain(guards.sentence(Verdict(guard, judgement, 3, 2), None))
    assert shown.startswith(f"{guard} ")
    assert "3 " in shown


@pytest.mark.parametrize("guard", GuardName)
def test_a_refusal_names_its_flag_exactly_where_there_is_one(guard: GuardName) -> None:
    remedy = plain(guards.remedy(Verdict(guard, Judgement.REFUSED, 3, 2)))
    assert (f"`--allow {guard}`" in remedy) is (guard in ALLOWABLE)
    assert guards.flag(guard) == (f"--allow {guard}" if guard in ALLOWABLE else None)


@pytest.mark.parametrize(
    ("actual", "said", "edit"),
    [
        (60, "the rule matches 60 of 100 users; the limit is 50 (`maxRuleMatches`", True),
        (100, "the rule matches everybody (100 users); the limit is 50 (`maxRuleMatches`", False),
    ],
)
def test_a_rule_that_is_too_broad_is_named_with_what_helps(
    actual: int, said: str, edit: bool
) -> None:
    verdict = Verdict(GuardName.RULE_BREADTH, Judgement.REFUSED, actual, 50, 100, subject="wide")
    sentence = plain(guards.sentence(verdict, "reconciler.yaml:7:5"))
    assert sentence == f"rule-breadth refused: wide: {said}, reconciler.yaml:7:5)"
    remedy = plain(guards.remedy(verdict))
    assert ("`maxRuleMatches: 60` under `limits`" in remedy) is edit
    assert "narrow its `match`, or give it `mode: report`" in remedy


def test_a_workspace_that_has_only_rules_says_so() -> None:
    verdict = Verdict(GuardName.EMPTY_DESIRED, Judgement.PASSED, 0, total=2)
    assert plain(guards.sentence(verdict, None)).endswith("declare 0 users and 2 rules")


def test_rules_that_disagree_are_named() -> None:
    held = HeldAction(disconnect(), (Hold.CONFLICTING_RULES,), rules=("one", "two"))
    shown = plain(changes.why_held(held))
    assert shown == "held because rules disagree about this user: one, two"


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_words_and_a_sign(outcome: Outcome) -> None:
    assert outcomes.OUTCOMES[outcome]
    assert OUTCOME_SYMBOLS[outcome].meaning


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_that_is_not_settled_says_what_to_do(outcome: Outcome) -> None:
    assert (outcomes.next_step(ended(outcome, "stopped")) is None) is outcome.in_effect


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("code", [*Cause, *PreconditionResult, *HaltCause, *ERROR_CODES])
def test_every_cause_has_words_with_every_outcome(code: str, outcome: Outcome) -> None:
    for action in (disconnect(), update()):
        shown = outcomes.cause(ended(outcome, str(code), action))
        assert says_more_than(code, shown)
        assert "{" not in plain(shown)


def test_the_codes_of_the_client_are_worded_and_no_others() -> None:
    assert sorted(outcomes.REFUSALS) == ERROR_CODES


@pytest.mark.parametrize("code", sorted(outcomes.NEXT_BY_CAUSE))
def test_a_step_for_a_cause_is_for_a_cause_that_exists(code: str) -> None:
    assert code in outcomes.REFUSALS


@pytest.mark.parametrize("code", sorted(outcomes.NEXT_BY_CAUSE))
def test_an_unknown_outcome_is_never_answered_with_the_step_of_its_cause(code: str) -> None:
    step = outcomes.next_step(ended(Outcome.UNKNOWN, code))
    assert step == outcomes.NEXT[Outcome.UNKNOWN]


@pytest.mark.parametrize("cause", HaltCause)
def test_every_reason_to_halt_has_words(cause: HaltCause) -> None:
    shown = plain(outcomes.halt(cause, None, None))
    assert re.fullmatch(r"The run stopped early: .+\.", shown)


@pytest.mark.parametrize("state", CheckState)
def test_every_state_of_a_check_has_words_and_a_sign(state: CheckState) -> None:
    assert summary.CHECKS[state]
    assert CHECK_SYMBOLS[state].mark


@pytest.mark.parametrize("code", Exit)
def test_every_exit_status_has_words(code: Exit) -> None:
    assert summary.status(code).startswith(f"Exit status {code.value}: ")


def test_no_other_exit_status_has_words() -> None:
    assert list(summary.STATUSES) == list(Exit)
