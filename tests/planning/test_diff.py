"""DeepDiff's explanation of a difference, held against an oracle over every small pair."""

from itertools import chain, combinations, product

import pytest
from msgspec import UNSET, structs

from reconciler.domain import PREFERENCE_FIELDS, Platform, Preferences
from reconciler.planning.diff import (
    Difference,
    Shape,
    desired_shape,
    explain,
    observed_shape,
    part_of,
    restrict,
)
from tests.planning.fleets import GOOGLE, MICROSOFT, connected, declared, seen, vacant

PLATFORM_SETS = [
    frozenset(chosen)
    for chosen in chain.from_iterable(combinations(Platform, size) for size in range(3))
]
BOOLS = (UNSET, None, False, True)
NAMES = (UNSET, None, "", "Notetaker")
PREFERENCES = [
    None,
    *(
        Preferences(record_external=external, record_internal=internal, bot_name=name)
        for external, internal, name in product(BOOLS, BOOLS, NAMES)
    ),
]


def oracle(desired: Shape, observed: Shape) -> Difference:
    wanted, has = desired[0] or frozenset(), observed[0] or frozenset()
    set_to = desired[1].present() if desired[1] else {}
    now = observed[1].present() if observed[1] else {}
    return Difference(
        tuple(sorted(Platform(p) for p in wanted - has)),
        tuple(sorted(Platform(p) for p in has - wanted)),
        tuple(sorted(name for name, value in set_to.items() if now[name] is not value)),
    )


def test_every_pair_of_platforms_is_explained_as_the_oracle_does() -> None:
    pairs = list(product(PLATFORM_SETS, PLATFORM_SETS))
    assert len(pairs) == 16
    for wanted, has in pairs:
        assert explain((wanted, None), (has, None)) == oracle((wanted, None), (has, None))


@pytest.mark.parametrize("platforms", [(None, None), (PLATFORM_SETS[1], PLATFORM_SETS[2])])
def test_every_pair_of_preferences_is_explained_as_the_oracle_does(
    platforms: tuple[frozenset[str] | None, frozenset[str] | None],
) -> None:
    seen_shapes = 0
    for wanted in PREFERENCES:
        reachable = {restrict(has, wanted) if wanted else None for has in PREFERENCES}
        for has in reachable:
            desired, observed = (platforms[0], wanted), (platforms[1], has)
            assert explain(desired, observed) == oracle(desired, observed)
            seen_shapes += 1
    # A field is absent on both sides, or has one of three values on each; or nothing is declared.
    assert seen_shapes == (1 + 3 * 3) ** 3 + 1


@pytest.mark.parametrize("name", PREFERENCE_FIELDS)
def test_every_preference_is_compared(name: str) -> None:
    wanted = structs.replace(Preferences(), **{name: True})
    has = structs.replace(Preferences(), **{name: None})
    assert explain((None, wanted), (None, has)) == Difference((), (), (name,))


def test_the_observed_shape_holds_only_what_is_declared() -> None:
    row = seen(
        "a",
        connected("google"),
        connected("zoom"),
        vacant("microsoft"),
        preferences=Preferences(record_external=True, record_internal=False),
    )
    wanted = Preferences(record_external=False, bot_name="N")
    assert observed_shape(declared("a"), row) == (None, None)
    assert observed_shape(declared("a", []), row) == (frozenset({"google"}), None)
    assert observed_shape(declared("a", [MICROSOFT], preferences=wanted), row) == (
        frozenset({"google"}),
        Preferences(record_external=True, bot_name=None),
    )


def test_the_desired_shape_is_what_is_declared() -> None:
    wanted = Preferences(bot_name="N")
    assert desired_shape(declared("a", [GOOGLE], preferences=wanted)) == (
        frozenset({GOOGLE}),
        wanted,
    )
    assert desired_shape(declared("b")) == (None, None)


def test_a_part_of_preferences_has_the_named_fields_only() -> None:
    whole = Preferences(record_external=True, record_internal=None, bot_name="N")
    assert part_of(whole, ("bot_name", "record_internal")) == Preferences(
        record_internal=None, bot_name="N"
    )
    assert part_of(whole, ()) == Preferences()
