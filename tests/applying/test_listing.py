"""No token for anybody whom a recent, complete list does not show."""

from collections.abc import Callable

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Deadline, ObservedState, RateLimits, Secret
from reconciler.recall import CalendarReader, CalendarWriter
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


def test_a_list_of_under_10_seconds_is_not_taken_again(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.clock.advance(9.9))
    assert done.count("list_users") == 0
    assert done.calls == BOTH_CALLS


def test_a_list_of_10_seconds_is_taken_again_before_the_next_token(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.clock.advance(10))
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


def test_a_wait_for_budget_ends_with_a_new_list_and_not_with_an_old_one(trial: Trial) -> None:
    users = [f"user-{number}" for number in range(9)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.limits = RateLimits(share=1.0, authenticate=1)
    begun = trial.clock.now().timestamp()
    done = trial.apply(*map(wanted, users), settings=ApplySettings(workers=2))
    assert sorted(done.calls) == [disconnected(user, GOOGLE) for user in users]
    assert ages_of_lists_at_tokens(done, begun) == [0] * 9
    assert done.count("list_users") == 8
    assert done.seconds == 480


def test_many_users_share_a_list(trial: Trial) -> None:
    users = [f"user-{number}" for number in range(9)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.fail(fault(on="authenticate", user="user-4", status=409))
    settings = ApplySettings(workers=2, list_max_age=10)
    done = trial.apply(
        *map(wanted, users), meanwhile=lambda: trial.clock.advance(30), settings=settings
    )
    assert sorted(done.calls) == [disconnected(user, GOOGLE) for user in users]
    assert done.count("list_users") == 1


def test_after_a_wait_that_the_server_asked_for_the_list_is_taken_again(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on="authenticate", user="alice", status=429, retry_after="100"))
    begun = trial.clock.now().timestamp()
    done = trial.apply(*DESIRED)
    first, second = done.of("authenticate", "alice")
    assert second.at - first.at == 100
    assert max(ages_of_lists_at_tokens(done, begun)) == 0
    assert done.count("list_users") == 1
    assert done.calls == BOTH_CALLS


def test_who_is_deleted_while_the_server_lets_us_wait_is_not_made_anew(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.fail(fault(on="authenticate", user="alice", status=429, retry_after="100"))
    trial.clock.at(50, lambda: trial.delete("alice"))
    done = trial.apply(*DESIRED)
    assert done.tokens == ["alice", "alice", "bob"]  # the second is of who deletes
    assert done.outcomes == {
        "alice microsoft": ("skipped_stale", "user_gone"),
        "bob google": VERIFIED,
    }
    assert done.calls == [disconnected("bob", GOOGLE)]
    assert list(trial.connected()) == ["bob"]


class SlowLists(CalendarReader):
    """Stands in for an API whose lists take this long."""

    seconds = 0.0

    def list_users(self, deadline: Deadline, on_progress: Progress | None = None) -> ObservedState:
        observed = super().list_users(deadline, on_progress)
        self._rate_limiter._clock.advance(self.seconds)  # type: ignore[attr-defined]
        return observed


class SlowTokens(CalendarWriter):
    """Stands in for a run that asks for a token every 11 seconds."""

    def mint_token(
        self, listed: Callable[[], tuple[CalendarUser, float]], deadline: Deadline
    ) -> Secret:
        self._rate_limiter._clock.advance(11)  # type: ignore[attr-defined]
        return super().mint_token(listed, deadline)


@pytest.mark.parametrize(("seconds", "lists"), [(0, 9), (1, 9), (8, 3), (59, 1)])
def test_lists_that_take_long_are_used_for_longer(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, seconds: float, lists: int
) -> None:
    users = [f"user-{number}" for number in range(9)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.writer_type = SlowTokens
    monkeypatch.setattr(SlowLists, "seconds", seconds)
    trial.reader_type = SlowLists
    done = trial.apply(
        *map(wanted, users),
        meanwhile=lambda: trial.clock.advance(300),
    )
    assert sorted(done.calls) == [disconnected(user, GOOGLE) for user in users]
    assert done.count("list_users") == lists


def test_lists_that_are_too_old_when_they_come_give_nobody_a_token(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.people(*BOTH)
    monkeypatch.setattr(SlowLists, "seconds", 300)
    trial.reader_type = SlowLists
    done = trial.apply(*DESIRED)
    assert done.tokens == []
    assert done.calls == []
    assert set(done.outcomes.values()) == {("failed", "incomplete_list")}
    assert done.count("list_users") == 2


class ChangesAtTheToken(CalendarWriter):
    """Stands in for somebody who is faster than the call for bob's token."""

    change: Callable[[], None]

    def mint_token(
        self, listed: Callable[[], tuple[CalendarUser, float]], deadline: Deadline
    ) -> Secret:
        user, good_until = listed()
        if user.external_id == "bob":
            type(self).change()
        return super().mint_token(lambda: (user, good_until), deadline)


@pytest.mark.parametrize(
    "change", [lambda t: t.delete("bob"), lambda t: t.rename("bob", "robert")], ids=["del", "ren"]
)
def test_a_user_whom_the_token_call_may_have_created_is_reported(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, change: Callable[[Trial], None]
) -> None:
    trial.people(*BOTH)
    before = trial.user("bob").id
    monkeypatch.setattr(ChangesAtTheToken, "change", lambda: change(trial), raising=False)
    trial.writer_type = ChangesAtTheToken
    done = trial.apply(*DESIRED)
    created = trial.user("bob")
    assert created.id != before
    assert trial.connected()["bob"] == []
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("skipped_stale", "user_replaced"),
    }
    assert [c for c in done.calls if c[0] == "POST"] == [disconnected("alice", MICROSOFT)]
    assert created.id in done.detail("bob")
    assert "may have created" in done.detail("bob")
    assert "delete it at Recall.ai" in done.detail("bob")


def test_a_user_who_was_renamed_after_the_token_call_is_not_said_to_be_created(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    trial.journal.at("outcome", lambda: trial.rename("alice", "alicia"), user="alice")
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert done.outcomes["alice microsoft"] == ("skipped_stale", "user_replaced")
    assert [r.detail for r in done.result.results if r.outcome.value == "skipped_stale"] == [None]
    calls = sorted(call for call in done.calls if call[0] == "POST")
    assert calls == [disconnected("alice", GOOGLE), disconnected("bob", GOOGLE)]


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
