"""One user explained: the layers that count, what each gives, and what the plan has."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from reconciler.domain import (
    CalendarUser,
    Dated,
    DatedKind,
    Declarations,
    DesiredUser,
    Handover,
    Layer,
    LayerKind,
    ObservedState,
    Platform,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    SourceLocation,
    Window,
)
from reconciler.planning import (
    Contested,
    Explanation,
    History,
    LayerState,
    NoticeCode,
    Owned,
    Ownership,
    Protection,
    UnmanagedReason,
    UnmatchedSelector,
    desired_state,
    explanation_of,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    seen,
    vacant,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PAST, FUTURE = Window(NOW - 9 * DAY, NOW - DAY), Window(NOW + DAY, NOW + 9 * DAY)
HERE = SourceLocation("people.yaml", 3, 5)
ANYBODY = RuleMatch(id="*")


def layer(
    kind: LayerKind,
    *,
    declaration: int = 1,
    platforms: Sequence[Platform] | None = None,
    handover: Handover | None = None,
    reason: str | None = None,
    preferences: Preferences | None = None,
    window: Window | None = None,
) -> Layer:
    wanted = None if platforms is None else frozenset(platforms)
    return Layer(kind, kind, HERE, declaration, wanted, handover, reason, preferences, window)


def rule(
    name: str = "r",
    *,
    platforms: Sequence[Platform] | None = (),
    match: RuleMatch = ANYBODY,
    preferences: Preferences | None = None,
    mode: RuleMode = RuleMode.ENFORCE,
    window: Window | None = None,
    line: int = 1,
) -> Rule:
    wanted = None if platforms is None else frozenset(platforms)
    place = SourceLocation("rules.yaml", line, 1)
    return Rule(name, match, (), wanted, Handover.WAIT, preferences, "SEC-12", mode, window, place)


def explained(
    user: str,
    observed: ObservedState,
    *entries: DesiredUser,
    layers: Sequence[Layer] = (),
    rules: Sequence[Rule] = (),
    protected: Sequence[str] = (),
    ownership: Ownership | None = None,
) -> Explanation:
    dated = [
        Dated(DatedKind.USER, entry.id, entry.window, entry.place)
        for entry in entries
        if entry.window is not None
    ]
    declarations = Declarations(
        {entry.id: entry for entry in entries},
        rules=tuple(rules),
        layers=tuple(layers),
        dated=tuple(dated),
    )
    desired = desired_state(declarations, observed, NOW)
    history = History(ownership=ownership)
    content = content_of(desired, observed, protected=protected, history=history)
    protection = Protection(tuple(protected))
    return explanation_of(user, content, desired, observed, protection, ownership, NOW)


def states(explanation: Explanation) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.layer.kind, each.state, each.gives) for each in explanation.layers]


ALICE = seen("alice", connected("google", email="alice@x.com"), vacant("microsoft"))
BOB = seen("bob", connected("google", email="bob@x.com"), connected("microsoft", email="b@x.com"))
LISTED = fleet(ALICE, BOB)


def test_a_field_comes_from_the_nearest_layer_that_sets_it() -> None:
    names = Preferences(bot_name="N")
    user = declared("alice", [MICROSOFT], reason="moves", preferences=names)
    found = explained(
        "alice",
        LISTED,
        user,
        layers=[
            layer(LayerKind.ENTRY, reason="moves"),
            layer(LayerKind.GROUP, platforms=[MICROSOFT], handover=Handover.WAIT, reason="other"),
            layer(LayerKind.DEFAULTS, platforms=[GOOGLE], preferences=names),
        ],
    )
    assert states(found) == [
        ("entry", "counts", ("reason",)),
        ("group", "counts", ("platforms", "handover")),
        ("defaults", "counts", ("bot_name",)),
    ]
    assert found.desired == user
    assert [b.action.key for b in found.blocked] == ["disconnect google of alice"]
    assert [p.platform for p in found.pending] == [MICROSOFT]
    assert [action.key for action in found.actions] == ["update preferences of alice"]
    assert not found.converged


def test_layers_of_a_declaration_that_does_not_count_give_nothing() -> None:
    later = structs.replace(declared("alice", [], reason="left"), window=FUTURE)
    found = explained(
        "alice",
        LISTED,
        later,
        layers=[
            layer(LayerKind.ENTRY, platforms=[], reason="left", window=FUTURE),
            layer(LayerKind.DEFAULTS, platforms=[GOOGLE]),
            layer(LayerKind.ENTRY, declaration=2, window=PAST),
            layer(LayerKind.ROW, declaration=3, window=Window(NOW + DAY, NOW)),
        ],
    )
    assert states(found) == [
        ("entry", "not_yet", ()),
        ("defaults", "not_yet", ()),
        ("entry", "ended", ()),
        ("row", "ended", ()),
    ]
    assert (found.desired, found.converged) == (None, False)
    assert [u.reason for u in found.unmanaged] == [UnmanagedReason.UNMANAGED_USER]


def test_a_rule_gives_what_nobody_else_says() -> None:
    found = explained("bob", LISTED, rules=[rule(preferences=Preferences(bot_name="N"))])
    assert states(found) == [
        ("rule", "counts", ("platforms", "handover", "reason", "bot_name")),
    ]
    assert [action.key for action in found.actions] == [
        "disconnect google of bob",
        "disconnect microsoft of bob",
        "update preferences of bob",
    ]


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        (rule(mode=RuleMode.REPORT), LayerState.REPORTS),
        (rule(window=PAST), LayerState.ENDED),
        (rule(window=FUTURE), LayerState.NOT_YET),
        (rule(match=RuleMatch(id="zoe*")), None),
        (rule(match=RuleMatch(unmanaged=True)), LayerState.COUNTS),
    ],
)
def test_a_rule_that_does_not_apply_says_why(changed: Rule, state: LayerState | None) -> None:
    found = explained("bob", LISTED, rules=[changed])
    assert [each.state for each in found.layers] == ([] if state is None else [state])


def test_an_entry_overrules_a_rule_and_hides_one_for_undeclared_users() -> None:
    found = explained(
        "bob",
        LISTED,
        declared("bob", [GOOGLE, MICROSOFT]),
        layers=[layer(LayerKind.ENTRY, platforms=[GOOGLE, MICROSOFT])],
        rules=[rule("first"), rule("second", match=RuleMatch(unmanaged=True), line=2)],
    )
    assert states(found) == [("entry", "counts", ("platforms",)), ("rule", "overruled", ())]
    assert found.converged


def test_rules_that_disagree_conflict() -> None:
    found = explained("bob", LISTED, rules=[rule("a"), rule("b", platforms=[GOOGLE], line=2)])
    assert [each.state for each in found.layers] == [LayerState.CONFLICTS] * 2


def test_no_rule_applies_to_an_incomplete_list() -> None:
    part = fleet(BOB, problems=["timeout"])
    found = explained("bob", part, declared("bob"), rules=[rule()])
    assert [each.state for each in found.layers] == [LayerState.LIST_INCOMPLETE]
    assert not found.complete
    missing = explained("zoe", part, declared("zoe", [GOOGLE]))
    assert (missing.rows, missing.undetermined, missing.converged) == ((), True, False)


def test_protection_and_ownership_are_named() -> None:
    owned = Owned("stack a/b/c", (MICROSOFT,))
    found = explained(
        "alice",
        LISTED,
        declared("alice", [], reason="left"),
        protected=["alice@*", "ceo@*"],
        ownership=Ownership("the command line", {"alice": owned}),
    )
    assert (found.protected_by, found.may_be_protected) == (("alice@*",), False)
    assert found.owned == owned
    assert isinstance(found.contested, Contested)


def test_an_unknown_email_may_be_protected() -> None:
    hidden = seen("eve", connected("google", email=None))
    found = explained("eve", fleet(hidden), declared("eve", [], reason="left"), protected=["c@*"])
    assert (found.protected_by, found.may_be_protected) == ((), True)
    assert len(found.blocked) == 1


def test_remarks_on_the_user_are_found_by_subject_and_by_name() -> None:
    bare = explained("bob", fleet(seen("bob")), declared("bob", [], reason="left"))
    assert [notice.code for notice in bare.notices] == [NoticeCode.CONNECTIONS_EMPTY]


def nameless() -> CalendarUser:
    return seen(None, connected("google", email="x@y.com"), recall_id="r-1")


def test_a_calendar_user_without_an_external_id_goes_by_the_id_of_recall() -> None:
    found = explained("r-1", fleet(nameless(), BOB))
    assert [row.id for row in found.rows] == ["r-1"]
    assert [u.reason for u in found.unmanaged] == [UnmanagedReason.NO_EXTERNAL_ID]


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("zoe", ""),
        ("r-bob", ": it is Recall's own id of 'bob'"),
        ("Bob", "; did you mean 'bob' (another case)?"),
        ("b@x.com", "; it is an e-mail of 'bob'"),
        ("alicee", "; did you mean 'alice'?"),
        ("carol.long", "; did you mean 'carol-long'?"),
    ],
)
def test_somebody_unknown_is_an_error_with_who_may_be_meant(user: str, said: str) -> None:
    with pytest.raises(UnmatchedSelector) as caught:
        explained(user, LISTED, declared("carol-long", [GOOGLE]))
    assert str(caught.value) == (
        f"no manifest declares {user!r}, and Recall.ai does not list them{said}"
    )
