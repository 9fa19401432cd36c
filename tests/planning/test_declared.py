"""The desired state of a moment: windows, and several declarations of one user."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reconciler.domain import (
    Boundary,
    BoundaryKind,
    Dated,
    DatedKind,
    Declarations,
    DesiredUser,
    Handover,
    Preferences,
    SourceLocation,
    Window,
)
from reconciler.planning import boundaries, desired_state, next_changes, past_remarks
from tests.planning.fleets import GOOGLE, MICROSOFT, declared, fleet
from tests.planning.random_fleets import QUICK
from tests.planning.rules import rule

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE = SourceLocation("users.yaml", 3, 5)
ALWAYS = Window()
PAST = Window(None, NOW)
PRESENT = Window(NOW, NOW + HOUR)
FUTURE = Window(NOW + HOUR, None)


def dated(user: DesiredUser, window: Window | None) -> DesiredUser:
    return structs.replace(user, window=window)


def declarations(*users: DesiredUser, dates: Sequence[Dated] = ()) -> Declarations:
    """Each user by id; the first of an id is the nearest."""
    first: dict[str, DesiredUser] = {}
    others: dict[str, tuple[DesiredUser, ...]] = {}
    for user in users:
        if first.setdefault(user.id, user) is not user:
            others[user.id] = (*others.get(user.id, ()), user)
    named = tuple(
        Dated(DatedKind.USER, user.id, user.window, user.place) for user in users if user.window
    )
    return Declarations(first, others=others, dated=(*named, *dates))


def at(now: datetime, *users: DesiredUser) -> dict[str, DesiredUser]:
    return dict(desired_state(declarations(*users), fleet(), now).users)


@pytest.mark.parametrize(
    ("window", "counts"),
    [(None, True), (ALWAYS, True), (PRESENT, True), (PAST, False), (FUTURE, False)],
)
def test_an_entry_counts_only_in_its_window(window: Window | None, *, counts: bool) -> None:
    bob = dated(declared("bob", [MICROSOFT]), ALWAYS)
    alice = dated(declared("alice", [GOOGLE]), window)
    assert at(NOW, alice, bob) == ({"alice": alice, "bob": bob} if counts else {"bob": bob})


def test_after_its_end_the_next_entry_counts() -> None:
    before = dated(declared("alice", [GOOGLE]), Window(None, NOW))
    after = dated(declared("alice", [MICROSOFT]), Window(NOW, None))
    assert at(NOW - HOUR, before, after)["alice"].platforms == frozenset({GOOGLE})
    assert at(NOW, before, after)["alice"].platforms == frozenset({MICROSOFT})


def test_between_two_windows_the_user_is_not_named() -> None:
    users = dated(declared("alice", [GOOGLE]), PAST), dated(declared("alice", [GOOGLE]), FUTURE)
    assert at(NOW, *users) == {}


@pytest.mark.parametrize("hours", [-11, 0, 14])
def test_the_zone_of_the_clock_makes_no_difference(hours: int) -> None:
    now = NOW.astimezone(timezone(timedelta(hours=hours)))
    assert list(at(now, dated(declared("alice", [GOOGLE]), PRESENT))) == ["alice"]
    assert list(at(now - HOUR, dated(declared("alice", [GOOGLE]), PRESENT))) == []


class TestTwoDeclarations:
    """An entry and a row of one user, joined field by field."""

    entry = declared("alice", preferences=Preferences(bot_name="N"), group="staff")
    row = structs.replace(
        declared(
            "alice",
            [],
            handover=Handover.IMMEDIATE,
            reason="left",
            preferences=Preferences(bot_name="M", record_external=True),
        ),
        source="hr",
        place=SourceLocation("hr.csv", 2),
    )

    def joined(self, *users: DesiredUser) -> DesiredUser:
        return at(NOW, *users)["alice"]

    def test_platforms_bring_their_handover_and_reason(self) -> None:
        joined = self.joined(self.entry, self.row)
        assert (joined.platforms, joined.handover, joined.reason) == (
            frozenset(),
            Handover.IMMEDIATE,
            "left",
        )
        assert (joined.group, joined.source) == ("staff", "hr")

    def test_the_nearest_value_of_each_preference_counts(self) -> None:
        joined = self.joined(self.entry, self.row)
        assert joined.preferences == Preferences(bot_name="N", record_external=True)

    def test_what_the_entry_sets_stays(self) -> None:
        entry = declared("alice", [GOOGLE], reason="stays")
        joined = self.joined(entry, self.row)
        assert (joined.platforms, joined.handover, joined.reason) == (
            frozenset({GOOGLE}),
            Handover.WAIT,
            "stays",
        )
        assert joined.source is None

    def test_a_reason_belongs_to_its_platforms(self) -> None:
        assert self.joined(declared("alice", [GOOGLE]), self.row).reason is None

    def test_only_what_counts_now_is_joined(self) -> None:
        assert self.joined(self.entry, dated(self.row, FUTURE)).platforms is None

    def test_one_word_of_any_of_them_lets_rules_apply(self) -> None:
        row = structs.replace(self.row, takes_rules=True)
        assert self.joined(self.entry, row).takes_rules


windows = st.builds(
    Window,
    st.none() | st.integers(0, 6).map(lambda hours: NOW + hours * HOUR),
    st.none() | st.integers(0, 6).map(lambda hours: NOW + hours * HOUR),
)


@QUICK
@given(windows, windows, st.integers(-1, 7))
def test_the_shared_time_of_two_windows_is_in_both(one: Window, other: Window, hours: int) -> None:
    now = NOW + hours * HOUR
    assert one.within(other).covers(now) == (one.covers(now) and other.covers(now))
    if one.empty:
        assert not one.covers(now)


class TestNextChanges:
    """Until when a plan holds for a user."""

    SOON = Window(NOW - HOUR, NOW + HOUR)
    LATER = Window(NOW + 2 * HOUR, None)

    def test_any_declaration_of_the_user_counts_and_what_is_over_does_not(self) -> None:
        users = declarations(
            dated(declared("alice", []), self.SOON),
            dated(declared("bob", []), PAST),
            dated(declared("bob", [GOOGLE]), self.LATER),
            dated(declared("carol", []), PAST),
            declared("dave", []),
        )
        assert next_changes(users, users.users, NOW) == {
            "alice": NOW + HOUR,
            "bob": NOW + 2 * HOUR,
        }

    def test_a_rule_may_speak_of_anybody(self) -> None:
        dates = [Dated(DatedKind.RULE, "r", self.LATER, HERE)]
        users = structs.replace(
            declarations(dated(declared("alice", []), self.SOON), dates=dates),
            rules=(rule(window=self.LATER), rule(name="s")),
        )
        assert next_changes(users, ["alice", "ruled"], NOW) == {
            "alice": NOW + HOUR,
            "ruled": NOW + 2 * HOUR,
        }

    def test_without_dates_a_plan_holds_for_ever(self) -> None:
        assert next_changes(declarations(declared("alice", [])), ["alice"], NOW) == {}


class TestBoundaries:
    """What begins and ends."""

    declared = declarations(
        dated(declared("alice", [GOOGLE]), Window(NOW, NOW + 2 * HOUR)),
        dates=[Dated(DatedKind.RULE, "r", Window(NOW + HOUR, None), HERE)],
    )

    def test_they_come_in_the_order_of_time(self) -> None:
        found = boundaries(self.declared, NOW - HOUR, NOW + 3 * HOUR)
        assert [(b.at, b.kind, b.what, b.name) for b in found] == [
            ("2026-12-01T12:00:00Z", BoundaryKind.BEGINS, DatedKind.USER, "alice"),
            ("2026-12-01T13:00:00Z", BoundaryKind.BEGINS, DatedKind.RULE, "r"),
            ("2026-12-01T14:00:00Z", BoundaryKind.ENDS, DatedKind.USER, "alice"),
        ]

    def test_one_that_is_now_has_passed(self) -> None:
        assert boundaries(self.declared, NOW, NOW) == ()
        assert len(boundaries(self.declared, NOW - HOUR, NOW)) == 1

    def test_a_plan_names_those_of_the_next_fortnight(self) -> None:
        early = NOW - timedelta(days=14)
        assert desired_state(self.declared, fleet(), early).upcoming == (
            Boundary(
                "2026-12-01T12:00:00Z",
                BoundaryKind.BEGINS,
                DatedKind.USER,
                "alice",
                "users.yaml:3:5",
            ),
        )

    def test_what_has_ended_is_remarked(self) -> None:
        assert list(past_remarks(self.declared, NOW + HOUR)) == []
        assert list(past_remarks(self.declared, NOW + 2 * HOUR)) == [
            (
                "users.yaml:3:5: the user 'alice' ended at 2026-12-01T14:00:00Z and counts no more:"
                " remove it"
            )
        ]
