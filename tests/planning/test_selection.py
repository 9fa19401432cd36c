"""Whom a run is about, and what a selection never changes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec import UNSET, structs

from reconciler.domain import (
    Declarations,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    SourceLocation,
    SourceUse,
)
from reconciler.planning import (
    FleetSize,
    GuardName,
    History,
    Judgement,
    Undetermined,
    UnmatchedSelector,
    canonical_json,
    desired_state,
    fleet_part,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
)

DESIRED = manifest(
    declared("alice@x.com", [], group="leavers"),
    declared("bob@x.com", [GOOGLE]),
    declared("carol@y.com", [MICROSOFT]),
    groups=["leavers", "empty"],
)
OBSERVED = fleet(
    seen("alice@x.com", connected("google")),
    seen("bob@x.com", connected("google"), connected("microsoft")),
    seen("carol@y.com", connected("google")),
    seen("dave@x.com", connected("google")),
)


def everything_of(desired: DesiredState, selectors: Sequence[str]) -> set[str]:
    """The declared users that a run with these selectors is about, on any platform and on none."""
    part = fleet_part(desired, selectors)
    return {user for user in desired.users if part.covers(user, None)}


@pytest.mark.parametrize(
    ("selectors", "selected"),
    [
        (["alice@x.com"], {"alice@x.com"}),
        (["*@x.com"], {"alice@x.com", "bob@x.com"}),
        (["*o*"], {"alice@x.com", "bob@x.com", "carol@y.com"}),
        (["group:leavers"], {"alice@x.com"}),
        (["group:leavers", "carol@y.com"], {"alice@x.com", "carol@y.com"}),
        (["alice@x.com", "alice*"], {"alice@x.com"}),
    ],
)
def test_selectors_select_whom_they_name(selectors: list[str], selected: set[str]) -> None:
    assert everything_of(DESIRED, selectors) == selected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("alice@x.co", "no declared user matches 'alice@x.co'; did you mean 'alice@x.com'?"),
        ("nobody", "no declared user matches 'nobody'"),
        (
            "Alice@x.com",
            "no declared user matches 'Alice@x.com'; did you mean 'alice@x.com' (another case)?",
        ),
        ("dave@x.com", "no declared user matches 'dave@x.com'"),
        ("?lice@x.com", "no declared user matches '?lice@x.com'; did you mean 'alice@x.com'?"),
        ("z*", "no declared user matches 'z*'"),
        ("*@x.co", "no declared user matches '*@x.co'"),
        ("group:leaver", "no manifest defines the group 'leaver'; did you mean 'leavers'?"),
        ("group:empty", "no declared user is in the group 'empty'"),
    ],
)
def test_a_selector_that_names_nobody_is_an_error(selector: str, message: str) -> None:
    with pytest.raises(UnmatchedSelector) as caught:
        fleet_part(DESIRED, ["bob@x.com", selector])
    assert str(caught.value) == message


def test_an_empty_list_of_selectors_does_not_look_like_a_converged_fleet() -> None:
    with pytest.raises(UnmatchedSelector, match="nothing is selected"):
        content_of(DESIRED, OBSERVED, selectors=[])


def test_a_selection_narrows_what_is_done_and_counts_what_it_leaves_out() -> None:
    content = content_of(DESIRED, OBSERVED, selectors=["carol*", "bob@x.com"])
    assert [action.key for action in content.actions] == ["disconnect microsoft of bob@x.com"]
    assert [b.action.key for b in content.blocked] == ["disconnect google of carol@y.com"]
    assert [p.user for p in content.pending] == ["carol@y.com"]
    assert content.selection == ("bob@x.com", "carol*")
    assert content.deselected == 1


def test_a_selection_narrows_what_waits_and_what_is_held() -> None:
    content = content_of(DESIRED, OBSERVED, selectors=["alice@x.com"])
    assert [action.key for action in content.actions] == ["disconnect google of alice@x.com"]
    assert (content.pending, content.blocked, content.deselected) == ((), (), 1)


def test_a_selection_narrows_who_is_undetermined_and_not_the_refusal() -> None:
    content = content_of(DESIRED, fleet(problems=["timeout"]), selectors=["bob@x.com"])
    assert content.undetermined == (Undetermined("bob@x.com"),)
    assert [v.guard for v in content.refusals] == [GuardName.COMPLETE_OBSERVATION]


def test_a_selection_changes_nothing_of_the_fleet_but_the_count_of_disconnects() -> None:
    limits, history = Limits(1, 20), History(FleetSize(declared=4, observed=4))
    whole = content_of(DESIRED, OBSERVED, limits=limits, history=history)
    part = content_of(DESIRED, OBSERVED, limits=limits, history=history, selectors=["alice@x.com"])
    assert part.fleet == whole.fleet
    assert part.unmanaged == whole.unmanaged
    assert part.desired_digest == whole.desired_digest
    assert part.guards[:6] == whole.guards[:6]
    assert [(v.guard, v.actual, v.total, v.judgement) for v in whole.guards[6:]] == [
        (GuardName.MAX_DISCONNECTS, 2, None, Judgement.REFUSED),
        (GuardName.MAX_DISCONNECT_PERCENT, 2, 4, Judgement.NOT_APPLICABLE),
    ]
    assert [(v.guard, v.actual, v.total, v.judgement) for v in part.guards[6:]] == [
        (GuardName.MAX_DISCONNECTS, 1, None, Judgement.PASSED),
        (GuardName.MAX_DISCONNECT_PERCENT, 1, 4, Judgement.NOT_APPLICABLE),
    ]


def test_repeated_selectors_in_any_order_are_one_selection() -> None:
    assert content_of(DESIRED, OBSERVED, selectors=["bob@x.com", "alice*"]) == content_of(
        DESIRED, OBSERVED, selectors=["alice*", "bob@x.com", "alice*"]
    )


def test_an_id_that_looks_like_a_group_is_still_an_id() -> None:
    desired = manifest(declared("group:odd", [GOOGLE]), declared("other", [GOOGLE]))
    assert everything_of(desired, ["group:odd"]) == {"group:odd"}


def test_an_id_in_another_unicode_form_is_suggested_with_what_differs() -> None:
    composed, decomposed = "zo\u00eb@x.com", "zoe\u0308@x.com"
    with pytest.raises(UnmatchedSelector) as caught:
        fleet_part(manifest(declared(composed, [GOOGLE])), [decomposed])
    assert str(caught.value).endswith(f"did you mean {composed!r} (another Unicode form)?")


# Selectors of other kinds, and exclusion.


def ruled(user: DesiredUser, rule: Rule) -> DesiredUser:
    return structs.replace(user, rules=(rule,))


def rule(name: str, mode: RuleMode = RuleMode.ENFORCE) -> Rule:
    return Rule(
        name,
        RuleMatch(id="*"),
        (),
        frozenset(),
        Handover.WAIT,
        None,
        "SEC-12",
        mode,
        None,
        SourceLocation("rules.yaml", 1, 1),
    )


def source(name: str) -> SourceUse:
    return SourceUse(name, "sha256:0", 1, {}, SourceLocation("hr.yaml", 1, 1))


CONTRACTORS, REPORTED = rule("contractors"), rule("reported", RuleMode.REPORT)
LEAVER = structs.replace(declared("leaver", [], reason="left (HR-1)"), source="hr-leavers")
MOVER = declared("mover", [MICROSOFT], reason="moves (IT-2)")
BOTH = declared("both", [], reason="left (HR-2)")
RULED = ruled(declared("ruled", [], reason="SEC-12"), CONTRACTORS)
PREFERS = declared("prefers", [GOOGLE], preferences=Preferences(bot_name="N"))
EVERYBODY = (BOTH, LEAVER, MOVER, PREFERS, RULED)
RICH = DesiredState(
    {user.id: user for user in EVERYBODY},
    Declarations(
        {user.id: user for user in EVERYBODY if user is not RULED},
        rules=(CONTRACTORS, REPORTED),
        sources=(source("hr-leavers"), source("empty")),
    ),
)
LISTED = fleet(
    seen("both", connected("google"), connected("microsoft")),
    seen("leaver", connected("google")),
    seen("mover", connected("google")),
    seen("prefers", connected("google"), connected("zoom"), preferences=Preferences(bot_name="O")),
    seen("ruled", connected("microsoft")),
)


def planned(
    selectors: Sequence[str] | None = None, exclusion: Sequence[str] | None = None
) -> list[str]:
    """What a plan does, keeps back (!) and waits for (?)."""
    content = content_of(RICH, LISTED, selectors=selectors, exclusion=exclusion)
    return [
        *(action.key for action in content.actions),
        *(f"! {blocked.action.key}" for blocked in content.blocked),
        *(f"? {pending.platform} of {pending.user}" for pending in content.pending),
    ]


WHOLE = [
    "disconnect google of both",
    "disconnect microsoft of both",
    "disconnect google of leaver",
    "update preferences of prefers",
    "disconnect microsoft of ruled",
    "! disconnect google of mover",
    "! disconnect zoom of prefers",
    "? microsoft of mover",
]


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["reason:left (HR-1)"], ["disconnect google of leaver"]),
        (["reason:left*"], [each for each in WHOLE if "both" in each or "leaver" in each]),
        (["source:hr-leavers"], ["disconnect google of leaver"]),
        (["rule:contractors"], ["disconnect microsoft of ruled"]),
        (
            ["platform:google"],
            [
                "disconnect google of both",
                "disconnect google of leaver",
                "! disconnect google of mover",
            ],
        ),
        (
            ["platform:microsoft", "leaver"],
            [
                "disconnect microsoft of both",
                "disconnect google of leaver",
                "disconnect microsoft of ruled",
                "? microsoft of mover",
            ],
        ),
        (["platform:google", "platform:microsoft"], [e for e in WHOLE if "prefers" not in e]),
    ],
    ids=" ".join,
)
def test_reasons_sources_rules_and_platforms_select(
    selectors: list[str], expected: list[str]
) -> None:
    assert planned(selectors) == expected


@pytest.mark.parametrize(
    ("selectors", "exclusion", "left"),
    [
        (None, ["both"], [each for each in WHOLE if "both" not in each]),
        (None, ["reason:left*", "prefers"], WHOLE[4:6] + WHOLE[7:]),
        (None, ["platform:google"], [each for each in WHOLE if "google" not in each]),
        (["reason:left*"], ["platform:microsoft"], [WHOLE[0], WHOLE[2]]),
        (["both", "leaver"], ["both"], [WHOLE[2]]),
        (["both"], ["both"], []),
        (["platform:google"], ["source:hr-leavers", "mover"], [WHOLE[0]]),
    ],
)
def test_an_exclusion_takes_out_of_what_is_selected(
    selectors: list[str] | None, exclusion: list[str], left: list[str]
) -> None:
    assert planned(selectors, exclusion) == left


def test_a_plan_carries_its_exclusion_and_counts_what_it_leaves_out() -> None:
    content = content_of(RICH, LISTED, exclusion=["leaver", "both", "leaver"])
    assert (content.selection, content.exclusion) == (None, ("both", "leaver"))
    assert content.deselected == 3
    whole = content_of(RICH, LISTED)
    assert whole.exclusion is UNSET
    assert b"exclusion" not in canonical_json(whole)
    assert [(v.guard, v.actual) for v in content.guards[:6]] == [
        (v.guard, v.actual) for v in whole.guards[:6]
    ]
    assert content.fleet == whole.fleet


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("reason:left", "no declared user has the reason 'left'"),
        (
            "reason:moves (IT-3)",
            "no declared user has the reason 'moves (IT-3)'; did you mean 'moves (IT-2)'?",
        ),
        (
            "source:hr-leaver",
            "no manifest defines the source 'hr-leaver'; did you mean 'hr-leavers'?",
        ),
        ("source:empty", "no user is declared by the source 'empty' now"),
        (
            "rule:contractor",
            "no manifest defines the rule 'contractor'; did you mean 'contractors'?",
        ),
        ("rule:reported", "no user is declared by the rule 'reported' now: its mode is `report`"),
        ("platform:gogle", "there is no platform 'gogle'; did you mean 'google'?"),
        ("platform:zoom", "there is no platform 'zoom'; there are: google, microsoft"),
        ("platforms:google", "no declared user matches 'platforms:google'"),
    ],
)
def test_a_selector_of_any_kind_that_matches_nobody_is_an_error_for_exclusion_too(
    selector: str, message: str
) -> None:
    with pytest.raises(UnmatchedSelector) as caught:
        planned(["both", selector])
    assert str(caught.value) == message
    with pytest.raises(UnmatchedSelector) as caught:
        planned(None, ["both", selector])
    assert str(caught.value) == f"cannot exclude: {message}"


def test_an_empty_exclusion_is_an_error() -> None:
    with pytest.raises(UnmatchedSelector, match="nothing is excluded"):
        planned(None, [])


def test_no_platform_can_be_selected_where_nobody_declares_platforms() -> None:
    desired = manifest(declared("a"), declared("b"))
    with pytest.raises(UnmatchedSelector, match="no declared user has `platforms`"):
        fleet_part(desired, ["platform:google"])


@pytest.mark.parametrize(
    ("selectors", "exclusion", "users"),
    [
        (["platform:google"], None, ["both", "leaver", "mover"]),
        (["leaver"], None, ["leaver"]),
        (["rule:contractors", "leaver"], None, ["leaver"]),
        (["rule:contractors"], None, []),
        (None, ["platform:google"], ["both", "leaver", "mover"]),
        (None, ["leaver", "rule:contractors"], ["both", "mover"]),
    ],
)
def test_an_incomplete_list_leaves_open_who_is_on_a_platform_or_under_a_rule(
    selectors: list[str] | None, exclusion: list[str] | None, users: list[str]
) -> None:
    entries = {user.id: user for user in (BOTH, LEAVER, MOVER)}
    desired = DesiredState(entries, Declarations(entries, rules=(CONTRACTORS,)))
    part = fleet(problems=["timeout"])
    content = content_of(desired, part, selectors=selectors, exclusion=exclusion)
    assert [entry.user for entry in content.undetermined] == users


def test_a_misspelt_rule_is_an_error_on_an_incomplete_list_too() -> None:
    with pytest.raises(UnmatchedSelector, match="no manifest defines the rule"):
        content_of(RICH, fleet(problems=["timeout"]), selectors=["rule:contractor"])


class TestSeveralDeclarations:
    """Each of them names the user: the entry, and every row."""

    ENTRY = declared("dave", [], group="advisers", reason="left (HR-3)")
    HR = structs.replace(declared("dave", [], reason="terminated"), source="hr-leavers")
    DIRECTORY = structs.replace(declared("dave", [], group="staff"), source="empty")
    BESIDE = declared("erin", [], reason="Left (HR-4)")
    DESIRED = desired_state(
        Declarations(
            {"dave": ENTRY, "erin": BESIDE},
            frozenset({"advisers", "staff"}),
            others={"dave": (HR, DIRECTORY)},
            sources=(source("hr-leavers"), source("empty")),
        ),
        LISTED,
        datetime(2026, 12, 1, tzinfo=UTC),
    )

    @pytest.mark.parametrize(
        "selector",
        [
            "group:advisers",
            "group:staff",
            "source:hr-leavers",
            "source:empty",
            "reason:left (HR-3)",
            "reason:terminated",
        ],
    )
    def test_whatever_one_of_them_says_selects_and_excludes_the_user(self, selector: str) -> None:
        assert everything_of(self.DESIRED, [selector]) == {"dave"}
        part = fleet_part(self.DESIRED, None, [selector])
        assert [user for user in ("dave", "erin") if part.covers(user, None)] == ["erin"]

    def test_the_reason_of_a_rule_selects_too(self) -> None:
        prefers = structs.replace(PREFERS, reason="moves", rules=(CONTRACTORS,))
        desired = DesiredState({"prefers": prefers}, Declarations({"prefers": prefers}))
        assert everything_of(desired, ["reason:SEC-*"]) == {"prefers"}


@pytest.mark.parametrize("selector", ["*@X.com", "*@x.COM", "reason:LEFT*"])
def test_a_pattern_compares_without_case_as_every_pattern_does(selector: str) -> None:
    desired = manifest(
        declared("Alice@X.com", [], reason="left"),
        declared("bob@x.com", [], reason="Left"),
        declared("carol@y.com", [GOOGLE], reason="right"),
    )
    part = fleet_part(desired, None, [selector])
    assert [user for user in desired.users if part.covers(user, None)] == ["carol@y.com"]
