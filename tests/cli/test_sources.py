"""Sources, rules and dates, through the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.domain import SystemClock
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project

SOURCE = """\
apiVersion: reconciler/v1
users:
  - {id: mover@example.com, platforms: [microsoft]}
sources:
  - name: hr-leavers
    file: hr/leavers.csv
    id: work_email
    where: {status: [terminated]}
    platforms: []
    reason: "left {end_date}"
"""
LEAVERS = """\
work_email,status,end_date
leaver@example.com,terminated,2026-10-31
settled@example.com,active,
"""
SETTLED_LEAVES = "settled@example.com,terminated,2026-12-01\n"
SETTLED_LOSES_GOOGLE = (
    "POST",
    "/api/v1/calendar/user/disconnect/",
    "settled@example.com",
    "google",
)


@pytest.fixture
def with_leavers(project: Project) -> Project:
    project.write("manifests/people.yaml", SOURCE)
    project.write("manifests/hr/leavers.csv", LEAVERS)
    return project


def test_who_left_loses_everything_and_is_shown_with_the_row(with_leavers: Project) -> None:
    assert with_leavers.run("apply", "--auto-approve") == 0
    assert with_leavers.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]
    assert "left 2026-10-31" in with_leavers.out
    assert with_leavers.run("plan", "-f", "json") == 0
    (source,) = json.loads(with_leavers.out)["content"]["sources"]
    assert (source["name"], source["rows"]) == ("hr-leavers", 1)


def test_a_plan_names_the_line_of_the_row(with_leavers: Project) -> None:
    assert with_leavers.run("plan") == 0
    assert "manifests/hr/leavers.csv:2" in with_leavers.out


def test_an_export_that_comes_empty_declares_nobody_gone(with_leavers: Project) -> None:
    with_leavers.write("manifests/hr/leavers.csv", "work_email,status,end_date\n")
    assert with_leavers.run("apply", "--auto-approve") == 65
    assert "there are no records" in with_leavers.err
    assert with_leavers.mutations() == []


def leavers(*names: str) -> str:
    return "work_email,status,end_date\n" + "".join(f"{name},terminated,\n" for name in names)


def test_a_source_that_shrinks_is_refused_by_its_own_guard(with_leavers: Project) -> None:
    with_leavers.write(
        "manifests/hr/leavers.csv", leavers("leaver@example.com", "gone@x", "long-gone@x")
    )
    assert with_leavers.run("apply", "--auto-approve", "--allow", "max-disconnects") == 0
    done = with_leavers.mutations()
    with_leavers.write("manifests/hr/leavers.csv", leavers("settled@example.com"))
    assert with_leavers.run("apply", "--auto-approve", "--allow", "desired-fleet-shrink") == 3
    assert "source-shrink refused: hr-leavers: the source selects 1 row, 3 in the last" in (
        " ".join(with_leavers.out.split())
    )
    assert with_leavers.mutations() == done
    allowed = ("--allow", "desired-fleet-shrink", "--allow", "source-shrink")
    assert with_leavers.run("apply", "--auto-approve", *allowed) == 0
    assert with_leavers.mutations() == [*done, SETTLED_LOSES_GOOGLE]


class TestSavedPlan:
    """An export changes daily; a saved plan holds for the rows that still say the same."""

    def test_a_longer_export_makes_no_plan_unusable(self, with_leavers: Project) -> None:
        assert with_leavers.run("plan", "-o", "plan.bin") == 0
        with_leavers.write("manifests/hr/leavers.csv", LEAVERS + SETTLED_LEAVES)
        assert with_leavers.run("apply", "plan.bin") == 0
        assert with_leavers.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]

    @pytest.mark.parametrize(
        "row", ["", "leaver@example.com,active,\n"], ids=["gone", "says otherwise"]
    )
    def test_what_no_row_asks_for_any_more_is_stale(self, with_leavers: Project, row: str) -> None:
        assert with_leavers.run("plan", "-o", "plan.bin") == 0
        others = leavers("gone@x").removesuffix("\n") + "\n"
        with_leavers.write("manifests/hr/leavers.csv", others + row)
        assert with_leavers.run("apply", "plan.bin", "-f", "json") == 4
        assert with_leavers.mutations() == [MOVER_LOSES_GOOGLE]
        ended = [
            (one["user"], one["outcome"], one["cause"])
            for one in json.loads(with_leavers.out)["results"]
        ]
        assert ended == [
            ("leaver@example.com", "skipped_stale", "not_planned_any_more"),
            ("mover@example.com", "verified", "read_back"),
        ]

    def test_another_definition_of_the_source_makes_it_unusable(
        self, with_leavers: Project
    ) -> None:
        assert with_leavers.run("plan", "-o", "plan.bin") == 0
        with_leavers.write("manifests/people.yaml", SOURCE.replace("[terminated]", "[active]"))
        assert with_leavers.run("apply", "plan.bin") == 5
        assert "the manifests changed since the plan was made" in with_leavers.err
        assert with_leavers.mutations() == []


class TestDates:
    """An entry counts between its dates, by the clock of the run."""

    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    entry = """\
apiVersion: reconciler/v1
users:
  - {id: mover@example.com, platforms: [microsoft], from: 2026-12-02}
  - {id: leaver@example.com, platforms: [], reason: left, until: 2026-12-01}
"""

    @pytest.fixture
    def dated(self, project: Project) -> Project:
        project.write("manifests/people.yaml", self.entry)
        return project

    def at(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        monkeypatch.setattr(SystemClock, "now", lambda _: now)

    def test_each_counts_in_its_time(self, dated: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at(monkeypatch, self.noon)
        assert dated.run("apply", "--auto-approve") == 0
        assert dated.mutations() == [LEAVER_LOSES_GOOGLE]
        self.at(monkeypatch, self.noon + timedelta(days=1))
        assert dated.run("apply", "--auto-approve") == 0
        assert dated.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]

    def test_a_plan_says_what_begins_and_ends_soon(
        self, dated: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.at(monkeypatch, self.noon)
        assert dated.run("plan", "-o", "plan.bin") == 0
        assert dated.run("show", "plan.bin", "-f", "json") == 0
        upcoming = json.loads(dated.out)["content"]["upcoming"]
        assert [(each["at"], each["kind"], each["name"]) for each in upcoming] == [
            ("2026-12-02T00:00:00Z", "begins", "mover@example.com"),
            ("2026-12-02T00:00:00Z", "ends", "leaver@example.com"),
        ]

    def test_a_saved_plan_ends_with_the_day_that_it_was_made_for(
        self, dated: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.at(monkeypatch, self.noon)
        assert dated.run("plan", "-o", "plan.bin") == 0
        self.at(monkeypatch, self.noon + timedelta(hours=12))
        assert dated.run("apply", "plan.bin") == 5
        assert (
            "the user 'mover@example.com' at manifests/people.yaml:3:5 began to count at"
            " 2026-12-02T00:00:00Z, after the plan was made; plan again"
        ) in dated.err
        assert dated.mutations() == []

    def test_what_ends_while_the_operator_thinks_is_not_done(
        self, dated: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.at(monkeypatch, self.noon)
        midnight = self.noon + timedelta(hours=12)
        monkeypatch.setattr(
            "reconciler.cli.commands.apply._ask", lambda *_, **__: self.at(monkeypatch, midnight)
        )
        assert dated.run("apply", "--auto-approve", "-f", "json") == 4
        assert dated.mutations() == []
        (ended,) = json.loads(dated.out)["results"]
        assert (ended["user"], ended["outcome"], ended["cause"]) == (
            "leaver@example.com",
            "skipped_stale",
            "not_planned_any_more",
        )

    def test_what_has_ended_is_remarked_by_validate(
        self, dated: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.at(monkeypatch, self.noon + timedelta(days=1))
        assert dated.run("validate") == 0
        assert (
            "manifests/people.yaml:4:5: the user 'leaver@example.com' ended at"
            " 2026-12-02T00:00:00Z and counts no more: remove it"
        ) in dated.err

    def test_days_begin_in_the_zone_of_the_workspace(
        self, dated: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dated.configure("timeZone: Pacific/Auckland")
        self.at(monkeypatch, self.noon)  # the next day has begun there
        assert dated.run("apply", "--auto-approve") == 0
        assert dated.mutations() == [MOVER_LOSES_GOOGLE]
