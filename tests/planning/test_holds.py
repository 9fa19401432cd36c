"""Holds: one action is kept back, the rest of the plan stays applicable."""

import pytest
from msgspec import UNSET, UnsetType

from reconciler.domain import Preferences, RuleMatch, UnknownEmail
from reconciler.planning import (
    ActionReason,
    HeldAction,
    History,
    Hold,
    HoldCause,
    Pending,
    PendingReason,
    UnknownConnection,
    UnmanagedReason,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    disconnect,
    fleet,
    manifest,
    seen,
    update,
    vacant,
)
from tests.planning.rules import rule, state

LEFT = ActionReason.NOTHING_WANTED


def test_a_protected_user_keeps_everything_and_the_neighbour_does_not() -> None:
    wanted = Preferences(record_external=True)
    content = content_of(
        manifest(declared("boss", [], preferences=wanted), declared("clerk", [])),
        fleet(seen("boss", connected("google")), seen("clerk", connected("google"))),
        protected=["boss"],
    )
    assert content.actions == (disconnect("clerk", GOOGLE, reason=LEFT),)
    assert content.blocked == (
        HeldAction(disconnect("boss", GOOGLE, reason=LEFT), (Hold.PROTECTED,)),
        HeldAction(update("boss", wanted, None), (Hold.PROTECTED,)),
    )


def test_an_email_on_either_connection_protects_the_whole_user() -> None:
    content = content_of(
        manifest(declared("u-1", []), declared("u-2", [])),
        fleet(
            seen("u-1", connected("google", email="CEO@Example.com"), connected("microsoft")),
            seen("u-2", connected("google", email="ceo@other.com")),
        ),
        protected=["ceo@example.com"],
    )
    assert [(b.action.key, b.holds) for b in content.blocked] == [
        ("disconnect google of u-1", (Hold.PROTECTED,)),
        ("disconnect microsoft of u-1", (Hold.PROTECTED,)),
    ]
    assert [a.key for a in content.actions] == ["disconnect google of u-2"]


def test_an_email_on_either_of_two_rows_protects_the_user() -> None:
    boss = connected("google", email="boss@x.com")
    content = content_of(
        manifest(declared("twice", []), declared("once", [])),
        fleet(
            seen("twice", boss, recall_id="1"),
            seen("twice", connected("google"), recall_id="2"),
            seen("once", connected("google", email="clerk@x.com")),
        ),
        protected=["boss@x.com"],
    )
    assert content.actions == (disconnect("once", GOOGLE, email="clerk@x.com", reason=LEFT),)
    assert [(b.action.recall_id, b.holds) for b in content.blocked] == [
        ("1", (Hold.PROTECTED, Hold.AMBIGUOUS_IDENTITY)),
        ("2", (Hold.PROTECTED, Hold.AMBIGUOUS_IDENTITY)),
    ]


def test_whoever_has_a_connection_of_unknown_email_is_held_while_a_pattern_may_match_it() -> None:
    wanted = Preferences(bot_name="N")
    shown = connected("google", email="clerk@x.com")
    content = content_of(
        manifest(
            declared("7f6c2d1e", [], preferences=wanted),
            declared("8a1b", []),
            declared("clerk", [], preferences=wanted),
        ),
        fleet(
            seen("7f6c2d1e", connected("google"), connected("microsoft", email="a@x.com")),
            seen("8a1b", connected("google", email=" ")),
            seen("clerk", shown, vacant("microsoft")),
        ),
        protected=["*@board.example.com"],
    )
    assert content.actions == (
        disconnect("clerk", GOOGLE, email="clerk@x.com", reason=LEFT),
        update("clerk", wanted, None),
    )
    assert [(b.action.key, b.holds, b.cause) for b in content.blocked] == [
        ("disconnect google of 7f6c2d1e", (Hold.PROTECTED,), HoldCause.EMAIL_NOT_KNOWN),
        ("disconnect microsoft of 7f6c2d1e", (Hold.PROTECTED,), HoldCause.EMAIL_NOT_KNOWN),
        ("update preferences of 7f6c2d1e", (Hold.PROTECTED,), HoldCause.EMAIL_NOT_KNOWN),
        ("disconnect google of 8a1b", (Hold.PROTECTED,), HoldCause.EMAIL_NOT_KNOWN),
    ]
    assert content.configuration.protected_unknown_email is UNSET


def test_an_unknown_email_on_one_of_two_rows_holds_the_user_as_protected_too() -> None:
    content = content_of(
        manifest(declared("twice", [])),
        fleet(
            seen("twice", connected("google", email="a@x.com"), recall_id="1"),
            seen("twice", connected("google"), recall_id="2"),
        ),
        protected=["boss@x.com"],
    )
    assert [(b.holds, b.cause) for b in content.blocked] == [
        ((Hold.PROTECTED, Hold.AMBIGUOUS_IDENTITY), HoldCause.EMAIL_NOT_KNOWN)
    ] * 2


def test_an_unknown_email_counts_for_nothing_where_the_configuration_says_so() -> None:
    content = content_of(
        manifest(declared("boss", []), declared("clerk", [])),
        fleet(seen("boss", connected("google")), seen("clerk", connected("google"))),
        protected=["boss", "*@board.example.com"],
        unknown_email=UnknownEmail.IGNORE,
    )
    assert content.actions == (disconnect("clerk", GOOGLE, reason=LEFT),)
    assert content.blocked == (
        HeldAction(disconnect("boss", GOOGLE, reason=LEFT), (Hold.PROTECTED,)),
    )
    assert content.configuration.protected_unknown_email is UnknownEmail.IGNORE


@pytest.mark.parametrize("platform", ["Google", "google_calendar", "zoom", ""])
def test_a_leaver_with_an_unknown_platform_is_held_and_not_converged(platform: str) -> None:
    content = content_of(
        manifest(declared("leaver", [], reason="left"), declared("clerk", [GOOGLE])),
        fleet(
            seen("leaver", connected(platform, "z", "l@x.com"), vacant("google"), vacant("webex")),
            seen("clerk", connected("google"), vacant("zoom")),
        ),
    )
    unknown = UnknownConnection("prod", "leaver", "r-leaver", platform, "z", "l@x.com", "left")
    assert content.blocked == (HeldAction(unknown, (Hold.UNKNOWN_PLATFORM,)),)
    assert (content.actions, content.pending, content.unmanaged) == ((), (), ())
    assert content.fleet.converged == 1
    assert content.waits


def test_an_unknown_platform_keeps_back_nothing_else_of_its_user() -> None:
    content = content_of(
        manifest(declared("leaver", []), declared("moving", [GOOGLE]), declared("clerk")),
        fleet(
            seen("leaver", connected("zoom"), connected("google")),
            seen("moving", connected("google_calendar"), connected("microsoft")),
            seen("clerk", connected("zoom")),
        ),
    )
    assert content.actions == (disconnect("leaver", GOOGLE, reason=LEFT),)
    assert [(b.action.key, b.holds) for b in content.blocked] == [
        ("disconnect zoom of leaver", (Hold.UNKNOWN_PLATFORM,)),
        ("disconnect microsoft of moving", (Hold.HANDOVER,)),
        ("disconnect google_calendar of moving", (Hold.UNKNOWN_PLATFORM,)),
    ]
    assert content.pending == (Pending("moving", GOOGLE, PendingReason.NOT_CONNECTED),)
    assert [(s.user, s.reason) for s in content.unmanaged] == [
        ("clerk", UnmanagedReason.UNMANAGED_CONNECTIONS)
    ]


def test_an_unknown_platform_names_every_other_hold_of_its_user_too() -> None:
    content = content_of(
        manifest(declared("boss", [GOOGLE]), declared("twice", [])),
        fleet(
            seen("boss", connected("google"), connected("zoom")),
            seen("twice", connected("zoom"), recall_id="1"),
            seen("twice", recall_id="2"),
        ),
        protected=["boss"],
        history=History(in_doubt=frozenset({"twice"})),
    )
    assert [b.holds for b in content.blocked] == [
        (Hold.PROTECTED, Hold.UNKNOWN_PLATFORM),
        (Hold.AMBIGUOUS_IDENTITY, Hold.UNKNOWN_PLATFORM, Hold.IN_DOUBT),
    ]


@pytest.mark.parametrize(
    ("holds", "cause", "waits"),
    [
        ((Hold.PROTECTED,), UNSET, False),
        ((Hold.HANDOVER, Hold.PROTECTED), UNSET, False),
        ((Hold.PROTECTED,), HoldCause.EMAIL_NOT_KNOWN, True),
        ((Hold.AMBIGUOUS_IDENTITY,), UNSET, True),
        ((Hold.PROTECTED, Hold.UNKNOWN_PLATFORM), UNSET, True),
        ((Hold.IN_DOUBT,), UNSET, True),
        ((Hold.CONFLICTING_RULES,), UNSET, True),
    ],
)
def test_what_is_held_for_something_unknown_waits_for_a_person(
    holds: tuple[Hold, ...], cause: HoldCause | UnsetType, waits: bool
) -> None:
    assert HeldAction(disconnect("a", GOOGLE), holds, cause).waits is waits


def test_two_rows_with_one_external_id_hold_everything_of_that_user() -> None:
    wanted = Preferences(bot_name="N")
    content = content_of(
        manifest(declared("twice", [], preferences=wanted), declared("once", [])),
        fleet(
            seen("twice", connected("google", "g2"), recall_id="r2"),
            seen("once", connected("google")),
            seen("twice", recall_id="r1", preferences=wanted),
        ),
    )
    assert content.actions == (disconnect("once", GOOGLE, reason=LEFT),)
    assert content.blocked == (
        HeldAction(
            disconnect("twice", GOOGLE, account="g2", recall_id="r2", reason=LEFT),
            (Hold.AMBIGUOUS_IDENTITY,),
        ),
        HeldAction(update("twice", wanted, None, recall_id="r2"), (Hold.AMBIGUOUS_IDENTITY,)),
    )


def test_one_row_listed_twice_is_ambiguous_too() -> None:
    row = seen("a", connected("google"))
    content = content_of(
        manifest(declared("a", []), declared("b", [])),
        fleet(row, seen("b", connected("google")), row),
    )
    assert content.actions == (disconnect("b", GOOGLE, reason=LEFT),)
    assert [b.holds for b in content.blocked] == [(Hold.AMBIGUOUS_IDENTITY,)] * 2


def test_two_calendars_of_one_platform_hold_that_platform_only() -> None:
    content = content_of(
        manifest(declared("a", []), declared("b", [])),
        fleet(
            seen("a", connected("google", "2"), connected("microsoft"), connected("google", "1")),
            seen("b", connected("google")),
        ),
    )
    assert content.actions == (
        disconnect("a", MICROSOFT, reason=LEFT),
        disconnect("b", GOOGLE, reason=LEFT),
    )
    assert content.blocked == (
        HeldAction(disconnect("a", GOOGLE, account="1", reason=LEFT), (Hold.AMBIGUOUS_IDENTITY,)),
    )


def test_all_holds_of_an_action_are_named() -> None:
    rows = [connected("google", "1"), connected("google", "2")]
    content = content_of(
        manifest(declared("a", [MICROSOFT]), declared("b", [MICROSOFT])),
        fleet(seen("a", *rows), seen("b", connected("google"))),
        protected=["a"],
    )
    assert [b.holds for b in content.blocked] == [
        (Hold.HANDOVER, Hold.PROTECTED, Hold.AMBIGUOUS_IDENTITY),
        (Hold.HANDOVER,),
    ]


def test_preferences_do_not_wait_for_a_handover() -> None:
    wanted = Preferences(bot_name="N")
    content = content_of(
        manifest(
            declared("a", [MICROSOFT], preferences=wanted),
            declared("b", [GOOGLE], preferences=wanted),
        ),
        fleet(seen("a", connected("google")), seen("b", connected("google"), preferences=wanted)),
    )
    assert content.actions == (update("a", wanted, None),)
    assert [b.action.key for b in content.blocked] == ["disconnect google of a"]


def test_somebody_with_two_rows_lacks_a_platform_only_where_neither_has_it() -> None:
    content = content_of(
        manifest(declared("a", [GOOGLE, MICROSOFT]), declared("b", [GOOGLE])),
        fleet(
            seen("a", connected("google"), recall_id="1"),
            seen("a", recall_id="2"),
            seen("b", recall_id="3"),
        ),
    )
    assert content.pending == (
        Pending("a", MICROSOFT, PendingReason.NOT_CONNECTED),
        Pending("b", GOOGLE, PendingReason.NOT_CONNECTED),
    )


def test_somebody_whose_two_rows_hold_what_is_wanted_between_them_is_converged() -> None:
    content = content_of(
        manifest(declared("a", [GOOGLE]), declared("b", [GOOGLE])),
        fleet(
            seen("a", connected("google"), recall_id="1"),
            seen("a", recall_id="2"),
            seen("b", connected("google")),
        ),
    )
    assert (content.actions, content.pending, content.blocked) == ((), (), ())
    assert content.fleet.converged == 2


def test_whoever_an_earlier_run_left_in_doubt_is_held_and_the_neighbour_is_not() -> None:
    content = content_of(
        manifest(declared("doubtful", []), declared("clear", [])),
        fleet(seen("doubtful", connected("google")), seen("clear", connected("google"))),
        history=History(in_doubt=frozenset({"doubtful"})),
    )
    assert content.actions == (disconnect("clear", GOOGLE, reason=LEFT),)
    assert content.blocked == (
        HeldAction(disconnect("doubtful", GOOGLE, reason=LEFT), (Hold.IN_DOUBT,)),
    )
    assert content.in_doubt == content.blocked


def test_a_calendar_user_in_doubt_is_held_under_whatever_external_id() -> None:
    content = content_of(
        manifest(declared("renamed", []), declared("clear", [])),
        fleet(
            seen("renamed", connected("google"), recall_id="the same"),
            seen("clear", connected("google")),
        ),
        history=History(in_doubt=frozenset({"before", "the same"})),
    )
    assert [action.user for action in content.actions] == ["clear"]
    assert [(one.action.user, one.holds) for one in content.blocked] == [
        ("renamed", (Hold.IN_DOUBT,))
    ]


def test_rules_that_disagree_hold_every_action_of_the_user_and_are_named() -> None:
    rules = [
        rule(RuleMatch(connected=(MICROSOFT,)), [GOOGLE], name="to-google"),
        rule(RuleMatch(connected=(GOOGLE,)), (), name="nothing"),
        rule(RuleMatch(id="*"), None, name="named", preferences=Preferences(bot_name="N")),
    ]
    users = (
        seen("bob", connected("google"), connected("microsoft")),
        seen("dora", connected("google")),
    )
    content = content_of(state(rules, *users), fleet(*users))
    assert [(held.action.key, held.holds, held.rules) for held in content.blocked] == [
        (f"{what} of bob", (Hold.CONFLICTING_RULES,), ("nothing", "to-google"))
        for what in ("disconnect google", "disconnect microsoft", "update preferences")
    ]
    assert [action.key for action in content.actions] == [
        "disconnect google of dora",
        "update preferences of dora",
    ]
    assert content.waits
