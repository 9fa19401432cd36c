"""A rule must still select the user at the re-read, whatever this run has done to them so far."""

from collections.abc import Callable, Sequence

import pytest
from msgspec import structs

from reconciler.domain import (
    CalendarUser,
    Deadline,
    Handover,
    Platform,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    Secret,
    SourceLocation,
)
from reconciler.recall import CalendarReader
from reconciler.sandbox import SeedPreferences
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

VERIFIED = ("verified", "read_back")
STALE = ("skipped_stale", "rule_no_longer_matches")
BOTH = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE, MICROSOFT))
BOB = wanted("bob", GOOGLE)
BOBS_CALL = disconnected("bob", MICROSOFT)
ALICE_HAS = ["google", "microsoft"]


def rule(
    match: RuleMatch,
    *excepted: str,
    platforms: Sequence[Platform] | None = (),
    preferences: Preferences | None = None,
) -> Rule:
    """A rule that acts on alice, who no manifest names."""
    return Rule(
        name="contractors",
        match=match,
        excepted=excepted,
        platforms=None if platforms is None else frozenset(platforms),
        handover=Handover.WAIT,
        preferences=preferences,
        reason="SEC-12",
        mode=RuleMode.ENFORCE,
        window=None,
        place=SourceLocation("rules.yaml", 3, 5),
    )


def gone(email: str) -> RuleMatch:
    return RuleMatch(id="a*", email=email)


ONLY_ALICE = [
    gone("alice@google.example.com"),
    gone("*@microsoft.example.com"),
    RuleMatch(id="alice", connected=(GOOGLE,)),
    RuleMatch(id="alice", connected=(MICROSOFT,)),
]


@pytest.mark.parametrize("match", ONLY_ALICE, ids=["email 1", "email 2", "google", "microsoft"])
def test_what_this_run_disconnected_itself_does_not_make_the_rest_stale(
    trial: Trial, match: RuleMatch
) -> None:
    trial.people(*BOTH)
    named = Preferences(bot_name="N")
    done = trial.apply(BOB, rules=[rule(match, preferences=named)])
    assert sorted(done.calls) == sorted(
        [
            disconnected("alice", GOOGLE),
            disconnected("alice", MICROSOFT),
            updated("alice", bot_name="N"),
            BOBS_CALL,
        ]
    )
    assert set(done.outcomes.values()) == {VERIFIED}
    assert trial.connected() == {"alice": [], "bob": ["google"]}


def test_it_is_the_second_connection_that_was_disconnected_and_not_the_first(trial: Trial) -> None:
    trial.people(*BOTH)
    match, named = RuleMatch(id="alice", connected=(MICROSOFT,)), Preferences(bot_name="N")
    done = trial.apply(BOB, rules=[rule(match, platforms=(GOOGLE,), preferences=named)])
    assert sorted(done.calls) == sorted(
        [disconnected("alice", MICROSOFT), updated("alice", bot_name="N"), BOBS_CALL]
    )
    assert set(done.outcomes.values()) == {VERIFIED}


def test_the_same_holds_for_a_call_that_is_sent_again(trial: Trial) -> None:
    trial.people(*BOTH, faults=[fault(user="alice", status=409)])
    done = trial.apply(BOB, rules=[rule(RuleMatch(id="alice", connected=(GOOGLE,)))])
    assert trial.connected() == {"alice": [], "bob": ["google"]}
    assert set(done.outcomes.values()) == {VERIFIED}


class GivesAliceAnotherEmail(CalendarReader):
    """Stands in for an API where an e-mail changes under the same connection."""

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        user = super().get_user(token, subject, deadline)
        if subject != "alice":
            return user
        other = [structs.replace(c, email="alice@example.com") for c in user.connections]
        return structs.replace(user, connections=tuple(other))


def test_a_contractor_whose_email_changed_before_the_call_is_left_alone(trial: Trial) -> None:
    trial.people(*BOTH)
    trial.reader_type = GivesAliceAnotherEmail
    done = trial.apply(BOB, rules=[rule(gone("*@google.example.com"))])
    assert done.calls == [BOBS_CALL]
    assert done.outcomes == {
        "alice google": STALE,
        "alice microsoft": STALE,
        "bob microsoft": VERIFIED,
    }


def reconnect(email: str, platform: Platform = GOOGLE) -> Callable[[Trial], None]:
    def change(trial: Trial) -> None:
        trial.state.disconnect("alice", platform)
        trial.state.connect("alice", platform, email)

    return change


CHANGES: list[tuple[Callable[[Trial], None], Rule]] = [
    (reconnect("alice@example.com"), rule(gone("*@google.example.com"))),
    (reconnect("lead@x.example.com"), rule(RuleMatch(id="alice"), "lead@*")),
    (
        lambda trial: trial.state.disconnect("alice", GOOGLE),
        rule(RuleMatch(id="alice", connected=(GOOGLE,))),
    ),
]


@pytest.mark.parametrize(("change", "asks"), CHANGES, ids=["email", "except", "connected"])
@pytest.mark.parametrize("again", [False, True], ids=["at the re-read", "at the list"])
def test_whoever_a_rule_no_longer_selects_keeps_what_it_would_take(
    trial: Trial, change: Callable[[Trial], None], asks: Rule, again: bool
) -> None:
    trial.people(*BOTH)
    done = trial.apply(BOB, rules=[asks], meanwhile=lambda: change(trial), again=again)
    assert done.calls == [BOBS_CALL]
    assert done.outcomes["alice microsoft"] == STALE
    assert "microsoft" in trial.connected()["alice"]
    assert done.tokens == (["bob"] if again else ["alice", "bob"])


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        (lambda t: t.state.connect("alice", GOOGLE, "alice@example.com"), CHANGES[0][1]),
        (reconnect("lead@x.example.com", MICROSOFT), CHANGES[1][1]),
    ],
    ids=["connected again with another e-mail", "excepted since"],
)
def test_what_somebody_else_changes_after_the_first_call_makes_the_second_stale(
    trial: Trial, change: Callable[[Trial], None], asks: Rule
) -> None:
    trial.people(*BOTH)
    trial.journal.at("outcome", lambda: change(trial), user="alice")
    done = trial.apply(BOB, rules=[asks])
    assert sorted(done.calls) == [disconnected("alice", GOOGLE), BOBS_CALL]
    assert done.outcomes["alice google"] == VERIFIED
    assert done.outcomes["alice microsoft"] == STALE
    assert "microsoft" in trial.connected()["alice"]


def test_what_somebody_else_disconnected_before_our_call_makes_the_rest_stale(
    trial: Trial,
) -> None:
    trial.people(*BOTH)
    trial.fail(fault(user="alice", status=409))
    trial.journal.at("answer", lambda: trial.state.disconnect("alice", GOOGLE), user="alice")
    done = trial.apply(BOB, rules=[rule(RuleMatch(id="alice", connected=(GOOGLE,)))])
    assert done.outcomes["alice google"] == ("verified", "found_done")
    assert done.outcomes["alice microsoft"] == STALE
    assert trial.connected() == {"alice": ["microsoft"], "bob": ["google"]}


def test_preferences_that_a_rule_asks_for_are_set_only_while_it_matches(trial: Trial) -> None:
    recorded = SeedPreferences(record_external=True)
    people = [person(name, GOOGLE, preferences=recorded) for name in ("alice", "anna", "bob")]
    trial.people(*people)
    quiet = rule(
        RuleMatch(id="a*", connected=(GOOGLE,)),
        platforms=None,
        preferences=Preferences(record_external=False),
    )
    done = trial.apply(
        wanted("bob", GOOGLE, preferences=Preferences(record_external=False)),
        rules=[quiet],
        meanwhile=lambda: trial.state.disconnect("alice", GOOGLE),
    )
    assert sorted(done.calls) == [
        updated("anna", record_external=False),
        updated("bob", record_external=False),
    ]
    assert done.outcomes["alice preferences"] == STALE
