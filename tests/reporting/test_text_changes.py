"""What changed since a plan was made, and guards that remember, as text."""

import pytest
from msgspec import structs

from reconciler.domain import Limits
from reconciler.planning import FleetSize, GuardName, Judgement, PlanChanges
from reconciler.planning.plan import Verdict
from reconciler.reporting import ErrorReport, Format, PlanReport, Report, render
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import guards
from tests.reporting import ledger_samples, samples
from tests.reporting.ledger_samples import MOVED, TODAY
from tests.reporting.samples import GOOGLE, declared, listed, plan_of


def lines(changes: PlanChanges) -> list[str]:
    """The lines of a plan's report on ``changes``."""
    found = render(PlanReport(TODAY, 0, changes=changes), Format.TEXT).splitlines()
    start = next(i for i, line in enumerate(found) if "since the plan was made" in line)
    end = next(i for i, line in enumerate(found) if line.startswith("max-disconnects refused"))
    return found[start : end - 1]


def test_nothing_is_said_where_no_saved_plan_was_compared() -> None:
    assert "since the plan was made" not in render(samples.PLAN_REPORT, Format.TEXT)


def test_that_nothing_changed_is_one_line() -> None:
    assert lines(ledger_samples.nothing_moved()) == ["Nothing changed since the plan was made."]


def test_a_fleet_that_changed_alone_is_still_one_line() -> None:
    nothing = ledger_samples.nothing_moved()
    grown = structs.replace(nothing, now=structs.replace(nothing.now, observed=2))
    assert lines(grown) == [
        "Nothing changed since the plan was made, except the fleet: 1 → 2 listed."
    ]


def test_everything_that_changed_is_shown_grouped_by_user() -> None:
    assert lines(MOVED) == [
        (
            "What changed since the plan was made: 1 added, 1 gone, 1 still planned, "
            "2 newly waiting for a person, 1 newly held."
        ),
        "  The manifests changed.",
        "  The configuration changed: limits or protected patterns.",
        "  The fleet: 2 → 4 declared, 4 → 5 connections.",
        "  max-disconnects: passed → refused.",
        "  max-disconnect-percent: does not apply → passed.",
        "",
        "bob",
        "  - disconnect microsoft (bob.microsoft@mail.test): Recall.ai no longer lists the user",
        "",
        "carol  # people.yaml:7:5",
        (
            "  + disconnect microsoft (carol.microsoft@mail.test): not among the wanted platforms, "
            "done only while google is connected"
        ),
        "",
        "dave  # people.yaml:9:5",
        (
            "  ? connect google: Recall.ai has no calendar user with this id; "
            "the person must connect first"
        ),
        "",
        "erin  # people.yaml:11:5",
        (
            "  ! disconnect google (erin.google@mail.test): held until the wanted platform is "
            "connected (`handover: wait`)"
        ),
        "  ? connect microsoft: wanted but not connected; only the person can connect it",
    ]


def test_what_did_not_change_is_not_mentioned() -> None:
    only_gone = structs.replace(ledger_samples.nothing_moved(), gone=MOVED.gone, kept=0)
    assert lines(only_gone)[:3] == [
        "What changed since the plan was made: 1 gone.",
        "",
        "bob",
    ]


def test_manifests_that_mean_no_other_action_still_count_as_changed() -> None:
    moved = structs.replace(ledger_samples.nothing_moved(), manifests=True, kept=0)
    assert lines(moved) == [
        "What changed since the plan was made: no action.",
        "  The manifests changed.",
    ]


def test_a_guard_that_is_new_did_not_judge_before() -> None:
    change = structs.replace(MOVED.guards[0], then=None)
    found = lines(structs.replace(MOVED, guards=(change,)))
    assert "  max-disconnects: not asked → refused." in found


@pytest.mark.parametrize("name", ["run that settled", "error with memory and changes"])
def test_a_run_and_an_error_tell_what_changed(name: str) -> None:
    found = render(ledger_samples.REPORTS[name], Format.TEXT)
    assert "What changed since the plan was made: 1 added, 1 gone" in found


def test_an_error_without_a_plan_names_no_places() -> None:
    found = render(ErrorReport(5, (), changes=MOVED), Format.TEXT)
    assert "\ncarol\n  + disconnect" in found


def shrunken(accepted: FleetSize | None, percent: int | None = 30) -> Report:
    """A fleet of one, where the last run accepted that of ``accepted``."""
    plan = plan_of(
        [declared("a", GOOGLE)],
        [listed("a", "google")],
        limits=Limits(max_fleet_shrink_percent=percent),
        accepted=accepted,
        remembering=accepted is not None,
    )
    return PlanReport(plan, 0)


def test_guards_that_need_history_are_one_line_and_with_verbose_a_sentence_each() -> None:
    found = render(shrunken(None), Format.TEXT)
    assert "3 guards need history and were skipped (first run of this workspace).\n" in found
    assert "-shrink skipped" not in found
    found = render(structs.replace(shrunken(None), verbose=True), Format.TEXT)
    assert "observed-fleet-shrink skipped: no earlier run is known; " in found
    assert "desired-fleet-shrink skipped: no earlier run is known; " in found
    assert "were skipped" not in found


def test_an_incomplete_list_says_that_it_is_the_list_that_keeps_the_guard_from_judging() -> None:
    verdict = Verdict(GuardName.OBSERVED_FLEET_SHRINK, Judgement.NOT_JUDGED, 3, 30, 10)
    assert plain(guards.sentence(verdict, None)).startswith(
        "observed-fleet-shrink skipped: the list is incomplete; "
        "Recall.ai lists 3 calendar users, 10 in the last accepted run"
    )


def test_a_shrunken_fleet_says_from_what_to_what_and_which_flag_or_edit_helps() -> None:
    found = render(shrunken(FleetSize(10, 7)), Format.TEXT)
    assert (
        "observed-fleet-shrink refused: Recall.ai lists 1 calendar user, 7 in the last accepted "
        "run (85.7 % fewer); the limit is 30 % (`maxFleetShrinkPercent`)\n"
        "  If this is intended, add `--allow observed-fleet-shrink` to `reconciler apply`, or set "
        "`maxFleetShrinkPercent: 86` under `limits` in the configuration; if not, check that the "
        "API key and the region are those of the workspace.\n"
    ) in found
    assert "the manifests declare 1 user, 10 in the last accepted run (90 % fewer)" in found


def test_a_fleet_that_may_shrink_at_will_is_no_percentage_of_few_connections() -> None:
    report = structs.replace(shrunken(FleetSize(10, 7), None), verbose=True)
    assert (
        "observed-fleet-shrink does not apply: Recall.ai lists 1 calendar user, 7 in the last "
        "accepted run (85.7 % fewer); there is no limit (`maxFleetShrinkPercent`)\n"
    ) in render(report, Format.TEXT)


def test_a_fleet_that_grew_is_not_called_fewer() -> None:
    verdict = Verdict(GuardName.DESIRED_FLEET_SHRINK, Judgement.PASSED, 12, 30, 10)
    shown = plain(guards.sentence(verdict, None))
    assert "declare 12 users, 10 in the last accepted run; the limit is 30 %" in shown


@pytest.mark.parametrize(("now", "before"), [(1, 3), (30, 60), (7, 26), (1, 1000), (0, 5)])
def test_the_shrinkage_that_is_proposed_would_be_enough_and_one_less_would_not(
    now: int, before: int
) -> None:
    verdict = Verdict(GuardName.OBSERVED_FLEET_SHRINK, Judgement.REFUSED, now, 0, before)
    proposed = int(plain(guards.remedy(verdict)).split("Percent: ")[1].split("`")[0])
    assert 100 * (before - now) <= proposed * before
    assert 100 * (before - now) > (proposed - 1) * before
