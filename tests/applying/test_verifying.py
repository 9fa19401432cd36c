"""What a call that was sent comes to: read back until it shows, or until time is up."""

import pytest
from msgspec import structs

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Deadline, Secret, Timeouts
from reconciler.recall import CalendarReader, ClientSettings
from reconciler.runs import Outcome
from reconciler.sandbox import FaultKind
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Trial,
    disconnected,
    fault,
    person,
    wanted,
)

VERIFIED = ("verified", "read_back")
PEOPLE = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE), person("carol", GOOGLE))
DESIRED = (wanted("alice", GOOGLE), wanted("bob"))
BOTH_CALLS = [disconnected("alice", MICROSOFT), disconnected("bob", GOOGLE)]


def test_a_disconnect_that_is_read_back_as_gone_is_verified(trial: Trial) -> None:
    trial.people(*PEOPLE)
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert trial.connected() == {"alice": ["google"], "bob": [], "carol": ["google"]}
    assert done.result.converged
    assert done.result.halted is None
    assert done.result.calls == 2


def test_each_user_is_minted_for_reread_called_and_read_back_in_this_order(trial: Trial) -> None:
    trial.people(*PEOPLE)
    done = trial.apply(*DESIRED)
    steps = ["authenticate", "get_user", "disconnect", "get_user"]
    for user in ("alice", "bob"):
        assert [request.endpoint for request in done.log if request.external_id == user] == steps
    assert len(done.log) == 8


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.TRUNCATED_BODY])
def test_a_call_whose_answer_is_lost_is_verified_by_reading(trial: Trial, kind: FaultKind) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(kind, user="alice"))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert trial.connected()["alice"] == ["google"]


def test_a_call_that_takes_effect_and_times_out_is_verified_by_reading(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.client = ClientSettings(Timeouts(read=0.03))
    trial.fail(fault(FaultKind.LATENCY, user="alice", answer_delay=0.1))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes["alice microsoft"] == VERIFIED
    assert "disconnect calendar platform" in done.detail("alice")


def test_a_call_without_effect_that_times_out_is_unknown_and_not_sent_again(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.client = ClientSettings(Timeouts(read=0.03))
    trial.fail(fault(user="alice", status=503, latency=0.06))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": ("unknown", "not_seen_in_time"),
        "bob google": VERIFIED,
    }


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 307])
def test_an_unclear_answer_without_effect_is_unknown_and_the_call_not_sent_again(
    trial: Trial, status: int
) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(user="alice", status=status))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": ("unknown", "not_seen_in_time"),
        "bob google": VERIFIED,
    }
    assert f"HTTP {status}" in done.detail("alice")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_after_the_effect_is_verified_by_reading(trial: Trial, status: int) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(user="alice", status=status, after_effect=True))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_a_reset_without_effect_is_unknown_and_the_call_not_sent_again(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(FaultKind.DROP_BEFORE, user="bob"))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("unknown", "not_seen_in_time"),
    }


def test_an_accepted_call_that_still_reads_connected_at_the_deadline_is_unknown(
    trial: Trial,
) -> None:
    trial.people(*PEOPLE)
    trial.switch(disconnect_takes_seconds=100)
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert set(done.outcomes.values()) == {("unknown", "not_seen_in_time")}
    assert done.seconds == 59


@pytest.mark.parametrize("takes", [0.4, 20, 58.9])
def test_an_effect_that_shows_before_the_deadline_is_verified(trial: Trial, takes: float) -> None:
    trial.people(*PEOPLE)
    trial.switch(disconnect_takes_seconds=takes)
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert set(done.outcomes.values()) == {VERIFIED}


def test_looking_again_comes_at_longer_and_longer_intervals(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.switch(disconnect_takes_seconds=100)
    done = trial.apply(*DESIRED)
    moments = [request.at for request in done.of("get_user", "bob")][1:]
    assert [round(moment - moments[0], 3) for moment in moments] == [
        *(0, 0.5, 1.5, 3.5, 7.5, 15.5, 23.5, 31.5, 39.5, 47.5, 55.5),
        59,
    ]


def test_a_deadline_shorter_than_a_look_takes_still_allows_one(trial: Trial) -> None:
    trial.people(*PEOPLE)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, read_back=0.5))
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_another_connection_in_its_place_is_verified_and_told(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.journal.at(
        "answer", lambda: trial.state.connect("alice", MICROSOFT, "new@example.com"), user="alice"
    )
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": ("verified", "reconnected"),
        "bob google": VERIFIED,
    }
    assert trial.connected()["alice"] == ["google", "microsoft"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [(400, "rejected"), (403, "blocked"), (404, "not_found"), (405, "not_found")],
)
def test_a_refused_call_without_effect_has_failed_after_one_look(
    trial: Trial, status: int, cause: str
) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(user="alice", status=status))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": ("failed", cause), "bob google": VERIFIED}
    assert done.count("get_user", "alice") == 2
    assert done.result.count()[Outcome.FAILED] == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_call_whose_effect_shows_is_verified(trial: Trial, status: int) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(user="alice", status=status, after_effect=True))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_a_look_that_fails_is_followed_by_another(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(on="get_user", user="bob", status=500, skip=1, times=3))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert trial.journal.story("bob") == [
        "intent 1",
        "answer 1 accepted",
        *["read back 1 server_error"] * 3,
        "read back 1 read_back",
        "outcome verified",
    ]


def test_a_call_that_can_never_be_read_back_is_unknown(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(on="get_user", user="bob", status=500, skip=1, times=None))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("unknown", "not_readable"),
    }
    assert done.seconds <= 60


def test_retries_of_a_look_end_with_the_deadline(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.fail(fault(on="get_user", user="bob", status=503, retry_after="50", skip=1, times=None))
    done = trial.apply(*DESIRED)
    assert done.outcomes["bob google"] == ("unknown", "not_readable")
    assert done.seconds == 50


def test_a_waiting_look_holds_its_user_and_no_worker(trial: Trial) -> None:
    users = [f"user-{number}" for number in range(6)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.switch(disconnect_takes_seconds=20)
    done = trial.apply(*map(wanted, users), settings=ApplySettings(workers=1))
    assert done.calls == [disconnected(user, GOOGLE) for user in users]
    assert set(done.outcomes.values()) == {VERIFIED}
    assert {request.at - done.log[0].at for request in done.of("disconnect")} == {0.0}
    assert done.seconds == 23.5


def test_a_user_deleted_after_his_call_is_unknown_and_not_made_again(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.switch(disconnect_takes_seconds=100)
    trial.journal.at("read_back", lambda: trial.delete("alice"), user="alice")
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes["alice microsoft"] == ("unknown", "not_seen_in_time")
    assert list(trial.connected()) == ["bob", "carol"]


class SeesSomebodyElseLater(CalendarReader):
    """Stands in for an API that answers bob's token with another user after the call."""

    reads = 0

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        user = super().get_user(token, subject, deadline)
        if subject != "bob":
            return user
        type(self).reads += 1
        return user if self.reads == 1 else structs.replace(user, id="somebody else")


@pytest.mark.parametrize("status", [200, 400])
def test_what_another_user_shows_proves_nothing(trial: Trial, status: int) -> None:
    trial.people(*PEOPLE)
    SeesSomebodyElseLater.reads = 0
    trial.reader_type = SeesSomebodyElseLater
    if status == 400:
        trial.fail(fault(user="bob", status=400))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("unknown", "user_replaced"),
    }
