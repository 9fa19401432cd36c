"""Whom a run is about, and what a selection never changes."""

import pytest

from reconciler.domain import Limits
from reconciler.planning import (
    FleetSize,
    GuardName,
    History,
    Judgement,
    Undetermined,
    UnmatchedSelector,
    select,
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
    assert select(DESIRED, selectors) == selected


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
        select(DESIRED, ["bob@x.com", selector])
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
    assert select(desired, ["group:odd"]) == {"group:odd"}


def test_an_id_in_another_unicode_form_is_suggested_with_what_differs() -> None:
    composed, decomposed = "zo\u00eb@x.com", "zoe\u0308@x.com"
    with pytest.raises(UnmatchedSelector) as caught:
        select(manifest(declared(composed, [GOOGLE])), [decomposed])
    assert str(caught.value).endswith(f"did you mean {composed!r} (another Unicode form)?")
