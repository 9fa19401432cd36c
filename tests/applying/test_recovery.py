"""What runs that died left in doubt is found out by looking, and never by calling again."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from msgspec import structs

from reconciler.applying import ApplySettings, RunContext, recover
from reconciler.applying.run_context import READ_BACK_THREADS
from reconciler.domain import (
    CalendarUser,
    Deadline,
    DesiredUser,
    Observation,
    Preferences,
    RateLimits,
    Secret,
    rfc3339,
)
from reconciler.planning import Action, Disconnect, Protection
from reconciler.recall import CalendarReader
from reconciler.runs import (
    Answer,
    Ended,
    InDoubt,
    Intent,
    JournalFailed,
    ReadBack,
    ResolvedCall,
    RunOpened,
)
from reconciler.sandbox import FaultKind, LoggedRequest
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Trial,
    fault,
    name,
    person,
    wanted,
)
from tests.planning.fleets import manifest

DEAD = "run-dead"
NAMES = ("alice", "bob", "carol")
UNDER_WAY = 123.0
"""Seconds for which a call may be under way: 1 s of rounding, 2 to leave, 60 to be answered, and 60
for its effect to show."""
VERIFIED = ("verified", "read_back")
LISTED = ("verified", "seen_in_list")


@dataclass(frozen=True)
class Recovered:
    """What settling came to, and what it asked the API for."""

    resolved: tuple[ResolvedCall, ...]
    log: tuple[LoggedRequest, ...]
    seconds: float

    @property
    def outcomes(self) -> dict[str, tuple[str, str]]:
        return {
            name(one.result.action): (one.result.outcome.value, one.result.cause)
            for one in self.resolved
        }

    @property
    def requests(self) -> list[tuple[str, str | None]]:
        """Everything that arrived, in its order."""
        return [(request.endpoint, request.external_id) for request in self.log]

    def moments(self, user: str) -> list[float]:
        """When the user was read, in seconds since the first time."""
        at = [r.at for r in self.log if (r.endpoint, r.external_id) == ("get_user", user)]
        return [round(moment - at[0], 3) for moment in at]


class DeadRuns:
    """Dead runs, and the one that resolves what they left."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.settings = ApplySettings(workers=1)
        self.protected: tuple[str, ...] = ()
        self.doubts: list[InDoubt] = []

    def left(
        self,
        *users: str,
        run: str = DEAD,
        answer: str | None = None,
        call: int = 1,
        ago: float = 3600.0,
    ) -> None:
        """A dead run left its calls for ``users`` (whose platforms shall all go) in doubt."""
        at = rfc3339(self.trial.clock.now())
        for action in self.actions(*(wanted(user) for user in users)):
            self.doubts.append(InDoubt(run, action, call, at, answer))
        self.trial.clock.advance(ago)

    def actions(self, *desired: DesiredUser) -> tuple[Action, ...]:
        with self.trial.clients() as (reader, _):
            observed, _ = self.trial.list(reader)
            state = manifest(*desired)
            return self.trial.content(state, observed, ()).actions

    def recover(self, meanwhile: Callable[[], None] = lambda: None) -> Recovered:
        """List, let ``meanwhile`` happen, and recover."""
        trial = self.trial
        with trial.clients() as (reader, writer):
            observed, observed_at = trial.list(reader)
            meanwhile()
            already = max(request.seq for request in trial.state.log())
            trial.clock.threads = self.settings.workers + READ_BACK_THREADS
            context = RunContext(
                "the run that recovers",
                trial.journal,
                Observation(observed, observed_at),
                reader=reader,
                writer=writer,
                protection=Protection(self.protected),
                clock=trial.clock,
                cancellation=trial.stop,
                settings=self.settings,
                jitter=random.Random(7),
            )
            begun = trial.clock.monotonic()
            try:
                resolved = recover(self.doubts, observed, context)
            finally:
                self.log = trial.state.log(since=already)
            return Recovered(resolved, self.log, trial.clock.monotonic() - begun)


@pytest.fixture
def dead(trial: Trial) -> DeadRuns:
    trial.people(*(person(user, GOOGLE) for user in NAMES))
    return DeadRuns(trial)


def read(*users: str) -> list[tuple[str, str | None]]:
    """What it takes to read each of ``users`` once."""
    return [(endpoint, user) for user in users for endpoint in ("authenticate", "get_user")]


# From the list


def test_a_row_that_the_list_shows_no_more_is_verified_and_told(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")
    trial.switch(after_disconnect="row_absent")
    trial.state.disconnect("alice", GOOGLE)
    recovered = dead.recover()
    assert recovered.outcomes["alice google"] == ("verified", "row_absent")
    assert recovered.requests[:1] == [("authenticate", "bob")]


def test_a_row_is_not_taken_for_gone_where_the_platform_that_the_call_required_has_none_either(
    trial: Trial, dead: DeadRuns
) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))
    for action in dead.actions(wanted("alice", GOOGLE), wanted("bob", GOOGLE)):
        dead.doubts.append(InDoubt(DEAD, action, 1, rfc3339(trial.clock.now()), "server_error"))
    trial.clock.advance(3600)
    trial.switch(after_disconnect="row_absent")
    trial.state.disconnect("alice", MICROSOFT)
    trial.state.disconnect("bob", MICROSOFT)
    trial.state.disconnect("bob", GOOGLE)
    assert dead.recover().outcomes == {
        "alice microsoft": ("verified", "row_absent"),
        "bob microsoft": ("unknown", "not_seen_in_time"),
    }


def test_what_the_list_shows_as_done_is_verified_without_a_token_or_a_read(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")
    trial.state.disconnect("alice", GOOGLE)
    trial.state.disconnect("bob", GOOGLE)
    recovered = dead.recover()
    assert recovered.requests == []
    assert recovered.outcomes == {"alice google": LISTED, "bob google": LISTED}
    assert trial.journal.story("alice") == ["read back 1 seen_in_list", "outcome verified"]


def test_what_the_list_does_not_show_is_read_and_nothing_is_called(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")
    trial.state.disconnect("alice", GOOGLE)
    recovered = dead.recover()
    assert recovered.requests == read("bob")
    assert recovered.outcomes == {
        "alice google": LISTED,
        "bob google": ("unknown", "not_seen_in_time"),
    }
    assert trial.connected() == {"alice": [], "bob": ["google"], "carol": ["google"]}
    assert recovered.seconds == 0


def test_what_is_read_as_done_after_the_list_is_verified(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob")
    recovered = dead.recover(meanwhile=lambda: trial.state.disconnect("bob", GOOGLE))
    assert recovered.requests == read("alice", "bob")
    assert recovered.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "bob google": VERIFIED,
    }


def test_another_connection_in_its_place_is_verified_and_told(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob")
    for user in ("alice", "bob"):
        trial.state.disconnect(user, GOOGLE)
    trial.state.connect("bob", GOOGLE, "bob@new.example.com")
    recovered = dead.recover()
    assert recovered.requests == read("bob")
    assert recovered.seconds == 0
    assert recovered.outcomes == {"alice google": LISTED, "bob google": ("verified", "reconnected")}


def test_a_reconnect_proves_nothing_while_the_call_may_still_be_under_way(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", ago=20)
    for user in ("alice", "bob"):
        trial.state.disconnect(user, GOOGLE)
        trial.state.connect(user, GOOGLE, f"{user}@new.example.com")
    trial.clock.at(30, lambda: trial.state.disconnect("bob", GOOGLE))
    recovered = dead.recover()
    assert recovered.outcomes == {
        "alice google": ("verified", "reconnected"),
        "bob google": VERIFIED,
    }
    assert recovered.seconds == UNDER_WAY - 20
    assert recovered.moments("alice")[-1] == UNDER_WAY - 20


def test_a_reconnect_after_an_answer_is_told_at_once(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob", ago=1, answer="accepted")
    for user in ("alice", "bob"):
        trial.state.disconnect(user, GOOGLE)
    trial.state.connect("bob", GOOGLE, "bob@new.example.com")
    recovered = dead.recover()
    assert recovered.requests == []
    assert recovered.outcomes == {"alice google": LISTED, "bob google": ("verified", "reconnected")}


def test_preferences_are_resolved_the_same(trial: Trial, dead: DeadRuns) -> None:
    quiet = [wanted(u, GOOGLE, preferences=Preferences(bot_name="Q")) for u in ("alice", "bob")]
    at = rfc3339(trial.clock.now())
    dead.doubts = [InDoubt(DEAD, action, 1, at, None) for action in dead.actions(*quiet)]
    trial.clock.advance(3600)
    trial.prefer("alice", bot_name="Q")
    recovered = dead.recover()
    assert recovered.requests == read("bob")
    assert recovered.outcomes == {
        "alice preferences": LISTED,
        "bob preferences": ("unknown", "not_seen_in_time"),
    }


def test_an_incomplete_list_settles_nothing_and_nobody_is_read(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")
    trial.state.disconnect("alice", GOOGLE)
    trial.fail(fault(FaultKind.MALFORMED_ROW, on="list_users"))
    recovered = dead.recover()
    assert recovered.requests == []
    assert recovered.resolved == ()
    assert trial.journal.records == ()


def _replace(trial: Trial) -> None:
    trial.delete("bob")
    trial.recreate("bob", GOOGLE)


def _double(trial: Trial) -> None:
    trial.rename("carol", "bob")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda trial: trial.delete("bob"), "user_gone"),
        (_replace, "user_replaced"),
        (_double, "ambiguous_identity"),
    ],
)
def test_who_is_not_who_was_called_for_gets_no_token_and_is_unknown(
    trial: Trial, dead: DeadRuns, change: Callable[[Trial], None], cause: str
) -> None:
    dead.left("alice", "bob")
    change(trial)
    recovered = dead.recover()
    assert recovered.requests == read("alice")
    assert recovered.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "bob google": ("unknown", cause),
    }
    assert trial.journal.story("bob") == [f"read back 1 {cause}", "outcome unknown"]


def test_who_is_gone_while_the_call_may_be_under_way_stays_in_doubt(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", ago=UNDER_WAY - 1)
    trial.delete("bob")
    recovered = dead.recover()
    assert recovered.requests[:2] == read("alice")
    assert recovered.outcomes == {"alice google": ("unknown", "not_seen_in_time")}
    assert trial.journal.story("bob") == ["read back 1 user_gone"]


def test_an_effect_on_one_of_two_users_with_one_id_proves_nothing(
    trial: Trial, dead: DeadRuns
) -> None:
    first, second = sorted(("bob", "carol"), key=lambda user: trial.user(user).id)
    dead.left("alice", first)
    trial.state.disconnect(first, GOOGLE)
    trial.rename(second, first)
    recovered = dead.recover()
    assert recovered.requests == read("alice")
    assert recovered.outcomes[f"{first} google"] == ("unknown", "ambiguous_identity")


def test_who_is_protected_by_now_gets_no_token_and_is_unknown(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob", "carol")
    dead.protected = ("bob", "carol")
    trial.state.disconnect("carol", GOOGLE)
    recovered = dead.recover()
    assert recovered.requests == read("alice")
    assert recovered.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "bob google": ("unknown", "protected"),
        "carol google": LISTED,
    }


def test_a_list_that_grew_too_old_is_taken_again_before_a_token(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")

    def go() -> None:
        trial.delete("bob")
        trial.clock.advance(301)

    recovered = dead.recover(meanwhile=go)
    assert recovered.requests == [("list_users", None), *read("alice")]
    assert recovered.outcomes["bob google"] == ("unknown", "user_gone")


def test_a_newer_list_that_does_not_come_whole_leaves_it_in_doubt(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")

    def spoil() -> None:
        trial.fail(fault(FaultKind.MALFORMED_ROW, on="list_users"))
        trial.clock.advance(301)

    recovered = dead.recover(meanwhile=spoil)
    assert recovered.requests == [("list_users", None), ("list_users", None), *read("bob")]
    assert recovered.outcomes == {"bob google": ("unknown", "not_seen_in_time")}


# By reading


def test_an_effect_that_lands_while_it_is_read_is_verified(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob", ago=10)
    trial.clock.at(30, lambda: trial.state.disconnect("bob", GOOGLE))
    recovered = dead.recover()
    assert recovered.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "bob google": VERIFIED,
    }
    assert recovered.moments("bob") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 23.5, 31.5]
    assert recovered.moments("alice")[-1] == recovered.seconds == UNDER_WAY - 10
    assert {endpoint for endpoint, _ in recovered.requests} == {"authenticate", "get_user"}
    assert [user for endpoint, user in recovered.requests if endpoint == "authenticate"] == [
        *("alice", "bob")
    ]


def test_a_server_that_acts_long_after_the_client_died_is_waited_for(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.settings = ApplySettings(workers=1, read_back=3)
    dead.left("alice", "bob", ago=1)
    trial.clock.at(61, lambda: trial.state.disconnect("bob", GOOGLE))
    recovered = dead.recover()
    assert recovered.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "bob google": VERIFIED,
    }
    assert recovered.seconds == 65


@pytest.mark.parametrize("ago", [UNDER_WAY, UNDER_WAY - 0.05, 1e6])
def test_an_effect_whose_time_is_up_is_read_back_once(
    trial: Trial, dead: DeadRuns, ago: float
) -> None:
    dead.left("alice", "bob", ago=ago)
    recovered = dead.recover()
    assert recovered.requests == read("alice", "bob")
    assert set(recovered.outcomes.values()) == {("unknown", "not_seen_in_time")}
    assert recovered.seconds == 0


def test_a_wall_clock_that_was_set_back_makes_nobody_wait_longer_than_after_a_call(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", ago=0)
    dead.doubts = [structs.replace(doubt, at="2031-01-01T00:00:00Z") for doubt in dead.doubts]
    recovered = dead.recover()
    assert set(recovered.outcomes.values()) == {("unknown", "not_seen_in_time")}
    assert recovered.moments("alice")[-1] == recovered.moments("bob")[-1] == UNDER_WAY
    assert recovered.seconds == UNDER_WAY


@pytest.mark.parametrize("answer", ["rejected", "not_found", "blocked", "out_of_credit"])
def test_a_call_that_was_refused_has_failed_after_one_read_back(
    trial: Trial, dead: DeadRuns, answer: str
) -> None:
    dead.left("alice", answer=answer, ago=1)
    dead.left("bob", answer="accepted", ago=1)
    trial.clock.at(5, lambda: trial.state.disconnect("bob", GOOGLE))
    recovered = dead.recover()
    assert recovered.outcomes == {"alice google": ("failed", answer), "bob google": VERIFIED}
    assert recovered.moments("alice") == [0]


def test_a_refused_call_whose_effect_shows_is_verified(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob", answer="rejected")
    trial.state.disconnect("alice", GOOGLE)
    recovered = dead.recover(meanwhile=lambda: trial.state.disconnect("bob", GOOGLE))
    assert recovered.outcomes == {"alice google": LISTED, "bob google": VERIFIED}


@pytest.mark.parametrize("answer", [None, "accepted", "no_answer", "server_error"])
def test_a_call_without_a_refusal_never_fails(
    trial: Trial, dead: DeadRuns, answer: str | None
) -> None:
    dead.left("alice", "bob", answer=answer)
    recovered = dead.recover()
    assert set(recovered.outcomes.values()) == {("unknown", "not_seen_in_time")}


def test_who_cannot_be_read_stays_in_doubt_and_the_others_are_resolved(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob")
    trial.fail(fault(on="get_user", user="alice", status=500))
    recovered = dead.recover()
    assert recovered.requests == read("alice", "bob")
    assert recovered.outcomes == {"bob google": ("unknown", "not_seen_in_time")}
    assert trial.journal.story("alice") == ["read back 1 server_error"]


def test_who_can_be_read_no_longer_stays_in_doubt(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob", ago=50)
    trial.fail(fault(on="get_user", user="alice", status=500, skip=1, times=None))
    recovered = dead.recover()
    assert recovered.outcomes == {"bob google": ("unknown", "not_seen_in_time")}
    assert trial.journal.story("alice")[0] == "read back 1 not_seen_in_time"
    assert set(trial.journal.story("alice")[1:]) == {"read back 1 server_error"}


def test_a_look_that_fails_is_followed_by_another_while_there_is_time(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", ago=1)
    trial.fail(fault(on="get_user", user="alice", status=500, times=2))
    for user in ("alice", "bob"):
        trial.clock.at(1, lambda user=user: trial.state.disconnect(user, GOOGLE))  # type: ignore[misc]
    recovered = dead.recover()
    assert recovered.outcomes == {"alice google": VERIFIED, "bob google": VERIFIED}


def test_a_look_that_is_put_off_beyond_the_time_leaves_it_in_doubt(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", ago=60)
    trial.fail(fault(on="get_user", user="bob", status=503, retry_after="100", skip=1, times=None))
    recovered = dead.recover()
    assert recovered.outcomes == {"alice google": ("unknown", "not_seen_in_time")}
    assert recovered.seconds == UNDER_WAY - 60


@pytest.mark.parametrize("status", [401, 402])
def test_an_api_that_refuses_the_whole_run_leaves_the_rest_in_doubt(
    trial: Trial, dead: DeadRuns, status: int
) -> None:
    dead.left("alice", "bob", "carol")
    trial.state.disconnect("carol", GOOGLE)
    trial.fail(fault(on="authenticate", status=status, times=None))
    recovered = dead.recover()
    assert recovered.requests == [("authenticate", "alice")]
    assert recovered.resolved == ()


def test_nobody_is_waited_for_any_longer_once_nobody_can_be_read(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", ago=1)
    trial.fail(fault(on="authenticate", user="bob", status=402))
    recovered = dead.recover()
    assert recovered.requests == [*read("alice"), ("authenticate", "bob")]
    assert recovered.resolved == ()
    assert recovered.seconds == 0


def test_a_token_that_is_refused_is_minted_once_more(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob")
    trial.fail(fault(on="get_user", user="alice", status=401))
    recovered = dead.recover()
    assert recovered.requests == [
        *read("alice"),
        ("list_users", None),
        *read("alice"),
        *read("bob"),
    ]
    assert set(recovered.outcomes.values()) == {("unknown", "not_seen_in_time")}


def test_the_budget_of_the_tokens_is_respected_and_lets_nobody_go_unread(
    trial: Trial, dead: DeadRuns
) -> None:
    users = [f"user-{number}" for number in range(5)]
    trial.people(*(person(user, GOOGLE) for user in users))
    trial.limits = RateLimits(share=1.0, authenticate=2)
    dead.left(*users)
    recovered = dead.recover()
    lists = [request for request in recovered.requests if request[0] == "list_users"]
    assert [request for request in recovered.requests if request not in lists] == read(*users)
    assert len(lists) == 2  # one a minute: the first had grown too old
    assert set(recovered.outcomes.values()) == {("unknown", "not_seen_in_time")}
    assert recovered.seconds == 120


# Several


def test_several_dead_runs_get_their_own_records(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", run="run-1", call=2)
    dead.left("bob", run="run-2")
    trial.state.disconnect("alice", GOOGLE)
    recovered = dead.recover()
    assert recovered.requests == read("bob")
    assert [(one.run, one.result.action.user) for one in recovered.resolved] == [
        ("run-1", "alice"),
        ("run-2", "bob"),
    ]
    assert [one.result.calls for one in recovered.resolved] == [2, 1]
    runs = {"alice": "run-1", "bob": "run-2"}
    for record in trial.journal.records:
        assert isinstance(record, ReadBack | Ended)
        action = record.result.action if isinstance(record, Ended) else record.action
        assert record.run == runs[action.user]


def test_what_is_in_doubt_of_one_user_is_resolved_with_one_token(
    trial: Trial, dead: DeadRuns
) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
    dead.left("alice", "bob")
    recovered = dead.recover(meanwhile=lambda: trial.state.disconnect("alice", MICROSOFT))
    assert recovered.requests == [*read("alice"), ("get_user", "alice"), *read("bob")]
    assert recovered.outcomes == {
        "alice google": ("unknown", "not_seen_in_time"),
        "alice microsoft": VERIFIED,
        "bob google": ("unknown", "not_seen_in_time"),
    }


def test_one_action_in_doubt_in_two_dead_runs_is_resolved_for_both(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", run="run-1")
    dead.left("alice", "bob", run="run-2", ago=0)
    trial.state.disconnect("alice", GOOGLE)
    recovered = dead.recover()
    assert [
        (one.run, one.result.action.user, one.result.cause) for one in recovered.resolved[:2]
    ] == [
        ("run-1", "alice", "seen_in_list"),
        ("run-2", "alice", "seen_in_list"),
    ]


def test_many_failures_keep_nobody_from_being_resolved(trial: Trial, dead: DeadRuns) -> None:
    dead.left(*NAMES, answer="rejected")
    dead.settings = ApplySettings(workers=2, max_failures=0)
    recovered = dead.recover()
    assert set(recovered.outcomes.values()) == {("failed", "rejected")}
    assert len(recovered.resolved) == 3


def test_nothing_in_doubt_asks_for_nothing(trial: Trial, dead: DeadRuns) -> None:
    recovered = dead.recover()
    assert (recovered.requests, recovered.resolved) == ([], ())


def test_nothing_is_intended_or_opened(trial: Trial, dead: DeadRuns) -> None:
    dead.left(*NAMES, ago=50)
    dead.recover()
    assert not [r for r in trial.journal.records if isinstance(r, Intent | Answer | RunOpened)]
    assert trial.connected() == {user: ["google"] for user in NAMES}


# Told to stop, and journals that fail


def test_a_stop_before_it_begins_leaves_everything_in_doubt(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob")
    trial.state.disconnect("alice", GOOGLE)
    recovered = dead.recover(meanwhile=trial.interrupt)
    assert (recovered.requests, recovered.resolved) == ([], ())


def test_a_stop_while_it_waits_for_the_effect_leaves_it_in_doubt_at_once(
    trial: Trial, dead: DeadRuns
) -> None:
    dead.left("alice", "bob", "carol", ago=1)
    trial.state.disconnect("carol", GOOGLE)
    trial.interrupt_after(20)
    recovered = dead.recover()
    assert recovered.outcomes == {"carol google": LISTED}
    assert trial.journal.story("alice")[-1] == "read back 1 not_seen_in_time"
    assert recovered.seconds == 20


def test_a_stop_while_it_waits_for_budget_leaves_the_rest_in_doubt(
    trial: Trial, dead: DeadRuns
) -> None:
    trial.limits = RateLimits(share=1.0, authenticate=1)
    dead.left("alice", "bob")
    trial.interrupt_after(10)
    recovered = dead.recover()
    assert recovered.requests == read("alice")
    assert recovered.outcomes == {"alice google": ("unknown", "not_seen_in_time")}
    assert recovered.seconds == 10


class LockLost(JournalFailed):
    """What a durable journal raises when somebody else holds the lock."""


@pytest.mark.parametrize("step", ["read_back", "outcome"])
def test_a_journal_that_fails_ends_it_with_its_own_failure_and_nobody_else_is_read(
    trial: Trial, dead: DeadRuns, step: str
) -> None:
    dead.left("alice", "bob")

    def lose() -> None:
        raise LockLost(f"the lock is lost at {step}")

    trial.journal.at(step, lose, user="alice")
    with pytest.raises(LockLost, match=f"the lock is lost at {step}"):
        dead.recover()
    assert [(r.endpoint, r.external_id) for r in dead.log] == read("alice")


class Broken(CalendarReader):
    """Breaks at the first read of bob."""

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        if subject == "bob":
            raise KeyError("a defect")
        return super().get_user(token, subject, deadline)


def test_a_defect_is_raised_when_the_others_are_resolved(trial: Trial, dead: DeadRuns) -> None:
    trial.reader_type = Broken
    dead.left(*NAMES)
    with pytest.raises(KeyError, match="a defect"):
        dead.recover()
    assert trial.journal.story("bob") == []
    for user in ("alice", "carol"):
        assert trial.journal.story(user)[-1] == "outcome unknown"


def test_the_result_carries_the_action_of_the_dead_run(trial: Trial, dead: DeadRuns) -> None:
    dead.left("alice", "bob")
    recovered = dead.recover()
    assert [one.result.action for one in recovered.resolved] == [d.action for d in dead.doubts]
    assert all(isinstance(one.result.action, Disconnect) for one in recovered.resolved)
