"""The digest names what is desired and nothing else."""

import pytest
from msgspec import structs

from reconciler.domain import (
    DesiredState,
    Handover,
    Platform,
    Preferences,
    SourceLocation,
)
from reconciler.planning import canonical_json, desired_digest
from tests.planning.fleets import GOOGLE, MICROSOFT, declared, manifest

ALICE = declared("alice", [GOOGLE, MICROSOFT], reason="HR-1", group="sales")
BOB = declared("bob", preferences=Preferences(record_external=True, bot_name="N"))
DESIRED = manifest(ALICE, BOB, groups=["sales"])


def digest_of(desired: DesiredState) -> str:
    return desired_digest(desired.declarations)


def test_canonical_json_sorts_keys_and_sets_and_leaves_out_space_and_absent_fields() -> None:
    value = {"b": [1, None], "a": frozenset({MICROSOFT, GOOGLE}), "é": Preferences(bot_name="x")}
    assert canonical_json(value) == (
        '{"a":["google","microsoft"],"b":[1,null],"é":{"bot_name":"x"}}'.encode()
    )


def test_a_digest_is_named_by_its_algorithm() -> None:
    algorithm, _, digits = digest_of(DESIRED).partition(":")
    assert algorithm == "sha256"
    assert len(digits) == 64
    assert set(digits) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "same",
    [
        manifest(BOB, ALICE, groups=["sales"]),
        manifest(
            structs.replace(ALICE, place=SourceLocation("other.yaml", 99, 1)),
            BOB,
            groups=["sales"],
        ),
        manifest(structs.replace(ALICE, group=None), BOB),
        manifest(
            structs.replace(ALICE, platforms=frozenset([MICROSOFT, GOOGLE])),
            BOB,
            groups=["sales", "more"],
        ),
    ],
    ids=["order", "moved to another file", "group written out", "set order, more groups"],
)
def test_where_and_how_it_is_written_does_not_change_the_digest(same: DesiredState) -> None:
    assert digest_of(same) == digest_of(DESIRED)


MEANINGS = {
    "as it was": DESIRED,
    "one more": manifest(ALICE, BOB, declared("carol")),
    "one fewer": manifest(ALICE),
    "nobody": manifest(),
    "id": manifest(structs.replace(ALICE, id="Alice"), BOB),
    "fewer platforms": manifest(structs.replace(ALICE, platforms=frozenset({GOOGLE})), BOB),
    "other platform": manifest(structs.replace(ALICE, platforms=frozenset({MICROSOFT})), BOB),
    "no platforms": manifest(structs.replace(ALICE, platforms=frozenset[Platform]()), BOB),
    "unmanaged platforms": manifest(structs.replace(ALICE, platforms=None), BOB),
    "handover": manifest(structs.replace(ALICE, handover=Handover.IMMEDIATE), BOB),
    "reason": manifest(structs.replace(ALICE, reason="HR-2"), BOB),
    "no reason": manifest(structs.replace(ALICE, reason=None), BOB),
    "preference value": manifest(
        ALICE, structs.replace(BOB, preferences=Preferences(record_external=False, bot_name="N"))
    ),
    "preference null": manifest(
        ALICE, structs.replace(BOB, preferences=Preferences(record_external=True, bot_name=None))
    ),
    "preference absent": manifest(
        ALICE, structs.replace(BOB, preferences=Preferences(record_external=True))
    ),
    "other preference": manifest(
        ALICE, structs.replace(BOB, preferences=Preferences(record_internal=True, bot_name="N"))
    ),
    "no preferences": manifest(ALICE, structs.replace(BOB, preferences=None)),
    "exchanged": manifest(
        structs.replace(ALICE, id="bob"), structs.replace(BOB, id="alice"), groups=["sales"]
    ),
}


def test_every_change_of_meaning_changes_the_digest() -> None:
    digests = {meaning: digest_of(desired) for meaning, desired in MEANINGS.items()}
    assert len(set(digests.values())) == len(MEANINGS)


def test_ids_cannot_be_shifted_into_one_another() -> None:
    assert digest_of(manifest(declared('a","b'), declared("c"))) != digest_of(
        manifest(declared("a"), declared('b","c'))
    )
