"""`from` and `until`: when an entry, a group, a source or a rule counts."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reconciler.domain import DatedKind, Declarations, Platform, Window
from reconciler.manifest import load_manifests
from reconciler.manifest.windows import NoMoment, window_of
from tests.manifest.folder import HEAD, Folder

BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # year, month, day, …


@pytest.mark.parametrize(
    ("begin", "zone", "moment"),
    [
        ("2026-12-01", UTC, utc(2026, 12, 1)),
        ("2026-12-01", BERLIN, utc(2026, 11, 30, 23)),
        ("2026-07-01", BERLIN, utc(2026, 6, 30, 22)),
        ("2026-12-01T00:00:00+01:00", UTC, utc(2026, 11, 30, 23)),
        ("2026-12-01t00:00:00z", BERLIN, utc(2026, 12, 1)),
        # That day has no midnight: the clocks go from 23:59:59 to 01:00.
        ("2024-04-26", CAIRO, utc(2024, 4, 25, 22)),
    ],
)
def test_it_begins_with_the_day_of_the_zone(begin: str, zone: ZoneInfo, moment: datetime) -> None:
    assert window_of(begin, None, zone) == Window(moment, None)


def test_the_last_day_still_counts() -> None:
    window = window_of("2026-12-01", "2026-12-31", BERLIN)
    assert window.covers(utc(2026, 12, 31, 22, 59, 59))
    assert not window.covers(utc(2026, 12, 31, 23))


def test_a_time_ends_it_at_once() -> None:
    window = window_of(None, "2026-12-31T12:00:00Z", BERLIN)
    assert window.covers(utc(2026, 12, 31, 11, 59, 59))
    assert not window.covers(utc(2026, 12, 31, 12))


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_date_that_does_not_exist_is_refused(day: str) -> None:
    with pytest.raises(NoMoment, match=f"`until` {day} is in no calendar"):
        window_of(None, day, UTC)


def test_the_last_day_of_all_calendars_is_no_end() -> None:
    assert window_of("2026-12-01", "9999-12-31", UTC) == Window(utc(2026, 12, 1), None)


def test_no_day_comes_before_the_first() -> None:
    with pytest.raises(NoMoment, match="`from` 0001-01-01 is in no calendar"):
        window_of("0001-01-01", None, BERLIN)


@pytest.fixture
def declared(folder: Folder) -> Declarations:
    folder.write("leavers.csv", "id\nb\n")
    return folder.load_text(
        HEAD
        + """\
groups:
  wave: {platforms: [microsoft], from: 2026-12-01}
users:
  - {id: a, group: wave, until: 2026-12-31}
sources:
  - {name: hr, file: leavers.csv, id: id, group: wave, until: "2026-12-24"}
rules:
  - {name: r, match: {id: "*"}, preferences: {bot_name: N}, from: 2026-12-02T08:00:00Z}
"""
    )


def test_everything_with_dates_is_named(declared: Declarations) -> None:
    assert [(dated.kind, dated.name, str(dated.place)) for dated in declared.dated] == [
        (DatedKind.GROUP, "wave", "m.yaml:3:3"),
        (DatedKind.USER, "a", "m.yaml:5:5"),
        (DatedKind.SOURCE, "hr", "m.yaml:7:5"),
        (DatedKind.RULE, "r", "m.yaml:9:5"),
    ]


def test_a_user_counts_only_while_their_group_does(declared: Declarations) -> None:
    assert declared.users["a"].window == Window(utc(2026, 12, 1), utc(2027, 1, 1))


def test_a_row_counts_while_its_source_and_its_group_do(declared: Declarations) -> None:
    assert declared.users["b"].window == Window(utc(2026, 12, 1), utc(2026, 12, 25))


def test_a_rule_has_its_own_dates(declared: Declarations) -> None:
    assert declared.rules[0].window == Window(utc(2026, 12, 2, 8), None)


def test_days_begin_in_the_zone_that_is_given(folder: Folder) -> None:
    folder.write("m.yaml", HEAD + "users:\n  - {id: a, from: 2026-12-01}\n")
    declared = load_manifests([folder.path], zone=BERLIN)
    assert declared.users["a"].window == Window(utc(2026, 11, 30, 23), None)


@pytest.mark.parametrize(
    ("dates", "error"),
    [
        ("from: 2026-02-30", "m.yaml:3:23: `from` 2026-02-30 is in no calendar (correct the date)"),
        (
            "from: 2026-12-02, until: 2026-12-01",
            "m.yaml:3:42: `until` 2026-12-01 is before `from` 2026-12-02 (correct the date)",
        ),
        (
            "until: tomorrow",
            (
                "m.yaml:3:24: `until` `tomorrow` is no date such as `2026-12-31`, and no time with"
                " an offset such as `2026-12-31T18:00:00+01:00`"
            ),
        ),
        (
            "until: 2026-12-31T18:00:00",
            (
                "m.yaml:3:24: `until` `2026-12-31T18:00:00` is no date such as `2026-12-31`, and no"
                " time with an offset such as `2026-12-31T18:00:00+01:00`"
            ),
        ),
    ],
)
def test_dates_that_mean_nothing_are_errors(folder: Folder, dates: str, error: str) -> None:
    assert folder.errors_of(f"{HEAD}users:\n  - {{id: alice, {dates}}}\n") == [error]


def test_other_fields_take_no_date_without_quotes(folder: Folder) -> None:
    (error,) = folder.errors_of(f"{HEAD}users:\n  - {{id: a, reason: 2026-12-01}}\n")
    assert "YAML reads `2026-12-01` as a date" in error


def test_one_person_may_have_entries_for_different_times(folder: Folder) -> None:
    declared = folder.load_text(
        HEAD
        + """\
users:
  - {id: a, platforms: [google], until: 2026-12-31}
  - {id: a, platforms: [microsoft], from: 2027-01-01}
"""
    )
    assert [user.platforms for user in (declared.users["a"], *declared.others["a"])] == [
        frozenset({Platform.GOOGLE}),
        frozenset({Platform.MICROSOFT}),
    ]


def test_entries_that_overlap_are_one_too_many(folder: Folder) -> None:
    assert folder.errors_of(
        HEAD
        + """\
users:
  - {id: a, platforms: [google], until: 2027-01-01}
  - {id: a, platforms: [google], from: 2027-01-01}
"""
    ) == ["m.yaml:4:5: `a` is declared twice, first at m.yaml:3:5 (keep one entry for each id)"]
