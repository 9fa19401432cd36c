"""Declared ids that only a machine can tell apart: taken where the list shows that all are real."""

import pytest
from msgspec import structs

from reconciler.domain import Declarations, DesiredState, InvalidInput, SourceLocation
from reconciler.planning import History, lookalike_remarks, users_to_look_up
from tests.planning.fleets import (
    GOOGLE,
    connected,
    content_of,
    declared,
    disconnect,
    fleet,
    manifest,
    seen,
)
from tests.planning.test_holds import LEFT

LOWER, UPPER = (
    structs.replace(declared("alice", [GOOGLE]), place=SourceLocation("a.yaml", 3, 5)),
    structs.replace(declared("Alice", []), place=SourceLocation("b.yaml", 7, 5)),
)
DECLARED = Declarations({"Alice": UPPER, "alice": LOWER}, lookalikes=(("alice", "Alice"),))
BOTH = DesiredState(DECLARED.users, DECLARED)


def errors(desired: DesiredState, *users: str, once: frozenset[str] = frozenset()) -> list[str]:
    observed = fleet(*(seen(user, connected("google")) for user in users))
    with pytest.raises(InvalidInput) as raised:
        content_of(desired, observed, history=History(seen=once))
    return [str(diagnostic) for diagnostic in raised.value.diagnostics]


def test_two_who_differ_in_case_are_two_people_where_both_are_listed() -> None:
    content = content_of(
        BOTH, fleet(seen("Alice", connected("google")), seen("alice", connected("google")))
    )
    assert content.actions == (disconnect("Alice", GOOGLE, reason=LEFT),)
    assert content.fleet.converged == 1


def test_where_one_is_not_listed_it_is_an_error_that_names_both_places() -> None:
    (error,) = errors(BOTH, "alice")
    assert error.startswith(
        "b.yaml:7:5: 'Alice' and 'alice' at a.yaml:3:5 differ only in case,"
        " and Recall.ai does not list 'Alice'"
    )


def test_where_none_is_listed_both_are_errors() -> None:
    assert [error.split(": ")[0] for error in errors(BOTH, "bob")] == ["a.yaml:3:5", "b.yaml:7:5"]


def test_who_was_seen_once_may_be_gone_and_is_no_misspelling() -> None:
    observed = fleet(seen("alice", connected("google")))
    content = content_of(BOTH, observed, history=History(seen=frozenset({"Alice"})))
    assert (content.actions, content.pending, content.fleet.converged) == ((), (), 2)
    assert users_to_look_up(DECLARED) == {"alice", "Alice"}


def test_half_a_list_says_nothing_of_who_is_misspelt() -> None:
    content = content_of(BOTH, fleet(seen("alice"), problems=["cut short"]))
    assert [entry.user for entry in content.undetermined] == ["Alice"]


def test_without_a_list_they_are_remarked_with_both_places() -> None:
    (remark,) = lookalike_remarks(DECLARED)
    assert remark == (
        "b.yaml:7:5: 'Alice' and 'alice' at a.yaml:3:5 differ only in case:"
        " a plan takes both only if Recall.ai lists both"
    )
    assert list(lookalike_remarks(manifest(LOWER).declarations)) == []
