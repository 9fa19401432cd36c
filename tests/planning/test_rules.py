"""Rules: which calendar users they select, and what they declare for them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec import UNSET, structs

from reconciler.domain import (
    CalendarUser,
    Connection,
    Declarations,
    DesiredUser,
    Handover,
    Preferences,
    RuleEffect,
    RuleMatch,
    RuleMode,
    SourceLocation,
    Window,
)
from reconciler.planning import (
    Content,
    PreconditionResult,
    Protection,
    Stale,
    UserIndex,
    desired_digest,
    desired_state,
    divide,
)
from reconciler.planning.rules import condition_of, still_matches
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    differences,
    disconnect,
    fleet,
    seen,
    vacant,
)
from tests.planning.rules import ANYBODY, HERE, NAMED, NOW, rule, state

ALICE = seen("alice", connected("google", email="Alice@C.example.com"), vacant("microsoft"))
BOB = seen("bob", connected("google", email="bob@example.com"), connected("microsoft"))
KNOWN = seen(
    "bob",
    connected("google", email="bob@example.com"),
    connected("microsoft", email="bob@example.com"),
)
CARL = seen("carl", vacant("google"), vacant("microsoft"))
NOBODY = seen(None, connected("google", email="x@c.example.com"))
EVERYBODY = (ALICE, KNOWN, CARL, NOBODY)


@pytest.mark.parametrize(
    ("match", "excepted", "found"),
    [
        (RuleMatch(id="*"), (), ["alice", "bob", "carl"]),
        (RuleMatch(id="ALICE "), (), ["alice"]),
        (RuleMatch(id="a*e"), (), ["alice"]),
        (RuleMatch(id="*l*c*"), (), ["alice"]),
        (RuleMatch(id="alice*alice"), (), []),
        (RuleMatch(email="*@c.example.com"), (), ["alice"]),
        (RuleMatch(email="bob@example.com"), (), ["bob"]),
        (RuleMatch(email="*"), (), ["alice", "bob"]),
        (RuleMatch(id="b*", email="*@c.example.com"), (), []),
        (RuleMatch(connected=(MICROSOFT,)), (), ["bob"]),
        (RuleMatch(connected=(GOOGLE, MICROSOFT)), (), ["alice", "bob"]),
        (RuleMatch(unmanaged=True), (), ["alice", "carl"]),
        (RuleMatch(unmanaged=True, connected=(GOOGLE,)), (), ["alice"]),
        (RuleMatch(id="*"), ("*@c.example.com", "carl"), ["bob"]),
    ],
)
def test_all_conditions_of_a_rule_must_hold(
    match: RuleMatch, excepted: Sequence[str], found: Sequence[str]
) -> None:
    desired = state([rule(match, excepted=excepted)], *EVERYBODY, entries=[declared("bob")])
    (effect,) = desired.effects
    assert list(effect.matched) == list(found)
    assert effect.listed == len([user for user in EVERYBODY if user.external_id])
    for user in EVERYBODY:
        if not match.unmanaged and user.external_id is not None:
            condition = condition_of(effect.rule)
            assert still_matches(condition, user) == (user.external_id in found)


def test_a_calendar_user_without_an_id_fulfils_no_condition_on_ids() -> None:
    assert not still_matches(condition_of(rule(RuleMatch(id="*"))), NOBODY)


@pytest.mark.parametrize(
    ("excepted", "found"),
    [
        (("lead@c.example.com",), ["bob"]),
        (("lead*",), ["bob"]),
        (("lead",), ["alice", "bob"]),
        ((), ["alice", "bob"]),
    ],
)
def test_an_email_that_is_not_known_may_be_excepted(
    excepted: Sequence[str], found: Sequence[str]
) -> None:
    alice = seen("alice", connected("google", email="alice@c.example.com"), connected("microsoft"))
    broad = rule(excepted=excepted)
    (effect,) = state([broad], alice, KNOWN).effects
    assert effect.matched == tuple(found)
    for user in (alice, KNOWN):
        assert still_matches(condition_of(broad), user) is (user.external_id in found)


class TestMisspeltEntries:
    """An entry for an id that is not listed surely means somebody who is."""

    LEFT = seen("left", connected("google", email="left@c.example.com"))

    @pytest.mark.parametrize("name", ["Alice", " alice", "alice@C.example.com "])
    @pytest.mark.parametrize("match", [ANYBODY, RuleMatch(unmanaged=True)])
    def test_no_rule_declares_whom_such_an_entry_means(self, name: str, match: RuleMatch) -> None:
        entry = declared(name, [GOOGLE])
        desired = state([rule(match)], ALICE, self.LEFT, entries=[entry])
        assert {user.id: user.platforms for user in desired.users.values()} == {
            name: {GOOGLE},
            "left": frozenset(),
        }
        assert desired.effects[0].concerned == ("left",)

    def test_an_id_that_is_listed_means_nobody_else(self) -> None:
        other = seen("Alice", connected("google"))
        entry = declared("Alice", [GOOGLE])
        desired = state([rule(RuleMatch(unmanaged=True))], ALICE, other, entries=[entry])
        assert desired.effects[0].matched == ("alice",)


def test_an_enforced_rule_declares_whom_no_file_names() -> None:
    desired = state([rule(RuleMatch(email="*@c.example.com"))], ALICE, BOB)
    assert list(desired.users) == ["alice"]
    assert desired.users["alice"] == DesiredUser(
        "alice",
        frozenset(),
        Handover.WAIT,
        "SEC-12",
        None,
        None,
        HERE,
        rules=(rule(RuleMatch(email="*@c.example.com")),),
        platforms_by_rules=True,
    )


def test_a_reporting_rule_declares_nobody_and_names_who_is_concerned() -> None:
    only_report = rule(mode=RuleMode.REPORT)
    desired = state([only_report], ALICE, BOB, CARL)
    assert desired.users == {}
    assert desired.effects == (
        RuleEffect(only_report, ("alice", "bob", "carl"), ("alice", "bob"), 3),
    )


def test_no_rule_applies_to_a_list_that_is_incomplete() -> None:
    desired = state([rule()], ALICE, problems=["page 2 failed"])
    assert (desired.users, desired.effects) == ({}, ())


@pytest.mark.parametrize(
    "window", [Window(None, NOW), Window(datetime(2026, 12, 1, 13, tzinfo=UTC), None)]
)
def test_a_rule_counts_only_in_its_window(window: Window) -> None:
    desired = state([rule(window=window), rule(RuleMatch(id="bob"), name="s")], ALICE, BOB)
    assert list(desired.users) == ["bob"]


class TestPrecedence:
    """An entry or a row first, then rules."""

    def test_an_entry_keeps_its_platforms(self) -> None:
        desired = state([rule()], ALICE, BOB, entries=[declared("alice", [GOOGLE])])
        assert desired.users["alice"].platforms == frozenset({GOOGLE})
        assert desired.users["bob"].platforms == frozenset()

    def test_an_entry_without_platforms_gets_none_from_a_rule(self) -> None:
        entry = declared("alice", preferences=Preferences(bot_name="N"))
        assert state([rule()], ALICE, entries=[entry]).users == {"alice": entry}

    def test_an_entry_may_let_rules_apply(self) -> None:
        entry = declared("alice", preferences=Preferences(bot_name="N"), group="g")
        entry = structs.replace(entry, takes_rules=True)
        user = state([rule()], ALICE, entries=[entry]).users["alice"]
        assert (user.platforms, user.reason, user.group) == (frozenset(), "SEC-12", "g")
        assert user.preferences == Preferences(bot_name="N")

    def test_an_entry_that_lets_rules_apply_keeps_what_it_sets(self) -> None:
        entry = structs.replace(declared("alice", [GOOGLE]), takes_rules=True)
        assert state([rule()], ALICE, entries=[entry]).users == {"alice": entry}

    def test_a_rule_fills_in_the_preferences_that_an_entry_leaves_out(self) -> None:
        entry = declared("alice", [GOOGLE], preferences=Preferences(bot_name="N"))
        wanted = Preferences(bot_name="M", record_external=True)
        asks = rule(platforms=None, preferences=wanted)
        user = state([asks], ALICE, entries=[entry]).users["alice"]
        assert user.preferences == Preferences(bot_name="N", record_external=True)
        assert (user.platforms, user.rules, user.conflicting) == (frozenset({GOOGLE}), (asks,), ())

    def test_two_rules_complete_each_other(self) -> None:
        one = rule(name="one")
        two = rule(platforms=None, preferences=Preferences(bot_name="N"), name="two", reason=None)
        user = state([two, one], ALICE).users["alice"]
        assert (user.platforms, user.reason) == (frozenset(), "SEC-12")
        assert user.preferences == Preferences(bot_name="N")
        assert (user.rules, user.conflicting) == ((one, two), ())


class TestConflicts:
    """Rules that disagree about one user."""

    def test_platforms_differ(self) -> None:
        wanted = [rule(platforms=[GOOGLE], name="one"), rule(platforms=[MICROSOFT], name="two")]
        user = state(wanted, BOB).users["bob"]
        assert user.conflicting == ("one", "two")
        assert user.platforms == frozenset()

    def test_preferences_differ(self) -> None:
        named = [
            rule(platforms=None, preferences=Preferences(bot_name=name), name=name)
            for name in ("A", "B")
        ]
        both = Preferences(record_external=True)
        third = rule(platforms=None, preferences=both, name="C")
        user = state([*named, third], ALICE).users["alice"]
        assert user.conflicting == ("A", "B")
        assert user.preferences == Preferences(bot_name="A", record_external=True)

    def test_a_rule_that_only_reports_contradicts_nobody(self) -> None:
        other = rule(platforms=[GOOGLE], name="two", mode=RuleMode.REPORT)
        assert state([rule(), other], BOB).users["bob"].conflicting == ()

    def test_rules_that_agree_do_not_conflict(self) -> None:
        assert state([rule(name="one"), rule(name="two")], BOB).users["bob"].conflicting == ()


def test_an_action_carries_the_conditions_of_its_rules() -> None:
    match = RuleMatch(email="*@c.example.com")
    content = content_of(
        state([rule(match)], ALICE, BOB, entries=[declared("bob", [GOOGLE])]), fleet(ALICE, BOB)
    )
    by_rule, by_entry = content.actions
    assert by_rule.rules == (condition_of(rule(match)),)
    assert by_entry == disconnect("bob", MICROSOFT, requires=[GOOGLE], account="account")


def test_each_action_carries_the_rules_that_ask_for_it() -> None:
    leave = rule(RuleMatch(id="bob"), name="leave")
    named = rule(ANYBODY, None, name="named", preferences=NAMED)
    user = structs.replace(BOB, preferences=Preferences(bot_name="Other"))
    content = content_of(state([leave, named], user), fleet(user))
    assert [action.rules for action in content.actions] == [
        (condition_of(leave),),
        (condition_of(leave),),
        (condition_of(named),),
    ]


def test_what_an_entry_asks_for_carries_no_rule() -> None:
    both = rule(ANYBODY, [GOOGLE], preferences=NAMED)
    user = structs.replace(BOB, preferences=Preferences(bot_name="N", record_external=True))
    entry = declared("bob", [GOOGLE], preferences=Preferences(record_external=False))
    content = content_of(state([both], user, entries=[entry]), fleet(user))
    assert [action.rules for action in content.actions] == [UNSET, UNSET]


class TestDisconnected:
    """What an interrupted run disconnected counts for rules as it was before."""

    rule = rule(RuleMatch(email="*@c.example.com"))
    before = seen("alice", connected("google", email="alice@c.example.com"), connected("microsoft"))
    ours = before.connections[0]

    def today(self, user: CalendarUser, *disconnected: Connection) -> Content:
        declarations = Declarations({}, rules=(self.rule,))
        desired = desired_state(declarations, fleet(user), NOW, {"r-alice": disconnected})
        return content_of(desired, fleet(user))

    def test_the_rest_of_a_plan_is_still_to_be_done(self) -> None:
        saved = self.today(self.before)
        now = seen("alice", vacant("google"), connected("microsoft"))
        again = self.today(now, self.ours)
        assert again.actions == saved.actions[1:]
        observed, disconnected = UserIndex(fleet(now)), {"r-alice": (self.ours,)}
        ready, stale = divide(saved, again, observed, Protection(()), disconnected)
        assert (ready, stale) == (
            saved.actions[1:],
            (Stale(saved.actions[0], PreconditionResult.DONE),),
        )

    def test_otherwise_the_rest_is_stale(self) -> None:
        saved = self.today(self.before)
        now = seen("alice", vacant("google"), connected("microsoft"))
        changes = differences(saved, self.today(now), UserIndex(fleet(now)), Protection(()))
        assert [stale.result for stale in changes.gone] == [
            PreconditionResult.DONE,
            PreconditionResult.RULE_NO_LONGER_MATCHES,
        ]

    def test_a_platform_that_is_connected_again_counts_as_it_is(self) -> None:
        again = connected("google", "new", email="alice@example.com")
        now = seen("alice", again, connected("microsoft"))
        assert self.today(now, self.ours).actions == ()


def test_an_action_that_another_rule_asks_for_today_is_stale() -> None:
    one, two = rule(name="one"), rule(RuleMatch(connected=(MICROSOFT,)), name="two")
    before = seen("bob", connected("google"), connected("microsoft"))
    now = seen("bob", connected("google"))
    saved, today = (content_of(state([one, two], user), fleet(user)) for user in (before, now))
    assert [action.rules for action in today.actions] == [(condition_of(one),)]
    ready, stale = divide(saved, today, UserIndex(fleet(now)), Protection(()))
    assert ready == ()
    assert stale[0].result is PreconditionResult.RULE_NO_LONGER_MATCHES


class TestDigest:
    """A saved plan holds for the rules and sources that it was made with, not for their rows."""

    def digest(self, declarations: Declarations) -> str:
        return desired_digest(declarations)

    def test_rules_are_part_of_it_and_their_place_is_not(self) -> None:
        one = Declarations({}, rules=(rule(name="a"), rule(name="b")))
        moved = structs.replace(rule(name="a"), place=SourceLocation("z.yaml", 9, 9))
        assert self.digest(one) == self.digest(Declarations({}, rules=(rule(name="b"), moved)))
        assert self.digest(one) != self.digest(Declarations({}, rules=(rule(name="a"),)))

    def test_dates_are_part_of_it(self) -> None:
        alice = declared("alice", [GOOGLE])
        dated = structs.replace(alice, window=Window(NOW, None))
        assert self.digest(Declarations({"alice": alice})) != self.digest(
            Declarations({"alice": dated})
        )

    def test_every_entry_of_a_user_is_part_of_it_in_any_order(self) -> None:
        one = structs.replace(declared("alice", [GOOGLE]), window=Window(NOW, None))
        two = structs.replace(declared("alice", []), window=Window(None, NOW))
        both = Declarations({"alice": one}, others={"alice": (two,)})
        assert self.digest(both) == self.digest(
            Declarations({"alice": two}, others={"alice": (one,)})
        )
        assert self.digest(both) != self.digest(Declarations({"alice": one}))

    def test_rows_are_not(self) -> None:
        row = structs.replace(declared("alice", []), source="hr")
        assert self.digest(Declarations({"alice": row})) == self.digest(Declarations({}))


def test_a_plan_counts_who_is_not_as_a_reporting_rule_asks() -> None:
    reporting = rule(mode=RuleMode.REPORT, name="a")
    again = rule(mode=RuleMode.REPORT, name="b")
    desired = state([reporting, again, rule(RuleMatch(id="carl"), name="c")], *EVERYBODY)
    assert content_of(desired, fleet(*EVERYBODY)).reported == 2
    assert content_of(state([], ALICE), fleet(ALICE)).reported == 0


def test_an_e_mail_that_is_only_white_space_is_not_known() -> None:
    blank = seen("blank", connected("google", email=" "))
    asks = rule(RuleMatch(connected=(GOOGLE,)), excepted=["lead@c.example.com"])
    (effect,) = state([asks], blank, ALICE).effects
    assert effect.matched == ("alice",)


def test_rules_see_every_row_of_a_user_who_has_two() -> None:
    twice = (
        seen("alice", connected("google"), recall_id="r1"),
        seen("alice", connected("microsoft"), recall_id="r2"),
    )
    (effect,) = state([rule(RuleMatch(connected=(MICROSOFT,)))], *twice, BOB).effects
    assert (effect.matched, effect.listed) == (("alice", "bob"), 2)


def test_two_rules_may_ask_for_the_same_platform() -> None:
    asks = [
        rule(RuleMatch(connected=(GOOGLE,)), name="a"),
        rule(RuleMatch(connected=(MICROSOFT, GOOGLE)), name="b"),
    ]
    effects = state(asks, ALICE, BOB, CARL).effects
    assert [effect.matched for effect in effects] == [("alice", "bob"), ("alice", "bob")]
