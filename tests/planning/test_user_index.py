"""Who answers to an id, whatever the order of the list."""

from itertools import permutations

from reconciler.domain import Preferences
from reconciler.planning import UserIndex, canonical_json
from tests.planning.fleets import (
    GOOGLE,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
    vacant,
)


def test_an_id_is_answered_by_exactly_its_own_row() -> None:
    alice, upper, empty = seen("alice"), seen("Alice"), seen("")
    user_index = UserIndex(fleet(seen(None, recall_id="1"), alice, upper, empty))
    assert [user_index.rows(user) for user in ("alice", "Alice", "", "bob")] == [
        (alice,),
        (upper,),
        (empty,),
        (),
    ]


def test_rows_that_share_an_id_are_ordered_by_recalls_id() -> None:
    second, first, third = (seen("a", recall_id=recall_id) for recall_id in ("2", "1", "3"))
    assert UserIndex(fleet(second, first, seen("b"), third)).rows("a") == (first, second, third)


def test_the_same_row_listed_twice_is_two_rows() -> None:
    row = seen("a")
    assert UserIndex(fleet(row, seen("b"), row)).rows("a") == (row, row)


def test_rows_that_share_every_id_have_one_order_too() -> None:
    rows = [
        seen("a", connected("google"), vacant("microsoft")),
        seen("a", connected("microsoft"), vacant("google")),
        seen("a", connected("microsoft"), vacant("google"), preferences=Preferences()),
    ]
    assert len({UserIndex(fleet(*order)).rows("a") for order in permutations(rows)}) == 1


def test_a_plan_of_rows_that_share_every_id_does_not_depend_on_any_order() -> None:
    desired = manifest(declared("a", []), declared("b", [GOOGLE]))
    first = connected("google", "1"), connected("microsoft", "2")
    second = connected("google", "3"), connected("microsoft", "0")
    bob = seen("b", connected("google"), connected("microsoft"))
    observations = [
        fleet(*(seen("a", *turned(row)) for row in rows), bob)
        for rows in permutations([first, second])
        for turned in (tuple, reversed)
    ]
    plans = {canonical_json(content_of(desired, observed)) for observed in observations}
    assert len(plans) == 1
