"""What SIGINT and SIGTERM do to a run: every wait wakes, and what was sent is looked after."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Cancellation, Deadline, RateLimits, Secret
from reconciler.recall import CalendarReader
from reconciler.runs import Outcome
from tests.applying.trial import GOOGLE, MICROSOFT, Trial, disconnected, fault, person, wanted

VERIFIED = ("verified", "read_back")
STOPPED = ("not_attempted", "stopped")
NAMES = ("alice", "bob", "carol")
DESIRED = [wanted(name) for name in NAMES]


@pytest.fixture(autouse=True)
def three_people(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE) for name in NAMES))


def calls_of(*names: str) -> list[tuple[str, str, str, str]]:
    return [disconnected(name, GOOGLE) for name in names]


def _ensure(event: threading.Event) -> None:
    assert event.wait(5)


def test_a_run_that_is_told_to_stop_before_it_begins_asks_for_nothing(trial: Trial) -> None:
    done = trial.apply(*DESIRED, meanwhile=trial.interrupt)
    assert done.log == ()
    assert list(done.outcomes.values()) == [STOPPED] * 3
    assert done.result.halted == "interrupted"
    assert done.result.signal == signal.SIGINT
    assert done.result.calls == 0


def test_a_stop_during_the_wait_for_budget_wakes_it_and_nothing_more_is_sent(
    trial: Trial,
) -> None:
    trial.limits = RateLimits(share=1.0, authenticate=1)
    trial.interrupt_after(10)
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert done.tokens == ["alice"]
    assert list(done.outcomes.values()) == [VERIFIED, STOPPED, STOPPED]
    assert done.seconds == 10


def test_a_stop_during_the_wait_for_a_users_own_budget_wakes_it(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
    trial.limits = RateLimits(share=1.0, user=2)
    trial.interrupt_after(10)
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert sorted(done.calls) == calls_of("alice", "bob")
    assert done.outcomes == {
        "alice google": VERIFIED,
        "alice microsoft": STOPPED,
        "bob google": VERIFIED,
    }
    assert done.seconds == 10


@pytest.mark.parametrize("endpoint", ["authenticate", "get_user"])
def test_a_stop_during_a_retry_after_wakes_it(trial: Trial, endpoint: str) -> None:
    trial.fail(fault(on=endpoint, user="alice", status=429, retry_after="100"))
    trial.interrupt_after(10)
    done = trial.apply(*DESIRED)
    assert done.calls == []
    assert list(done.outcomes.values()) == [STOPPED] * 3
    assert done.seconds == 10


def test_a_stop_during_the_backoff_before_a_second_call_wakes_it(trial: Trial) -> None:
    trial.fail(fault(user="alice", status=429, retry_after="100"))
    trial.interrupt_after(10)
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice", "bob", "carol")
    assert list(done.outcomes.values()) == [("failed", "stopped"), VERIFIED, VERIFIED]
    assert done.seconds == 10


def test_a_stop_during_the_wait_for_a_newer_list_wakes_it(trial: Trial) -> None:
    def break_the_list() -> None:
        trial.fail(fault(on="list_users", status=503, retry_after="100"))
        trial.clock.advance(301)
        trial.interrupt_after(10)

    done = trial.apply(*DESIRED, meanwhile=break_the_list)
    assert done.calls == []
    assert done.tokens == []
    assert list(done.outcomes.values()) == [STOPPED] * 3
    assert done.seconds == 10


def test_a_stop_just_before_a_wait_begins_keeps_it_from_beginning(trial: Trial) -> None:
    trial.fail(fault(user="alice", status=429, retry_after="100"))
    stopped, noticed = threading.Event(), threading.Event()

    def stop_and_let_it_be_noticed() -> None:
        trial.interrupt()
        stopped.set()
        assert noticed.wait(5)

    trial.journal.at("answer", stop_and_let_it_be_noticed, user="alice")
    trial.journal.at("intent", lambda: _ensure(stopped), user="bob")
    trial.journal.at("outcome", noticed.set, user="carol")
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=2))
    assert done.outcomes["alice google"] == ("failed", "stopped")
    assert done.outcomes["carol google"] == STOPPED
    assert done.seconds == 0


def test_a_read_back_goes_on_for_10_seconds_after_a_stop_and_then_is_unknown(
    trial: Trial,
) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
    trial.switch(disconnect_takes_seconds=1000)
    trial.interrupt_after(20)
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert done.calls == calls_of("alice", "bob")
    assert done.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "alice microsoft": STOPPED,
        "bob google": ("unknown", "not_seen_in_time"),
    }
    assert done.seconds == 29
    assert 30 - done.seconds < 10


def test_a_stop_makes_a_waiting_read_back_look_at_once(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=18)
    trial.interrupt_after(18.5)
    done = trial.apply(*DESIRED)
    assert set(done.outcomes.values()) == {VERIFIED}
    assert done.seconds == 18.5
    assert done.result.halted == "interrupted"


def test_an_effect_that_shows_within_10_seconds_of_a_stop_is_verified(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=28.5)
    trial.interrupt_after(20)
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of(*NAMES)
    assert set(done.outcomes.values()) == {VERIFIED}
    assert done.seconds == 29


def test_a_call_that_is_answered_long_after_a_stop_is_read_back_all_the_same(
    trial: Trial,
) -> None:
    trial.journal.at("intent", trial.interrupt, user="alice")
    trial.journal.at("answer", lambda: trial.clock.advance(30), user="alice")
    trial.switch(disconnect_takes_seconds=35)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1))
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [VERIFIED, STOPPED, STOPPED]
    assert 35 <= done.seconds <= 40


def test_a_stop_does_not_lengthen_a_read_back(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=1000)
    trial.interrupt_after(56)
    done = trial.apply(*DESIRED)
    assert set(done.outcomes.values()) == {("unknown", "not_seen_in_time")}
    assert done.seconds == 59


def test_retries_of_a_read_back_end_10_seconds_after_a_stop(trial: Trial) -> None:
    trial.fail(fault(on="get_user", user="alice", status=503, retry_after="50", skip=1, times=None))
    trial.interrupt_after(20)
    done = trial.apply(*DESIRED)
    assert done.outcomes["alice google"] == ("unknown", "not_readable")
    assert done.seconds == 20


def test_a_call_whose_intent_is_on_record_is_sent_and_looked_after(trial: Trial) -> None:
    trial.journal.at("intent", trial.interrupt, user="alice")
    done = trial.apply(*DESIRED)
    assert done.calls == calls_of("alice")
    assert list(done.outcomes.values()) == [VERIFIED, STOPPED, STOPPED]


class InterruptedReader(CalendarReader):
    """Is told to stop with each answer."""

    interrupt: Callable[[], None]

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        user = super().get_user(token, subject, deadline)
        type(self).interrupt()
        return user


def test_a_stop_between_reread_and_intent_leaves_the_action_not_attempted(trial: Trial) -> None:
    InterruptedReader.interrupt = staticmethod(trial.interrupt)
    trial.reader_type = InterruptedReader
    done = trial.apply(*DESIRED)
    assert done.calls == []
    assert done.count("get_user") == 1
    assert trial.journal.story("alice") == ["outcome not_attempted"]
    assert list(done.outcomes.values()) == [STOPPED] * 3


def test_every_action_of_many_users_has_an_outcome_after_a_stop(trial: Trial) -> None:
    users = [f"user-{number:03}" for number in range(60)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.limits = RateLimits(share=1.0, authenticate=10)
    trial.interrupt_after(70)
    done = trial.apply(*map(wanted, users), settings=ApplySettings())
    assert sorted(done.calls) == calls_of(*sorted(done.tokens))
    assert done.result.count()[Outcome.VERIFIED] == len(done.calls) == 20
    assert done.result.count()[Outcome.NOT_ATTEMPTED] == 40
    assert len(done.shown) == 60
    assert done.seconds == 70


class TornAway(Cancellation):
    """Stands in for a caller whose thread is torn out of its wait."""

    @contextmanager
    def waking(self, event: threading.Event) -> Iterator[None]:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        with super().waking(event):
            yield


def test_a_caller_who_is_torn_away_leaves_no_thread_that_goes_on_acting(trial: Trial) -> None:
    trial.stop = TornAway(trial.clock.monotonic)
    trial.limits = RateLimits(share=1.0, authenticate=1)
    with pytest.raises(KeyboardInterrupt):
        trial.apply(*DESIRED)
    assert len([r for r in trial.state.log() if r.endpoint == "disconnect"]) <= 1
    assert sum(1 for r in trial.journal.records if type(r).__name__ == "Ended") == 3
