"""Without a record nothing is done: what stands in the journal, when, and what if it fails."""

import pytest

from reconciler.runs import DailyLimitReached, Ended, JournalFailed, Outcome, RunClosed, RunOpened
from tests.applying.trial import (
    DECLARED,
    FLEET,
    GOOGLE,
    VERDICTS,
    Trial,
    disconnected,
    fault,
    person,
    wanted,
)

VERIFIED = ("verified", "read_back")
STOPPED = ("not_attempted", "stopped")
NAMES = ("alice", "bob", "carol")
DESIRED = [wanted(name) for name in NAMES]


@pytest.fixture(autouse=True)
def three_people(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE) for name in NAMES))


def calls_of(*names: str) -> list[tuple[str, str, str, str]]:
    return [disconnected(name, GOOGLE) for name in names]


def test_a_run_is_opened_first_and_closed_last_with_its_result(trial: Trial) -> None:
    done = trial.apply(*DESIRED)
    first, *_, last = trial.journal.records
    assert first == RunOpened(
        "run-1", "2026-11-01T08:00:00Z", done.plan, VERDICTS, FLEET, DECLARED, frozenset({"alice"})
    )
    assert last == RunClosed("run-1", "2026-11-01T08:00:00Z", done.result)
    content = done.plan.content
    assert done.result.run == "run-1"
    assert done.result.workspace == "trial"
    assert done.result.base_url == content.base_url
    assert done.result.plan_digest == content.digest()
    assert tuple(result.action for result in done.result.results) == content.actions


def test_an_intent_is_on_record_before_its_call_and_the_answer_before_the_next_step(
    trial: Trial,
) -> None:
    seen: dict[str, list[str]] = {}

    def look(step: str) -> None:
        seen[step] = [r.endpoint for r in trial.state.log() if r.external_id == "bob"]

    for step in ("intent", "answer", "read_back", "outcome"):
        trial.journal.at(step, lambda step=step: look(step), user="bob")  # type: ignore[misc]
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of(*NAMES)
    assert seen == {
        "intent": ["authenticate", "get_user"],
        "answer": ["authenticate", "get_user", "disconnect"],
        "read_back": ["authenticate", "get_user", "disconnect", "get_user"],
        "outcome": ["authenticate", "get_user", "disconnect", "get_user"],
    }


def test_an_unclear_answer_is_on_record_as_such(trial: Trial) -> None:
    trial.fail(fault(user="bob", status=503, after_effect=True))
    trial.apply(*DESIRED)
    assert trial.journal.story("bob") == [
        "intent 1",
        "answer 1 server_error",
        "read back 1 read_back",
        "outcome verified",
    ]


def test_every_result_is_on_record_and_told_before_the_run_is_closed(trial: Trial) -> None:
    trial.fail(fault(user="bob", status=400))
    done = trial.apply(*DESIRED, protected_later=["carol"])
    ended = [r.result for r in trial.journal.records if isinstance(r, Ended)]
    assert sorted(ended, key=lambda r: r.action.key) == list(done.result.results)
    assert set(done.shown) == set(ended)


def test_a_run_that_cannot_be_opened_does_nothing(trial: Trial) -> None:
    trial.journal.fail_at("run_opened")
    with pytest.raises(JournalFailed, match="the disk is full at run_opened"):
        trial.apply(*DESIRED)
    assert [request.endpoint for request in trial.state.log()] == ["list_users"]
    assert trial.connected() == {name: ["google"] for name in NAMES}


def test_an_intent_that_cannot_be_recorded_keeps_its_call_from_being_sent(trial: Trial) -> None:
    trial.journal.fail_at("intent", user="bob")
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [VERIFIED, STOPPED, STOPPED]
    assert done.result.halted == "journal_failed"
    assert done.result.halt_detail == "the disk is full at intent"
    assert done.tokens == ["alice", "bob"]


def test_a_call_beyond_the_limit_of_a_day_is_not_sent_and_nothing_new_is_started(
    trial: Trial,
) -> None:
    def refuse() -> None:
        raise DailyLimitReached("1 disconnects were made within the last 24 hours")

    trial.journal.at("intent", refuse, user="bob")
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [VERIFIED, STOPPED, STOPPED]
    assert done.result.halted == "daily_limit"
    assert done.result.halt_detail == "1 disconnects were made within the last 24 hours"


def test_an_intent_of_a_second_call_that_cannot_be_recorded_leaves_a_failure(trial: Trial) -> None:
    trial.fail(fault(user="alice", status=409))
    trial.journal.at("answer", lambda: trial.journal.fail_at("intent", user="alice"), user="alice")
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == calls_of(*NAMES)
    assert list(done.outcomes.values()) == [("failed", "stopped"), VERIFIED, VERIFIED]
    assert done.result.halted == "journal_failed"


@pytest.mark.parametrize("step", ["answer", "read_back", "outcome"])
def test_a_call_whose_records_fail_is_looked_after_and_nothing_new_is_started(
    trial: Trial, step: str
) -> None:
    trial.journal.fail_at(step, user="alice")
    trial.limits = type(trial.limits)(share=1.0, authenticate=1)
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [VERIFIED, STOPPED, STOPPED]
    assert done.result.halted == "journal_failed"
    assert done.result.halt_detail == f"the disk is full at {step}"


def test_a_stale_action_that_cannot_be_recorded_halts_the_run(trial: Trial) -> None:
    trial.journal.fail_at("outcome", user="bob")
    done = trial.apply(*DESIRED, protected_later=["bob"], again=True)
    assert done.calls == []
    assert done.tokens == []
    assert list(done.outcomes.values()) == [STOPPED, ("skipped_stale", "protected"), STOPPED]


def test_a_run_that_cannot_be_closed_still_has_its_results(trial: Trial) -> None:
    trial.journal.fail_at("run_closed")
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of(*NAMES)
    assert done.result.count()[Outcome.VERIFIED] == 3
    assert done.result.halted == "journal_failed"
    assert done.result.halt_detail == "the disk is full at run_closed"


def test_a_run_with_nothing_to_do_is_opened_and_closed(trial: Trial) -> None:
    done = trial.apply(*(wanted(name, GOOGLE) for name in NAMES))
    assert done.log == ()
    assert [type(record) for record in trial.journal.records] == [RunOpened, RunClosed]
    assert done.result.results == ()
    assert done.result.converged
