"""What is looked at before a call, and what is left alone because of it."""

from collections.abc import Callable
from functools import partial

import pytest
from msgspec import structs

from reconciler.domain import (
    CalendarUser,
    Connection,
    Deadline,
    Handover,
    ObservedState,
    Preferences,
    Secret,
)
from reconciler.planning import PreconditionResult
from reconciler.recall import CalendarReader, CalendarWriter, Permit
from reconciler.sandbox import SeedPreferences
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Trial,
    disconnected,
    person,
    wanted,
)

VERIFIED = ("verified", "read_back")
BOTH = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))
DESIRED = (wanted("alice", GOOGLE), wanted("bob", MICROSOFT))
ALICES_CALL = disconnected("alice", MICROSOFT)
BOBS_CALL = disconnected("bob", GOOGLE)
QUIET = Preferences(record_external=False)


def reconnect_bob(trial: Trial) -> None:
    trial.state.disconnect("bob", GOOGLE)
    trial.state.connect("bob", GOOGLE, "bob@new.example.com")


def replace_bob(trial: Trial) -> None:
    trial.delete("bob")
    trial.recreate("bob", GOOGLE, MICROSOFT)


def test_what_the_reread_shows_as_gone_is_already_absent_and_nothing_is_sent(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.state.disconnect("bob", GOOGLE))
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("already_absent", "found_done"),
    }
    assert done.result.converged
    assert trial.journal.story("bob") == ["outcome already_absent"]


CHANGES_AT_THE_REREAD: list[tuple[Callable[[Trial], None], PreconditionResult]] = [
    (reconnect_bob, PreconditionResult.CONNECTION_CHANGED),
    (lambda t: t.state.disconnect("bob", MICROSOFT), PreconditionResult.WANTED_NOT_CONNECTED),
    (
        lambda t: t.state.connect("bob", MICROSOFT, "ceo@board.example.com"),
        PreconditionResult.PROTECTED,
    ),
]


@pytest.mark.parametrize(
    ("change", "precondition"), CHANGES_AT_THE_REREAD, ids=lambda value: getattr(value, "name", "")
)
def test_an_action_that_is_stale_at_the_reread_is_skipped_and_nothing_is_sent(
    trial: Trial, change: Callable[[Trial], None], precondition: PreconditionResult
) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, meanwhile=lambda: change(trial), protected=["*@board.example.com"])
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("skipped_stale", precondition.value),
    }
    assert GOOGLE in trial.connected()["bob"]


def test_a_move_that_does_not_wait_needs_nothing_else_connected(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(
        wanted("alice", GOOGLE),
        wanted("bob", MICROSOFT, handover=Handover.IMMEDIATE),
        meanwhile=lambda: trial.state.disconnect("bob", MICROSOFT),
    )
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": VERIFIED}


def test_preferences_that_moved_since_the_list_are_skipped(trial: Trial) -> None:
    recorded = SeedPreferences(record_external=True)
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", preferences=recorded))
    done = trial.apply(
        wanted("alice", GOOGLE),
        wanted("bob", preferences=Preferences(record_external=False, bot_name="Bob's")),
        meanwhile=lambda: trial.prefer("bob", bot_name="Else"),
    )
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob preferences"] == ("skipped_stale", "preferences_changed")


class SeesSomebodyElse(CalendarReader):
    """Stands in for an API that answers a user's token with another user."""

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        user = super().get_user(token, subject, deadline)
        if user.external_id != "bob":
            return user
        return CalendarUser("somebody else", user.external_id, user.connections, user.preferences)


class SeesTwoGoogles(CalendarReader):
    """Stands in for an API that shows one platform of a user twice."""

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        user = super().get_user(token, subject, deadline)
        if user.external_id != "bob":
            return user
        another = Connection(GOOGLE, connected=True, id="another")
        return CalendarUser(user.id, "bob", (*user.connections, another), user.preferences)


class TellsNoEmailOfBob(CalendarReader):
    """Stands in for an API that stops to tell bob's e-mails once :attr:`silent` is set."""

    silent = False

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        return self._without_email(super().get_user(token, subject, deadline))

    def list_users(
        self, deadline: Deadline, on_progress: Callable[[int], None] | None = None
    ) -> ObservedState:
        state = super().list_users(deadline, on_progress)
        return structs.replace(state, users=tuple(map(self._without_email, state.users)))

    def _without_email(self, user: CalendarUser) -> CalendarUser:
        if user.external_id != "bob" or not self.silent:
            return user
        silent = tuple(structs.replace(c, email=None) for c in user.connections)
        return structs.replace(user, connections=silent)


@pytest.mark.parametrize("again", [False, True], ids=["at the re-read", "at the list"])
@pytest.mark.parametrize(
    ("protected", "ending"),
    [
        ("*@board.example.com", ("skipped_stale", "email_not_known")),
        ("somebody", VERIFIED),
    ],
)
def test_whoever_might_be_protected_by_an_email_that_is_no_longer_told_is_skipped(
    trial: Trial,
    monkeypatch: pytest.MonkeyPatch,
    again: bool,
    protected: str,
    ending: tuple[str, str],
) -> None:
    trial.people(*BOTH)
    trial.reader_type = TellsNoEmailOfBob
    done = trial.apply(
        *DESIRED,
        again=again,
        meanwhile=lambda: monkeypatch.setattr(TellsNoEmailOfBob, "silent", True),
        protected=[protected],
    )
    assert done.calls == ([ALICES_CALL, BOBS_CALL] if ending == VERIFIED else [ALICES_CALL])
    assert done.outcomes == {"alice microsoft": VERIFIED, "bob google": ending}
    minted_for_bob = not again or ending == VERIFIED
    assert done.tokens == (["alice", "bob"] if minted_for_bob else ["alice"])


@pytest.mark.parametrize(
    ("reader", "precondition"),
    [
        (SeesSomebodyElse, PreconditionResult.USER_REPLACED),
        (SeesTwoGoogles, PreconditionResult.AMBIGUOUS_IDENTITY),
    ],
)
def test_an_identity_that_became_doubtful_at_the_reread_is_skipped(
    trial: Trial, reader: type[CalendarReader], precondition: PreconditionResult
) -> None:
    trial.people(*BOTH)
    trial.reader_type = reader
    done = trial.apply(*DESIRED)
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("skipped_stale", precondition.value),
    }


def test_a_user_who_is_renamed_between_two_of_his_actions_is_left_alone(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.journal.at("outcome", lambda: trial.rename("bob", "robert"), user="bob")
    done = trial.apply(wanted("alice", GOOGLE), wanted("bob"))
    assert done.calls[:2] == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes["bob google"] == VERIFIED
    assert done.outcomes["bob microsoft"] == ("skipped_stale", "user_replaced")
    assert trial.connected() == {"alice": ["google"], "robert": ["microsoft"]}


CHANGES_AT_THE_LIST: list[tuple[Callable[[Trial], None], PreconditionResult]] = [
    (lambda t: t.state.disconnect("bob", GOOGLE), PreconditionResult.DONE),
    (lambda t: t.delete("bob"), PreconditionResult.USER_GONE),
    (replace_bob, PreconditionResult.USER_REPLACED),
    (lambda t: t.rename("carol", "bob"), PreconditionResult.AMBIGUOUS_IDENTITY),
    *CHANGES_AT_THE_REREAD,
]


@pytest.mark.parametrize(
    ("change", "precondition"), CHANGES_AT_THE_LIST, ids=lambda value: getattr(value, "name", "")
)
def test_an_action_that_is_stale_at_the_list_is_skipped_without_a_token(
    trial: Trial, change: Callable[[Trial], None], precondition: PreconditionResult
) -> None:
    trial.people(*BOTH, person("carol", GOOGLE))
    done = trial.apply(
        *DESIRED,
        again=True,
        meanwhile=lambda: change(trial),
        protected=["*@board.example.com"],
    )
    assert done.tokens == ["alice"]
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("skipped_stale", precondition.value),
    }
    assert trial.journal.story("bob") == ["outcome skipped_stale"]


def test_preferences_that_moved_before_the_list_are_skipped_without_a_token(trial: Trial) -> None:
    recorded = SeedPreferences(record_external=True)
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", preferences=recorded))
    done = trial.apply(
        wanted("alice", GOOGLE),
        wanted("bob", preferences=Preferences(record_external=False, bot_name="Bob's")),
        meanwhile=lambda: trial.prefer("bob", bot_name="Else"),
        again=True,
    )
    assert done.tokens == ["alice"]
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob preferences"] == ("skipped_stale", "preferences_changed")


def test_what_is_no_longer_declared_is_skipped_without_a_token(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(
        *DESIRED, again=True, later=[wanted("alice", GOOGLE), wanted("bob", GOOGLE, MICROSOFT)]
    )
    assert done.tokens == ["alice"]
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob google"] == ("skipped_stale", "not_planned_any_more")


def test_a_user_protected_since_the_plan_is_skipped_without_a_token(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(*DESIRED, protected_later=["BOB"])
    assert done.tokens == ["alice"]
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob google"] == ("skipped_stale", "protected")


class WatchedReader(CalendarReader):
    """Notes its reads."""

    steps: list[str]

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        self.steps.append(f"read {subject}")
        return super().get_user(token, subject, deadline)


class WatchedWriter(CalendarWriter):
    """Notes when it takes budget."""

    steps: list[str]

    def reserve_disconnect(self, subject: str, deadline: Deadline) -> Permit:
        self.steps.append(f"budget {subject}")
        return super().reserve_disconnect(subject, deadline)

    def reserve_update(self, subject: str, deadline: Deadline) -> Permit:
        self.steps.append(f"budget {subject}")
        return super().reserve_update(subject, deadline)


def test_the_budget_of_a_call_is_taken_before_the_reread(trial: Trial) -> None:
    trial.people(*BOTH)
    steps: list[str] = []
    WatchedReader.steps = WatchedWriter.steps = steps
    trial.reader_type, trial.writer_type = WatchedReader, WatchedWriter
    for user in ("alice", "bob"):
        intended = partial(steps.append, f"intent {user}")
        trial.journal.at("intent", intended, user=user, once=False)
    trial.apply(
        wanted("bob", MICROSOFT, preferences=Preferences(bot_name="Bob's")), wanted("alice")
    )
    for user in ("alice", "bob"):
        mine = [step for step in steps if user in step]
        assert mine == [f"{step} {user}" for step in ("budget", "read", "intent", "read") * 2]


def test_every_call_has_a_reread_of_its_own(trial: Trial) -> None:
    trial.people(*BOTH)
    done = trial.apply(wanted("alice"), wanted("bob"))
    calls = [request.endpoint for request in done.log if request.external_id == "bob"]
    assert calls == ["authenticate", *["get_user", "disconnect", "get_user"] * 2]
    assert len(done.calls) == 4


def test_after_a_declaration_of_theirs_began_or_ended_nothing_is_done_for_a_user(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    good_for = {"alice": 7200, "bob": 3600}
    done = trial.apply(*DESIRED, meanwhile=lambda: trial.clock.advance(3600), good_for=good_for)
    assert done.calls == [ALICES_CALL]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": ("skipped_stale", "not_planned_any_more"),
    }
    assert trial.journal.story("bob") == ["outcome skipped_stale"]
