"""A call leaves soon after its re-read and its intent, or not at all before new ones."""

import socket
import threading

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Deadline, Platform, Preferences, Secret
from reconciler.planning import Protection
from reconciler.recall import CalendarReader, CalendarWriter, Permit
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Trial,
    disconnected,
    fault,
    person,
    updated,
    wanted,
)
from tests.applying.virtual_clock import VirtualClock

VERIFIED = ("verified", "read_back")
STOPPED = ("not_attempted", "stopped")
DESIRED = (wanted("alice", GOOGLE), wanted("bob", MICROSOFT))
ALICES_CALL = disconnected("alice", MICROSOFT)
BOBS_CALL = disconnected("bob", GOOGLE)
ONCE_TOO_LATE = [
    "intent 1",
    "answer 1 not_sent no effect",
    "intent 1",
    "answer 1 accepted",
    "read back 1 read_back",
    "outcome verified",
]


@pytest.fixture(autouse=True)
def two_people(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))


def reconnect_bob(trial: Trial) -> None:
    trial.state.disconnect("bob", GOOGLE)
    trial.state.connect("bob", GOOGLE, "bob@new.example.com")


# The intent


@pytest.mark.parametrize("takes", [2.1, 3, 30])
def test_an_intent_that_takes_more_than_2_seconds_is_taken_back_and_all_is_checked_anew(
    trial: Trial, takes: float
) -> None:
    trial.journal.at("intent", lambda: trial.clock.advance(takes), user="bob")
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert [r.endpoint for r in done.log if r.external_id == "bob"] == [
        *("authenticate", "get_user", "get_user", "disconnect", "get_user")
    ]
    assert trial.journal.story("bob") == ONCE_TOO_LATE
    assert [result.calls for result in done.result.results] == [1, 1]


def test_an_update_is_kept_back_the_same(trial: Trial) -> None:
    trial.journal.at("intent", lambda: trial.clock.advance(3), user="bob")
    quiet = Preferences(bot_name="Quiet")
    done = trial.apply(wanted("alice", GOOGLE), wanted("bob", GOOGLE, MICROSOFT, preferences=quiet))
    assert done.calls == [ALICES_CALL, updated("bob", bot_name="Quiet")]
    assert trial.journal.story("bob") == ONCE_TOO_LATE


def test_an_intent_that_takes_2_seconds_is_good(trial: Trial) -> None:
    trial.journal.at("intent", lambda: trial.clock.advance(2), user="bob")
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.count("get_user", "bob") == 2


def test_a_change_that_the_repeated_reread_shows_is_heeded(trial: Trial) -> None:
    def slowly() -> None:
        trial.clock.advance(60)
        reconnect_bob(trial)

    trial.journal.at("intent", slowly, user="bob")
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob google"] == ("skipped_stale", "connection_changed")
    assert done.result.calls == 1


def test_a_journal_that_is_always_too_slow_halts_the_run_with_nothing_sent(trial: Trial) -> None:
    trial.journal.at("intent", lambda: trial.clock.advance(3), user="alice", once=False)
    done = trial.apply(*DESIRED)
    assert done.calls == []
    assert done.tokens == ["alice"]
    assert done.outcomes == {"alice microsoft": STOPPED, "bob google": STOPPED}
    assert done.result.halted == "journal_failed"
    assert done.result.halt_detail == "writing an intent takes too long"
    assert trial.journal.story("alice").count("intent 1") == 5


# The re-read


class SlowProtection(Protection):
    """Takes 4 seconds to say of bob whether he is protected, each time but the first."""

    clock: VirtualClock
    looks = 0

    def covers(self, user: CalendarUser) -> bool:
        if user.external_id == "bob":
            type(self).looks += 1
            if self.looks == 2:
                self.clock.advance(4)
        return super().covers(user)


def slow_rereads(trial: Trial, monkeypatch: pytest.MonkeyPatch, *, of: str, times: int) -> None:
    """The first ``times`` answers for user ``of`` are 6 seconds old when they arrive."""
    left = [times]
    get_user = CalendarReader.get_user

    def slowly(
        self: CalendarReader, token: Secret, subject: str, deadline: Deadline
    ) -> CalendarUser:
        user = get_user(self, token, subject, deadline)
        if subject == of and left[0]:
            left[0] -= 1
            trial.clock.advance(6)
        return user

    monkeypatch.setattr(CalendarReader, "get_user", slowly)


def test_a_reread_counts_from_when_it_was_asked_for_and_not_from_its_answer(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_rereads(trial, monkeypatch, of="bob", times=1)
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.count("get_user", "bob") == 3
    assert trial.journal.story("bob").count("intent 1") == 1


def test_a_user_whose_rereads_are_always_too_old_fails_alone_and_without_an_intent(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_rereads(trial, monkeypatch, of="alice", times=99)
    done = trial.apply(*DESIRED)
    assert done.calls == [BOBS_CALL]
    assert done.outcomes == {
        "alice microsoft": ("failed", "not_sent_in_time"),
        "bob google": VERIFIED,
    }
    assert trial.journal.story("alice") == ["outcome failed"]


@pytest.mark.parametrize(("takes", "rereads"), [(1.0, 1), (1.1, 2)])
def test_a_reread_that_is_older_than_5_seconds_is_repeated(
    trial: Trial, takes: float, rereads: int
) -> None:
    SlowProtection.clock, SlowProtection.looks = trial.clock, 0
    trial.protection_type = SlowProtection
    trial.journal.at("intent", lambda: trial.clock.advance(takes), user="bob")
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert SlowProtection.looks > 1
    assert done.count("get_user", "bob") == rereads + 1


# The connection


class SlowToConnect(CalendarWriter):
    """Stands in for a network on which bob's call gets its connection 3 seconds late."""

    times = 0
    mine: threading.Thread | None = None

    def disconnect(
        self, token: Secret, platform: Platform, permit: Permit, *, leave_by: float
    ) -> None:
        kind = type(self)
        if platform is GOOGLE and kind.times:
            kind.times -= 1
            kind.mine = threading.current_thread()
        super().disconnect(token, platform, permit, leave_by=leave_by)


@pytest.fixture
def slow(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> type[SlowToConnect]:
    connect = socket.create_connection

    def connect_slowly(*args: object, **kwargs: object) -> socket.socket:
        connection = connect(*args, **kwargs)  # type: ignore[arg-type]
        if SlowToConnect.mine is threading.current_thread():
            SlowToConnect.mine = None
            trial.clock.advance(3)
        return connection

    monkeypatch.setattr(socket, "create_connection", connect_slowly)
    SlowToConnect.times, SlowToConnect.mine = 0, None
    trial.writer_type = SlowToConnect
    return SlowToConnect


def test_a_call_whose_connection_comes_too_late_is_taken_back_and_all_is_checked_anew(
    trial: Trial, slow: type[SlowToConnect]
) -> None:
    slow.times = 1
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert [r.endpoint for r in done.log if r.external_id == "bob"] == [
        *("authenticate", "get_user", "get_user", "disconnect", "get_user")
    ]
    assert trial.journal.story("bob") == ONCE_TOO_LATE
    assert [result.calls for result in done.result.results] == [1, 1]


def test_a_call_whose_connection_always_comes_too_late_has_failed_and_the_others_go_on(
    trial: Trial, slow: type[SlowToConnect]
) -> None:
    slow.times = 100
    trial.people(person("alice", GOOGLE), person("bob", MICROSOFT), person("carol", MICROSOFT))
    desired = [wanted(name) for name in ("alice", "bob", "carol")]
    done = trial.apply(*desired)
    assert done.calls == [disconnected("bob", MICROSOFT), disconnected("carol", MICROSOFT)]
    assert done.outcomes == {
        "alice google": ("failed", "not_sent_in_time"),
        "bob microsoft": VERIFIED,
        "carol microsoft": VERIFIED,
    }
    assert done.result.halted is None
    assert done.result.results[0].calls == 0
    assert done.count("get_user", "alice") == 5
    assert trial.journal.story("alice") == [
        *["intent 1", "answer 1 not_sent no effect"] * 5,
        "outcome failed",
    ]
    assert "too long" in done.detail("alice")


def test_a_call_that_cannot_leave_in_time_counts_as_a_failure(
    trial: Trial, slow: type[SlowToConnect]
) -> None:
    slow.times = 100
    trial.people(person("alice", GOOGLE), person("bob", MICROSOFT))
    settings = ApplySettings(workers=1, max_failures=0)
    done = trial.apply(wanted("alice"), wanted("bob"), settings=settings)
    assert done.calls == []
    assert done.result.halted == "max_failures"
    assert done.outcomes["bob microsoft"] == STOPPED


def test_a_stop_between_two_tries_leaves_the_action_not_attempted(
    trial: Trial, slow: type[SlowToConnect]
) -> None:
    slow.times = 1
    trial.journal.at("answer", trial.interrupt, user="bob")
    trial.people(person("alice", MICROSOFT), person("bob", GOOGLE))
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": STOPPED}


def test_a_second_call_whose_connection_comes_too_late_keeps_its_number(
    trial: Trial, slow: type[SlowToConnect]
) -> None:
    trial.fail(fault(user="bob", status=409))

    def slow_from_now() -> None:
        slow.times = 1

    trial.journal.at("answer", slow_from_now, user="bob")
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == VERIFIED
    assert trial.journal.story("bob") == [
        *("intent 1", "answer 1 conflict no effect"),
        *("intent 2", "answer 2 not_sent no effect"),
        *("intent 2", "answer 2 accepted"),
        *("read back 2 read_back", "outcome verified"),
    ]
    assert done.result.results[1].calls == 2
