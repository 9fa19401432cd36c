"""A call is sent once, and again only after an answer that proves that it did nothing."""

from itertools import pairwise

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import Platform, Secret
from reconciler.recall import CalendarWriter, NotReached, Permit, TlsFailed
from tests.applying.trial import GOOGLE, MICROSOFT, Trial, disconnected, fault, person, wanted

VERIFIED = ("verified", "read_back")
BOTH = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
DESIRED = (wanted("alice", GOOGLE), wanted("bob"))
ALICES_CALL = disconnected("alice", MICROSOFT)
BOBS_CALL = disconnected("bob", GOOGLE)


@pytest.mark.parametrize(("status", "answer"), [(409, "conflict"), (429, "throttled")])
def test_a_call_that_did_nothing_is_sent_again_after_a_new_reread(
    trial: Trial, status: int, answer: str
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=status))
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL, BOBS_CALL]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert [r.endpoint for r in done.log if r.external_id == "bob"] == [
        "authenticate",
        *("get_user", "disconnect"),
        *("get_user", "disconnect", "get_user"),
    ]
    assert done.result.results[1].calls == 2
    assert trial.journal.story("bob") == [
        "intent 1",
        f"answer 1 {answer} no effect",
        "intent 2",
        "answer 2 accepted",
        "read back 2 read_back",
        "outcome verified",
    ]


@pytest.mark.parametrize(("status", "cause"), [(409, "conflict"), (429, "throttled")])
def test_a_call_that_never_does_anything_is_sent_five_times_at_most(
    trial: Trial, status: int, cause: str
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=status, times=None))
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, *[BOBS_CALL] * 5]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": ("failed", cause)}
    assert done.count("get_user", "bob") == 5
    moments = [request.at for request in done.of("disconnect", "bob")]
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    for pause, step in zip(pauses, (1, 2, 4, 8), strict=True):
        assert 0.5 * step <= pause <= 1.5 * step


@pytest.mark.parametrize("status", [409, 429])
def test_a_retry_after_is_waited_out_before_the_call_is_sent_again(
    trial: Trial, status: int
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=status, retry_after="120"))
    done = trial.apply(*DESIRED)
    first, second = done.of("disconnect", "bob")
    assert 120 <= second.at - first.at <= 121
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


@pytest.mark.parametrize(("status", "cause"), [(429, "throttled_beyond_cap"), (409, "conflict")])
def test_a_retry_after_beyond_the_cap_is_not_shortened_and_halts_the_run(
    trial: Trial, status: int, cause: str
) -> None:
    trial.people(*BOTH, person("carol", GOOGLE))
    trial.fail(fault(user="alice", status=status, retry_after="121"))
    done = trial.apply(*DESIRED, wanted("carol"))
    assert done.calls == [ALICES_CALL]
    assert done.tokens == ["alice"]
    assert done.outcomes == {
        "alice microsoft": ("failed", cause),
        "bob google": ("not_attempted", "stopped"),
        "carol google": ("not_attempted", "stopped"),
    }
    assert done.result.halted == "retry_after_beyond_cap"
    assert done.seconds == 0


def test_a_server_error_that_asks_for_too_long_a_wait_is_read_back_and_halts_the_run(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="alice", status=503, retry_after="3600", after_effect=True))
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("not_attempted", "stopped"),
    }
    assert done.result.halted == "retry_after_beyond_cap"


@pytest.mark.parametrize("endpoint", ["authenticate", "get_user"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_beyond_the_cap_before_a_call_halts_the_run_with_nothing_sent(
    trial: Trial, endpoint: str, status: int
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on=endpoint, user="alice", status=status, retry_after="121"))
    done = trial.apply(*DESIRED)
    assert done.calls == []
    assert done.tokens == ["alice"]
    assert {outcome for outcome, _ in done.outcomes.values()} == {"not_attempted"}
    assert done.result.halted == "retry_after_beyond_cap"


def test_a_cap_of_ones_own_holds(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="alice", status=409, retry_after="31"))
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, retry_after_cap=30))
    assert done.calls == [ALICES_CALL]
    assert done.result.halted == "retry_after_beyond_cap"


def test_a_token_refused_at_the_call_is_replaced_once_and_the_call_sent_again(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=401))
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL, BOBS_CALL]
    assert done.tokens.count("bob") == 2
    assert done.count("get_user", "bob") == 3
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert done.seconds == 0


def test_a_second_token_refused_at_the_call_fails_the_action(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=401, times=None))
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL, BOBS_CALL]
    assert done.tokens.count("bob") == 2
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("failed", "user_token_refused"),
    }


def test_a_second_token_refused_at_the_reread_fails_the_action_with_nothing_sent(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on="get_user", user="bob", status=401, times=None))
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL]
    assert done.tokens.count("bob") == 2
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("failed", "user_token_refused"),
    }


def test_a_token_refused_at_the_read_back_is_replaced(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on="get_user", user="bob", status=401, skip=1))
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.tokens.count("bob") == 2
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_a_token_may_be_refused_once_before_and_once_after_the_call(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=401), fault(on="get_user", user="bob", status=401, skip=2))
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL, BOBS_CALL]
    assert done.tokens.count("bob") == 3
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert trial.journal.story("bob")[-2:] == ["read back 2 read_back", "outcome verified"]
    assert "read back 2 user_token_refused" not in trial.journal.story("bob")


class Unreachable(CalendarWriter):
    """Stands in for a network that lets no connection through, twice."""

    left = 2

    def disconnect(
        self, token: Secret, platform: Platform, permit: Permit, *, leave_by: float
    ) -> None:
        if platform is GOOGLE and Unreachable.left:
            Unreachable.left -= 1
            raise NotReached("disconnect calendar platform: connection refused")
        super().disconnect(token, platform, permit, leave_by=leave_by)


def test_a_call_that_never_left_is_sent_again_after_a_new_reread(trial: Trial) -> None:
    trial.people(*BOTH)
    Unreachable.left = 2
    trial.writer_type = Unreachable
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL]
    assert done.count("get_user", "bob") == 4
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}
    assert trial.journal.story("bob")[1] == "answer 1 not_reached no effect"


class Untrusted(CalendarWriter):
    """Stands in for a server whose certificate is no longer accepted when Google is called."""

    def disconnect(
        self, token: Secret, platform: Platform, permit: Permit, *, leave_by: float
    ) -> None:
        if platform is GOOGLE:
            raise TlsFailed("disconnect calendar platform: the certificate is not accepted")
        super().disconnect(token, platform, permit, leave_by=leave_by)


def test_a_call_for_which_tls_failed_is_neither_sent_again_nor_read_back(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.writer_type = Untrusted
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": ("failed", "tls_failed")}
    assert done.count("get_user", "bob") == 1
    assert trial.journal.story("bob") == [
        "intent 1",
        "answer 1 tls_failed no effect",
        "outcome failed",
    ]


def test_what_somebody_else_does_before_the_second_call_counts_as_done(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=429, retry_after="60"))
    trial.clock.at(30, lambda: trial.state.disconnect("bob", GOOGLE))
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == ("verified", "found_done")
    assert done.result.results[1].calls == 1


def test_a_reconnect_before_the_second_call_makes_it_stale(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=429, retry_after="60"))

    def reconnect() -> None:
        trial.state.disconnect("bob", GOOGLE)
        trial.state.connect("bob", GOOGLE)

    trial.clock.at(30, reconnect)
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == ("skipped_stale", "connection_changed")
    assert trial.connected()["bob"] == ["google"]


def test_an_unclear_answer_to_the_second_call_is_the_last_word(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="bob", status=409), fault(user="bob", status=502))
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == ("unknown", "not_seen_in_time")


def test_an_error_at_the_reread_of_the_second_call_fails_the_action(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(
        fault(user="bob", status=409),
        fault(on="get_user", user="bob", status=500, skip=1, times=None),
    )
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == ("failed", "server_error")
    assert done.result.results[1].calls == 1


def test_a_halt_at_the_reread_of_the_second_call_leaves_the_action_failed(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(
        fault(user="bob", status=409),
        fault(on="get_user", user="bob", status=402, skip=1, times=None),
    )
    done = trial.apply(*DESIRED)
    assert sorted(done.calls) == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == ("failed", "out_of_credit")
    assert done.result.halted == "out_of_credit"


def test_the_limits_of_the_sandbox_are_never_run_into(trial: Trial) -> None:
    users = [f"user-{number:02}" for number in range(30)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.switch(authenticate_limit=10)
    trial.limits = type(trial.limits)(share=1.0, authenticate=10)
    done = trial.apply(*map(wanted, users), settings=ApplySettings())
    assert sorted(done.calls) == [disconnected(user, GOOGLE) for user in users]
    assert set(done.outcomes.values()) == {VERIFIED}
    assert {request.status for request in done.log} == {200}
    assert done.seconds == 120
