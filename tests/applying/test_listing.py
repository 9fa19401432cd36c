"""No token for anybody whom a recent, complete list does not show."""

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import ObservedState
from reconciler.recall import CalendarReader, Patience, RateLimits
from reconciler.recall.reader import Progress
from reconciler.sandbox import FaultKind
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Done,
    Trial,
    disconnected,
    fault,
    person,
    wanted,
)

VERIFIED = ("verified", "read_back")
BOTH = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
DESIRED = (wanted("alice", GOOGLE), wanted("bob"))
BOTH_CALLS = [disconnected("alice", MICROSOFT), disconnected("bob", GOOGLE)]


def test_a_list_of_under_5_minutes_is_not_taken_again(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.clock.advance(299))
    assert done.count("list_users") == 0
    assert done.calls == BOTH_CALLS


def test_a_list_of_5_minutes_is_taken_again_before_the_next_token(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.clock.advance(300))
    assert done.log[0].endpoint == "list_users"
    assert done.count("list_users") == 1
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_who_is_gone_from_the_newer_list_gets_no_token_and_is_not_made_anew(trial: Trial) -> None:
    trial.people(*BOTH)

    def go() -> None:
        trial.delete("bob")
        trial.clock.advance(301)

    done = trial.apply(*DESIRED, meanwhile=go)
    assert done.tokens == ["alice"]
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes["bob google"] == ("skipped_stale", "user_gone")
    assert list(trial.connected()) == ["alice"]


def test_who_shares_his_id_on_the_newer_list_gets_no_token(trial: Trial) -> None:
    trial.people(*BOTH, person("carol", GOOGLE))

    def become_double() -> None:
        trial.rename("carol", "bob")
        trial.clock.advance(301)

    done = trial.apply(*DESIRED, meanwhile=become_double)
    assert done.tokens == ["alice"]
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes["bob google"] == ("skipped_stale", "ambiguous_identity")


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED_ROW, FaultKind.NEXT_LOOP])
def test_a_newer_list_that_is_incomplete_gives_nobody_a_token(
    trial: Trial, kind: FaultKind
) -> None:
    trial.people(*BOTH)

    def spoil_the_list() -> None:
        trial.fail(fault(kind, on="list_users", times=None))
        trial.clock.advance(301)

    done = trial.apply(*DESIRED, meanwhile=spoil_the_list)
    assert done.tokens == []
    assert done.calls == []
    assert set(done.outcomes.values()) == {("failed", "incomplete_list")}


def test_a_list_that_is_incomplete_once_costs_one_user(trial: Trial) -> None:
    trial.people(*BOTH)

    def spoil_the_list() -> None:
        trial.fail(fault(FaultKind.MALFORMED_ROW, on="list_users"))
        trial.clock.advance(301)

    done = trial.apply(*DESIRED, meanwhile=spoil_the_list)
    assert done.tokens == ["bob"]
    assert done.calls == [disconnected("bob", GOOGLE)]
    assert done.outcomes == {
        "alice microsoft": ("failed", "incomplete_list"),
        "bob google": VERIFIED,
    }
    assert "is malformed" in done.detail("alice")


def test_a_newer_list_that_cannot_be_had_fails_its_user(trial: Trial) -> None:
    trial.people(*BOTH)

    def break_the_list() -> None:
        trial.fail(fault(on="list_users", status=500))
        trial.clock.advance(301)

    done = trial.apply(*DESIRED, meanwhile=break_the_list)
    assert done.tokens == ["bob"]
    assert done.calls == [disconnected("bob", GOOGLE)]
    assert done.outcomes["alice microsoft"] == ("failed", "server_error")


def ages_of_lists_at_tokens(done: Done, planned_at: float) -> list[float]:
    listed_at, ages = planned_at, []
    for request in done.log:
        if request.endpoint == "list_users":
            listed_at = request.at
        if request.endpoint == "authenticate":
            ages.append(request.at - listed_at)
    return ages


def test_no_wait_for_budget_makes_a_list_older_than_5_minutes(trial: Trial) -> None:
    users = [f"user-{number}" for number in range(9)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.limits = RateLimits(share=1.0, authenticate=1)
    begun = trial.clock.now().timestamp()
    done = trial.apply(
        *map(wanted, users),
        meanwhile=lambda: trial.clock.advance(20),
        settings=ApplySettings(workers=2),
    )
    assert sorted(done.calls) == [disconnected(user, GOOGLE) for user in users]
    ages = ages_of_lists_at_tokens(done, begun)
    assert len(ages) == 9
    assert max(ages) <= 300
    assert done.count("list_users") == 1
    assert done.seconds == 480


def test_what_a_server_asks_to_wait_is_waited_though_the_list_grows_old(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on="authenticate", user="alice", status=429, retry_after="100"))
    begun = trial.clock.now().timestamp()
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.clock.advance(250))
    first, second = done.of("authenticate", "alice")
    assert second.at - first.at == 100
    assert max(ages_of_lists_at_tokens(done, begun)) <= 300
    assert done.count("list_users") == 1
    assert done.calls == BOTH_CALLS


class SlowLists(CalendarReader):
    """Stands in for an API whose lists take longer than they may be old."""

    def list_users(self, patience: Patience, on_progress: Progress | None = None) -> ObservedState:
        observed = super().list_users(patience, on_progress)
        self._budgets._clock.advance(301)  # type: ignore[attr-defined]
        return observed


def test_lists_that_are_too_old_when_they_come_give_nobody_a_token(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.reader_type = SlowLists
    done = trial.apply(*DESIRED)
    assert done.tokens == []
    assert done.calls == []
    assert set(done.outcomes.values()) == {("failed", "incomplete_list")}
    assert done.count("list_users") == 6


def test_a_refused_token_is_replaced_only_on_a_list_from_after_the_refusal(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on="get_user", user="bob", status=401))
    done = trial.apply(*DESIRED)
    bobs = [r.endpoint for r in done.log if r.external_id == "bob" or r.endpoint == "list_users"]
    assert bobs == [
        *("authenticate", "get_user", "list_users", "authenticate"),
        *("get_user", "disconnect", "get_user"),
    ]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_a_user_deleted_while_we_hold_his_token_is_not_made_anew(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.journal.at("outcome", lambda: trial.delete("alice"), user="alice")
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert done.tokens.count("alice") == 2  # ours, and that of who deletes
    assert done.outcomes == {
        "alice google": VERIFIED,
        "alice microsoft": ("skipped_stale", "user_gone"),
        "bob google": VERIFIED,
    }
    assert sorted(done.calls) == [disconnected("alice", GOOGLE), disconnected("bob", GOOGLE)]
    assert list(trial.connected()) == ["bob"]


def test_who_needs_a_newer_list_waits_for_the_one_that_is_being_taken(trial: Trial) -> None:
    trial.people(*BOTH)

    def delay_the_list() -> None:
        trial.fail(fault(on="list_users", status=503, retry_after="30"))
        trial.clock.advance(301)

    settings = ApplySettings(workers=2)
    done = trial.apply(*DESIRED, meanwhile=delay_the_list, settings=settings)
    assert done.count("list_users") == 2
    assert sorted(done.calls) == sorted(BOTH_CALLS)
    assert set(done.outcomes.values()) == {VERIFIED}
    assert done.seconds == 30


def test_a_stop_wakes_who_waits_for_the_list_of_another(trial: Trial) -> None:
    trial.people(*BOTH)

    def delay_the_list() -> None:
        trial.fail(fault(on="list_users", status=503, retry_after="30"))
        trial.clock.advance(301)
        trial.interrupt_after(10)

    settings = ApplySettings(workers=2)
    done = trial.apply(*DESIRED, meanwhile=delay_the_list, settings=settings)
    assert done.tokens == []
    assert done.calls == []
    assert set(done.outcomes.values()) == {("not_attempted", "stopped")}
    assert done.seconds == 10
