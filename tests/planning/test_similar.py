"""What was probably meant by a name that nobody knows."""

import pytest

from reconciler.planning import suggestions
from tests.planning.fleets import connected, seen


def test_the_best_match_comes_first_and_strangers_not_at_all() -> None:
    known = ["alicia@example.com", "alice@example.com", "zoe@other.net"]
    assert suggestions.most_similar("alicf@example.com", known) == (
        "alice@example.com",
        "alicia@example.com",
    )


def test_ties_stand_in_the_order_they_came_and_are_bounded() -> None:
    known = [f"user{n}@example.com" for n in range(9)]
    assert suggestions.most_similar("userx@example.com", known) == tuple(known[:3])


def test_case_space_and_unicode_form_do_not_matter() -> None:
    assert suggestions.most_similar(" JOSE\u0301 ", ["jos\u00e9", "joe"]) == ("jos\u00e9",)


def test_an_id_that_is_somebodys_email_means_that_person() -> None:
    observed = (
        seen("65e8cc1e", connected("google", email="Ann@x.com")),
        seen("9f00aa11", connected("microsoft", email="bob@x.com")),
        seen("77777777", connected("google", email="bob@x.com")),
    )
    assert suggestions.similar_users(["ann@x.com", "bob@x.com"], observed, []) == {
        "ann@x.com": ("65e8cc1e",),
        "bob@x.com": ("77777777", "9f00aa11"),
    }


@pytest.mark.parametrize(
    ("name", "other", "differing"),
    [
        ("jose\u0301", "jos\u00e9", ("Unicode form",)),
        ("Dave", "dave", ("case",)),
        ("dave ", "dave", ("space",)),
        ("dave\u00a0", "dave ", ("space",)),
        (" JOSE\u0301", "jos\u00e9", ("case", "space", "Unicode form")),
        ("\u212aim", "kim", ("case",)),
        ("\u212aim", "Kim", ("Unicode form",)),
        ("dave", "dana", ()),
    ],
)
def test_what_the_eye_does_not_see_is_reported(
    name: str, other: str, differing: tuple[str, ...]
) -> None:
    assert suggestions.unseen_differences(name, other) == differing
    assert suggestions.unseen_differences(other, name) == differing


def test_whoever_was_seen_once_is_compared_for_certain_alone() -> None:
    observed = (seen("dana@x.com"), seen("BOB@x.com"))
    once = frozenset({"dave@x.com", "bob@x.com"})
    assert suggestions.similar_users(once, observed, [], once) == {"bob@x.com": ("BOB@x.com",)}


def test_whoever_is_declared_or_has_no_id_was_not_meant() -> None:
    observed = (
        seen("alice@x.com", connected("google", email="alicf@x.com")),
        seen(None, connected("google", email="alicf@x.com"), recall_id="1"),
        seen("alicg@x.com"),
        seen("alicg@x.com", recall_id="2"),
    )
    assert suggestions.similar_users(["alicf@x.com"], observed, ["alice@x.com"]) == {
        "alicf@x.com": ("alicg@x.com",)
    }


def test_of_many_that_look_alike_the_first_by_name_are_told_whatever_the_order_of_the_list() -> (
    None
):
    observed = tuple(seen(f"user{n}@example.com") for n in reversed(range(10)))
    found = suggestions.similar_users(["userx@example.com"], observed, [])
    assert found["userx@example.com"] == tuple(f"user{n}@example.com" for n in range(3))


def test_only_the_first_two_hundred_are_compared_by_looks() -> None:
    unknown = [f"person{n:03d}@x.com" for n in reversed(range(202))]
    observed = (
        seen("person@x.com", connected("google", email="person201@x.com")),
        seen("stranger"),
    )
    found = suggestions.similar_users(unknown, observed, [])
    assert found["person199@x.com"] == ("person@x.com",)
    assert "person200@x.com" not in found
    assert found["person201@x.com"] == ("person@x.com",)
