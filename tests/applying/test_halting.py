"""What makes a run start nothing new, and what does not."""

import pytest

from reconciler.applying import ApplySettings
from reconciler.runs import Outcome
from tests.applying.trial import GOOGLE, Trial, disconnected, fault, person, wanted

VERIFIED = ("verified", "read_back")
STOPPED = ("not_attempted", "stopped")
NAMES = ("alice", "bob", "carol", "dave")
DESIRED = [wanted(name) for name in NAMES]


@pytest.fixture(autouse=True)
def four_people(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE) for name in NAMES))


def calls_of(*names: str) -> list[tuple[str, str, str, str]]:
    return [disconnected(name, GOOGLE) for name in names]


def test_no_credit_at_a_call_halts_the_run_and_the_call_is_looked_after(trial: Trial) -> None:
    trial.fail(fault(user="bob", status=402, times=None))
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice", "bob")
    assert done.outcomes == {
        "alice google": VERIFIED,
        "bob google": ("failed", "out_of_credit"),
        "carol google": STOPPED,
        "dave google": STOPPED,
    }
    assert done.tokens == ["alice", "bob"]
    assert done.result.halted == "out_of_credit"
    assert "402" in (done.result.halt_detail or "")


def test_no_credit_at_a_token_halts_the_run_with_nothing_sent_for_that_user(trial: Trial) -> None:
    trial.fail(fault(on="authenticate", user="bob", status=402))
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert done.outcomes == {
        "alice google": VERIFIED,
        "bob google": ("not_attempted", "out_of_credit"),
        "carol google": STOPPED,
        "dave google": STOPPED,
    }
    assert done.result.halted == "out_of_credit"


def test_no_credit_at_a_read_back_leaves_its_call_unknown_and_halts_the_run(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=5)
    trial.fail(fault(on="get_user", user="alice", status=402, skip=1, times=None))
    trial.limits = type(trial.limits)(share=1.0, authenticate=1)
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert done.outcomes["alice google"] == ("unknown", "not_readable")
    assert done.result.count()[Outcome.NOT_ATTEMPTED] == 3
    assert done.result.halted == "out_of_credit"
    assert done.seconds == 0


def test_an_api_key_that_is_refused_during_the_run_halts_it(trial: Trial) -> None:
    trial.fail(fault(on="authenticate", user="bob", status=401, times=None))
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert done.tokens == ["alice", "bob"]
    assert done.outcomes == {
        "alice google": VERIFIED,
        "bob google": ("not_attempted", "credentials_refused"),
        "carol google": STOPPED,
        "dave google": STOPPED,
    }
    assert done.result.halted == "credentials_refused"


def test_a_halt_does_not_end_the_read_back_of_what_was_sent(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=20)
    trial.fail(fault(on="authenticate", user="carol", status=402))
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice", "bob")
    assert done.outcomes == {
        "alice google": VERIFIED,
        "bob google": VERIFIED,
        "carol google": ("not_attempted", "out_of_credit"),
        "dave google": STOPPED,
    }
    assert done.seconds == 23.5


def test_a_halt_wakes_who_waits_to_send_again_and_leaves_it_failed(trial: Trial) -> None:
    trial.fail(
        fault(user="alice", status=429, retry_after="100"),
        fault(on="authenticate", user="bob", status=402),
    )
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert done.outcomes["alice google"] == ("failed", "stopped")
    assert done.result.results[0].calls == 1
    assert done.result.count()[Outcome.NOT_ATTEMPTED] == 3
    assert done.seconds == 0


def test_one_failure_does_not_stop_the_others(trial: Trial) -> None:
    trial.fail(fault(on="get_user", user="alice", status=500), fault(user="bob", status=400))
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("bob", "carol", "dave")
    assert done.outcomes == {
        "alice google": ("failed", "server_error"),
        "bob google": ("failed", "rejected"),
        "carol google": VERIFIED,
        "dave google": VERIFIED,
    }
    assert done.result.halted is None


def test_a_firewall_in_front_of_the_tokens_fails_its_user_only(trial: Trial) -> None:
    trial.fail(fault(on="authenticate", user="alice", status=403))
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("bob", "carol", "dave")
    assert done.outcomes["alice google"] == ("failed", "blocked")


FAILING = fault(on="get_user", user="*", status=500, times=None)
UNKNOWN = fault(on="disconnect", user="*", status=500, times=None)


def test_max_failures_0_stops_at_the_first_failure(trial: Trial) -> None:
    trial.fail(FAILING)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=0))
    assert done.calls == []
    assert done.tokens == ["alice"]
    assert list(done.outcomes.values()) == [("failed", "server_error"), *[STOPPED] * 3]
    assert done.result.halted == "max_failures"
    assert done.result.halt_detail == "more than 0 failed or unknown"


def test_max_failures_bears_so_many_and_stops_at_the_next(trial: Trial) -> None:
    trial.fail(FAILING)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=2))
    assert done.tokens == ["alice", "bob", "carol"]
    assert list(done.outcomes.values()) == [*[("failed", "server_error")] * 3, STOPPED]


def test_as_many_failures_as_are_borne_stop_nothing(trial: Trial) -> None:
    trial.fail(FAILING)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=4))
    assert set(done.outcomes.values()) == {("failed", "server_error")}
    assert done.result.halted is None


def test_what_is_unknown_counts_as_a_failure(trial: Trial) -> None:
    trial.fail(UNKNOWN)
    trial.limits = type(trial.limits)(share=1.0, authenticate=1)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=0))
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [("unknown", "not_seen_in_time"), *[STOPPED] * 3]
    assert done.result.halted == "max_failures"


def test_what_is_skipped_or_absent_is_no_failure(trial: Trial) -> None:
    def change() -> None:
        trial.state.disconnect("alice", GOOGLE)
        trial.state.disconnect("bob", GOOGLE)
        trial.state.connect("bob", GOOGLE)

    settings = ApplySettings(workers=1, max_failures=0)
    done = trial.apply(*DESIRED, meanwhile=change, settings=settings)
    assert done.calls == calls_of("carol", "dave")
    assert [outcome for outcome, _ in done.outcomes.values()] == [
        *("already_absent", "skipped_stale", "verified", "verified")
    ]


def test_the_first_cause_of_a_halt_is_the_one_that_is_reported(trial: Trial) -> None:
    trial.fail(fault(user="alice", status=402))
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=0))
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [("failed", "out_of_credit"), *[STOPPED] * 3]
    assert done.result.halted == "out_of_credit"
