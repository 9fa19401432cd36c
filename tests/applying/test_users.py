"""A user is the unit of work: all his actions, one after the other, with one token."""

import threading

import msgspec

from reconciler.applying import ApplySettings
from reconciler.applying.user_session import replaced
from reconciler.domain import CalendarUser, Deadline, Preferences
from reconciler.planning import Content
from reconciler.recall import CalendarWriter, Permit
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
from tests.planning.fleets import connected, disconnect, vacant

VERIFIED = ("verified", "read_back")
QUIET = Preferences(bot_name="Quiet")


def test_all_actions_of_a_user_are_done_in_plan_order_with_one_token(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))
    done = trial.apply(wanted("alice", preferences=QUIET), wanted("bob", MICROSOFT))
    assert done.tokens == ["alice", "bob"]
    assert [call for call in done.calls if call[2] == "alice"] == [
        disconnected("alice", GOOGLE),
        disconnected("alice", MICROSOFT),
        updated("alice", bot_name="Quiet"),
    ]
    assert [call for call in done.calls if call[2] == "bob"] == [disconnected("bob", GOOGLE)]
    assert done.outcomes == {
        "alice google": VERIFIED,
        "alice microsoft": VERIFIED,
        "alice preferences": VERIFIED,
        "bob google": VERIFIED,
    }


def test_the_next_action_of_a_user_waits_until_the_last_is_settled(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
    trial.switch(disconnect_takes_seconds=20)
    done = trial.apply(wanted("alice"), wanted("bob"), settings=ApplySettings(workers=4))
    first, second = done.of("disconnect", "alice")
    assert second.at - first.at == 23.5
    assert set(done.outcomes.values()) == {VERIFIED}


def test_a_failed_action_does_not_stop_the_next_of_the_same_user(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
    trial.fail(fault(user="alice", status=400))
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert done.outcomes == {
        "alice google": ("failed", "rejected"),
        "alice microsoft": VERIFIED,
        "bob google": VERIFIED,
    }
    assert trial.connected() == {"alice": ["google"], "bob": []}


def test_many_users_on_four_workers_are_each_done_once(trial: Trial) -> None:
    users = [f"user-{number:02}" for number in range(24)]
    trial.people(*(person(user, GOOGLE, MICROSOFT) for user in users), person("unmanaged", GOOGLE))
    keeps = {user: (GOOGLE if number % 2 else MICROSOFT) for number, user in enumerate(users)}
    done = trial.apply(*(wanted(*item) for item in keeps.items()), settings=ApplySettings())
    assert sorted(done.calls) == [
        disconnected(user, MICROSOFT if keeps[user] is GOOGLE else GOOGLE) for user in users
    ]
    assert sorted(done.tokens) == users
    assert set(done.outcomes.values()) == {VERIFIED}
    assert trial.connected() == {
        **{user: [keeps[user].value] for user in users},
        "unmanaged": ["google"],
    }
    assert sorted(r.action.key for r in done.shown) == sorted(
        r.action.key for r in done.result.results
    )


class Interleaving(Trial):
    """Stands in for a plan file whose actions are not ordered by user."""

    def content(self, *args: object, **kwargs: object) -> Content:
        content = super().content(*args, **kwargs)  # type: ignore[arg-type]
        order = sorted(content.actions, key=lambda action: action.key)
        return msgspec.structs.replace(content, actions=tuple(order))


def test_a_user_whose_actions_stand_apart_in_the_plan_is_still_one_unit(trial: Trial) -> None:
    trial = Interleaving(trial.state, trial._url, trial.clock)
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))
    trial.switch(disconnect_takes_seconds=20)
    done = trial.apply(wanted("alice"), wanted("bob"), settings=ApplySettings(workers=4))
    assert list(done.outcomes) == [
        *("alice google", "bob google"),
        *("alice microsoft", "bob microsoft"),
    ]
    assert sorted(done.tokens) == ["alice", "bob"]
    for user in ("alice", "bob"):
        first, second = done.of("disconnect", user)
        assert second.at - first.at == 23.5


class NotesThreads(CalendarWriter):
    """Notes on which threads budget for calls is waited for."""

    threads: set[str]

    def reserve_disconnect(self, subject: str, deadline: Deadline) -> Permit:
        self.threads.add(threading.current_thread().name)
        return super().reserve_disconnect(subject, deadline)


def test_no_thread_that_reads_back_ever_waits_to_send(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))
    NotesThreads.threads = set()
    trial.writer_type = NotesThreads
    done = trial.apply(wanted("alice"), wanted("bob"))
    assert set(done.outcomes.values()) == {VERIFIED}
    assert NotesThreads.threads == {"reconciler-act"}


def test_what_was_begun_goes_on_before_anybody_new(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE) for name in ("alice", "bob", "carol", "dave")))
    trial.limits = type(trial.limits)(share=1.0, authenticate=1)
    trial.fail(fault(user="alice", status=429, retry_after="5"))
    done = trial.apply(*map(wanted, ("alice", "bob", "carol", "dave")))
    assert [call[2] for call in done.calls] == ["alice", "bob", "alice", "carol", "dave"]


def test_only_a_user_of_that_id_with_nothing_connected_is_said_to_be_created() -> None:
    action = disconnect("alice", GOOGLE)
    nothing = (vacant("google"), vacant("microsoft"))
    something = (connected("google"), vacant("microsoft"))
    assert (
        replaced(action.user, action.recall_id, CalendarUser(action.recall_id, "alice", something))
        is None
    )
    assert "delete it" in str(
        replaced(action.user, action.recall_id, CalendarUser("new", "alice", nothing))
    )
    for other in (CalendarUser("rb", "bob", nothing), CalendarUser("ra", "alice", something)):
        said = str(replaced(action.user, action.recall_id, other))
        assert "the token of another calendar user" in said
        assert "delete" not in said
