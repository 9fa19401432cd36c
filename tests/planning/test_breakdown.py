"""What a plan comes to, counted."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec import structs

from reconciler.domain import Connection, DesiredUser, Preferences
from reconciler.planning import (
    Breakdown,
    PlanPart,
    Tallies,
    Tally,
    UserLabels,
    break_down,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    plan_of,
    seen,
)

DISCONNECT, UPDATE, PENDING = PlanPart.DISCONNECT, PlanPart.UPDATE_PREFERENCES, PlanPart.PENDING
NOT_FOUND, BLOCKED, UNDETERMINED = PlanPart.NOT_FOUND, PlanPart.BLOCKED, PlanPart.UNDETERMINED
NOTHING = Tallies((), 0)


def at_google(email: str | None = "somebody@x.com") -> Connection:
    return connected("google", email=email)


RICH = content_of(
    manifest(
        declared("anna", [], reason="left"),
        declared("bob", [], reason="left"),
        declared("carl", [MICROSOFT], reason="moves"),
        declared("dora", [GOOGLE], preferences=Preferences(bot_name="N")),
        declared("gone", [], reason="left"),
        declared("vip", [], reason="left"),
    ),
    fleet(
        seen("anna", at_google(), connected("microsoft", email="anna@x.com")),
        seen("bob", at_google()),
        seen("carl", at_google()),
        seen("dora", at_google(), preferences=Preferences(bot_name="O")),
        seen("vip", at_google(email=None)),
    ),
    protected=["vip@*"],
)


def broken(labels: Mapping[str, UserLabels] = {}) -> Breakdown:
    plan = plan_of(RICH)
    return break_down(
        structs.replace(plan, envelope=structs.replace(plan.envelope, labels=labels))
        if labels
        else plan
    )


def test_entries_are_counted_by_part_and_code() -> None:
    assert broken().kinds == Tallies(
        (
            Tally("nothing_wanted", {DISCONNECT: 3}, 2, ("anna", "bob")),
            Tally("preferences_differ", {UPDATE: 1}, 1, ("dora",)),
            Tally("not_connected", {PENDING: 1}, 1, ("carl",)),
            Tally("not_found", {NOT_FOUND: 1}, 1, ("gone",)),
            Tally("handover", {BLOCKED: 1}, 1, ("carl",)),
            Tally("protected email_not_known", {BLOCKED: 1}, 1, ("vip",)),
        ),
        0,
    )


def test_what_the_manifest_gives_as_a_reason_is_counted_with_the_largest_first() -> None:
    assert broken().reasons == Tallies(
        (
            Tally("left", {DISCONNECT: 3, BLOCKED: 1}, 3, ("anna", "bob", "vip")),
            Tally("moves", {BLOCKED: 1}, 1, ("carl",)),
        ),
        0,
    )


def test_reasons_that_each_row_of_a_source_says_for_itself_are_left_to_the_source() -> None:
    found = broken({"carl": UserLabels(source="hr"), "anna": UserLabels(source="hr")})
    assert [row.name for row in found.reasons.rows] == ["left"]
    assert [row.users for row in found.sources.rows] == [("anna", "carl")]


def test_labels_are_counted_where_the_envelope_has_them() -> None:
    plain = broken()
    assert (plain.groups, plain.sources, plain.rules) == (NOTHING, NOTHING, NOTHING)
    found = broken(
        {
            "anna": UserLabels(group="leavers", source="hr"),
            "bob": UserLabels(source="hr"),
            "carl": UserLabels(group="movers", rules=("r", "s")),
            "dora": UserLabels(rules=("r",)),
            "elsewhere": UserLabels(group="nobody"),
        }
    )
    assert found.groups == Tallies(
        (
            Tally("leavers", {DISCONNECT: 2}, 1, ("anna",)),
            Tally("movers", {PENDING: 1, BLOCKED: 1}, 1, ("carl",)),
        ),
        0,
    )
    assert found.sources == Tallies((Tally("hr", {DISCONNECT: 3}, 2, ("anna", "bob")),), 0)
    assert found.rules == Tallies(
        (
            Tally("r", {UPDATE: 1, PENDING: 1, BLOCKED: 1}, 2, ("carl", "dora")),
            Tally("s", {PENDING: 1, BLOCKED: 1}, 1, ("carl",)),
        ),
        0,
    )


def many(number: int) -> list[DesiredUser]:
    return [declared(f"u{n:03}", [], reason=f"r{n:03}") for n in range(number)]


def test_a_large_fleet_has_its_first_users_and_its_largest_rows() -> None:
    observed = fleet(*(seen(f"u{n:03}", connected("google")) for n in range(60)))
    found = break_down(plan_of(content_of(manifest(*many(60)), observed)))
    (kind,) = found.kinds.rows
    assert (kind.people, kind.users) == (60, tuple(f"u{n:03}" for n in range(10)))
    assert (len(found.reasons.rows), found.reasons.others) == (50, 10)


@pytest.mark.parametrize("names", [["a"], ["b", "a"]])
def test_who_is_undetermined_is_counted_without_a_code(names: Sequence[str]) -> None:
    desired = manifest(*(declared(name, [GOOGLE]) for name in names))
    found = break_down(plan_of(content_of(desired, fleet(problems=["timeout"]))))
    assert found.kinds.rows == (
        Tally("", {UNDETERMINED: len(names)}, len(names), tuple(sorted(names))),
    )


def test_a_converged_fleet_has_no_rows() -> None:
    content = content_of(manifest(declared("a", [GOOGLE])), fleet(seen("a", connected("google"))))
    assert break_down(plan_of(content)) == Breakdown(*[NOTHING] * 5)
