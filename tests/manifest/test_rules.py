"""Rules as a manifest writes them."""

import pytest

from reconciler.domain import (
    Handover,
    Platform,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    SourceLocation,
)
from tests.manifest.folder import HEAD, Folder


def test_a_rule_is_read_whole(folder: Folder) -> None:
    declared = folder.load_text(
        HEAD
        + """\
rules:
  - name: contractors
    match: {id: "c-*", email: "*@c.example.com", connected: [google, microsoft], unmanaged: true}
    except: ["lead@c.example.com"]
    platforms: []
    handover: immediate
    preferences: {bot_name: N}
    reason: SEC-12
    mode: enforce
"""
    )
    assert declared.rules == (
        Rule(
            "contractors",
            RuleMatch("c-*", "*@c.example.com", (Platform.GOOGLE, Platform.MICROSOFT), True),
            ("lead@c.example.com",),
            frozenset(),
            Handover.IMMEDIATE,
            Preferences(bot_name="N"),
            "SEC-12",
            RuleMode.ENFORCE,
            None,
            SourceLocation("m.yaml", 3, 5),
        ),
    )


def test_a_rule_only_reports_unless_it_says_otherwise(folder: Folder) -> None:
    text = "rules: [{name: r, match: {id: a}, platforms: [google]}]\n"
    (rule,) = folder.load_text(HEAD + text).rules
    assert (rule.mode, rule.handover, rule.preferences) == (RuleMode.REPORT, Handover.WAIT, None)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (
            "match: {id: a}, platforms: []",
            ("m.yaml:2:9: the rule `r` has `platforms: []` and no `reason` (add a `reason`)"),
        ),
        (
            "match: {id: a}",
            "m.yaml:2:9: the rule `r` asks for nothing (add `platforms` or `preferences`)",
        ),
        (
            "match: {}, platforms: [google]",
            "m.yaml:2:26: `match` is empty (it needs at least one entry)",
        ),
        (
            "match: {id: a}, mode: act",
            "m.yaml:2:41: `mode` cannot be `act` (write `report` or `enforce`)",
        ),
        (
            "match: {unmanaged: false}, platforms: [google]",
            "m.yaml:2:38: `unmanaged` cannot be `false` (write `true`)",
        ),
    ],
)
def test_a_rule_that_cannot_be_meant_is_an_error(folder: Folder, rule: str, error: str) -> None:
    found = folder.errors_of(f"{HEAD}rules: [{{name: r, {rule}}}]\n")
    assert found[0] == error


def test_names_of_rules_are_given_once(folder: Folder) -> None:
    rule = "{name: r, match: {id: a}, platforms: [google]}"
    assert folder.errors_of(f"{HEAD}rules: [{rule}, {rule}]\n") == [
        (
            "m.yaml:2:57: the rule `r` is defined twice, first at m.yaml:2:9 (give each a name of"
            " its own)"
        )
    ]
