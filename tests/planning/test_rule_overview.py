"""What is shown of each rule: who it matches, what it overlaps with, who is held or kept away."""

from collections.abc import Sequence

from reconciler.domain import DesiredUser, Preferences, Rule, RuleMatch, RuleMode, Window
from reconciler.planning import RuleOverlap, RuleOverview, rule_overviews
from tests.planning.fleets import GOOGLE, MICROSOFT, connected, declared, seen
from tests.planning.rules import ANYBODY, NAMED, NOW, rule, state

ALICE = seen("alice", connected("google"))
BOB = seen("bob", connected("google"), connected("microsoft"))
CARL = seen("carl")
LEAVE = rule(RuleMatch(connected=(GOOGLE,)), (), name="leave")
STAY = rule(RuleMatch(connected=(MICROSOFT,)), [MICROSOFT], name="stay")
NAME = rule(ANYBODY, None, name="name", preferences=NAMED, mode=RuleMode.REPORT)
OTHER_NAME = rule(ANYBODY, None, name="other", preferences=Preferences(bot_name="M"))
PAST = rule(name="past", window=Window(None, NOW))


def overviews(*rules: Rule, entries: Sequence[DesiredUser] = ()) -> dict[str, RuleOverview]:
    desired = state(rules, ALICE, BOB, CARL, entries=entries)
    return {overview.rule.name: overview for overview in rule_overviews(desired)}


def test_rules_that_match_the_same_users_name_each_other() -> None:
    found = overviews(STAY, NAME, LEAVE)
    assert list(found) == ["leave", "name", "stay"]
    assert found["leave"].overlaps == (
        RuleOverlap("name", 2, disagree=False),
        RuleOverlap("stay", 1, disagree=True),
    )
    assert found["stay"].overlaps == (
        RuleOverlap("leave", 1, disagree=True),
        RuleOverlap("name", 1, disagree=False),
    )


def test_preferences_that_differ_disagree_too() -> None:
    found = overviews(NAME, OTHER_NAME)
    assert found["name"].overlaps == (RuleOverlap("other", 3, disagree=True),)


def test_rules_that_match_nobody_in_common_do_not_overlap() -> None:
    found = overviews(rule(RuleMatch(id="alice"), name="one"), rule(RuleMatch(id="bob"), name="b"))
    assert [overview.overlaps for overview in found.values()] == [(), ()]


def test_whoever_is_held_is_named_under_both_rules() -> None:
    found = overviews(STAY, LEAVE, NAME)
    assert {name: overview.held for name, overview in found.items()} == {
        "leave": ("bob",),
        "name": (),
        "stay": ("bob",),
    }


def test_whoever_an_entry_keeps_away_is_named() -> None:
    entries = (declared("alice", [GOOGLE]), declared("bob", preferences=NAMED))
    found = overviews(LEAVE, NAME, entries=entries)
    effects = {name: overview.effect for name, overview in found.items()}
    assert effects["leave"] is not None
    assert effects["leave"].kept == ("alice", "bob")
    assert effects["name"] is not None
    assert effects["name"].kept == ("bob",)


def test_a_rule_that_is_not_in_force_is_shown_without_matches() -> None:
    found = overviews(PAST, LEAVE)
    assert found["past"] == RuleOverview(PAST, None)
    assert found["leave"].overlaps == ()
