"""A plan in at most forty lines, and the same counts at the beginning of Markdown."""

import json

import pytest
from msgspec import structs

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import Plan, UserLabels
from reconciler.reporting import Format, LedgerAccess, LedgerView, PlanReport, render
from reconciler.reporting.markdown.comment import MAX_BYTES
from reconciler.runs import RunSummary
from tests.reporting import samples
from tests.reporting.ledger_samples import REPORTS
from tests.reporting.samples import GOOGLE, declared, listed, plan_of


def labelled(plan: Plan, **labels: UserLabels) -> Plan:
    return structs.replace(plan, envelope=structs.replace(plan.envelope, labels=labels))


def leavers(number: int, reasons: int = 1, size: int = 1) -> Plan:
    """So many leavers, each with labels, and with ids of some size."""
    names = [f"{n:05}{'x' * size}" for n in range(number)]
    plan = plan_of(
        [declared(name, reason=f"left ({n % reasons})") for n, name in enumerate(names)],
        [listed(name, "google", "microsoft") for name in names],
    )
    return labelled(
        plan,
        **{
            name: UserLabels(f"g{n % reasons}", f"s{n % reasons}", (f"r{n % reasons}",))
            for n, name in enumerate(names)
        },
    )


def lines(report: PlanReport, width: int = 0) -> list[str]:
    return render(structs.replace(report, brief=True), Format.TEXT, width=width).splitlines()


def test_a_brief_plan_has_a_list_for_each_way_to_count() -> None:
    plan = labelled(
        samples.rich_plan(),
        alice=UserLabels(group="sales"),
        carol=UserLabels(source="hr-leavers"),
        dave=UserLabels(group="sales", rules=("google-only",)),
    )
    assert lines(PlanReport(plan, 0, again=())) == [
        "Plan for workspace prod at https://us-west-2.recall.ai",
        f"  plan {plan.content.digest()}",
        "  made 2026-11-02T08:00:00Z, expires 2026-11-03T08:00:00Z, commit 0123abcd",
        "",
        "By kind",
        (
            "  2 to disconnect, the manifest wants nothing connected (`platforms: []`); 1 user:"
            " carol"
        ),
        (
            "  1 to disconnect, not among the wanted platforms, and `handover: immediate` does not"
            " wait for them: dave"
        ),
        "  1 to disconnect, not among the wanted platforms: alice",
        "  1 to update, the declared preferences differ: erin",
        (
            "  2 waiting for a person, wanted but not connected; only the person can connect it:"
            " bob, dave"
        ),
        (
            "  1 waiting for a person, Recall.ai has no calendar user with this id; the person must"
            " connect first: grace"
        ),
        "  2 held because `protected` in the configuration matches the user; 1 user: ivan",
        "  1 held until the wanted platform is connected (`handover: wait`): bob",
        (
            "  1 held because this version does not know the platform and cannot disconnect it;"
            " upgrade, or ask Recall.ai: judy"
        ),
        "By reason",
        "  1 protected leaver (2 held): ivan",
        "By group",
        "  2 sales (2 to disconnect, 1 waiting for a person): alice, dave",
        "By source",
        "  1 hr-leavers (2 to disconnect): carol",
        "By rule",
        "  1 google-only (1 to disconnect, 1 waiting for a person): dave",
        "",
        "Connected and in no manifest: 3: Grace2 (google), mallory (google), mike (google)",
        (
            "Plan: 4 to disconnect, 1 to update, 3 waiting for a person, 4 held, 2 converged,"
            " 5 left alone."
        ),
        "Next: reconciler apply  # asks, then applies this",
        "  or: reconciler plan -o fleet.plan  # saves it, to review and apply later",
    ]


@pytest.mark.parametrize("reasons", [1, 3, 60, 1000])
@pytest.mark.parametrize("width", [0, 80])
def test_a_brief_plan_has_at_most_forty_lines_and_ten_names_each(reasons: int, width: int) -> None:
    report = PlanReport(
        leavers(1000, reasons, size=100),
        8,
        saved_to="fleet.plan",
        again=(),
        ledger=LedgerView("l.db", LedgerAccess.READ, dead=_dead()),
        undeclared=UndeclaredPolicy.FAIL,
    )
    found = lines(report, width)
    assert len(found) <= 40
    assert max(line.count(",") for line in found) <= 10
    assert found[-1].startswith(("Plan: 2000 to disconnect", "Next: "))
    assert max(map(len, found)) < 1_000
    if reasons >= 60:
        assert any(line.startswith("  and ") for line in found)


def _dead() -> tuple[RunSummary, ...]:
    report = REPORTS["plan that announces a dead run"]
    assert isinstance(report, PlanReport)
    assert report.ledger is not None
    return report.ledger.dead


def test_a_brief_plan_begins_with_what_must_not_be_missed() -> None:
    report = structs.replace(
        samples.INCOMPLETE_REPORT, ledger=LedgerView("l.db", LedgerAccess.READ, dead=_dead())
    )
    found = lines(report)
    assert found[4] == "2 runs died; `reconciler runs` shows them."
    assert found[5].startswith("The observation is incomplete (1 problem).")
    assert "  1 undetermined, missing from an incomplete list" in found[8]


def test_a_brief_plan_shows_every_refusal() -> None:
    found = lines(samples.REFUSED_REPORT)
    assert [line.split()[0] for line in found[-3:-1]] == [
        "max-disconnects",
        "max-disconnect-percent",
    ]
    assert found[-1].endswith("Refused by max-disconnects and max-disconnect-percent.")


def test_a_brief_plan_of_a_converged_fleet_is_short() -> None:
    assert lines(samples.CONVERGED_REPORT)[3:] == ["", "No changes. 1 converged."]


def test_a_brief_plan_says_what_is_selected_and_what_changed() -> None:
    plan = plan_of([declared("a", GOOGLE)], [listed("a", "google")], selectors=["a"])
    assert "Selected: a; 0 actions of other users left out" in lines(PlanReport(plan, 0))


def test_markdown_begins_with_the_counts_and_has_all_that_it_had() -> None:
    found = render(samples.PLAN_REPORT, Format.MARKDOWN)
    kinds, table = found.index("By kind:"), found.index("| User |")
    assert found.index("**Plan: ") < kinds < table
    assert "- 2 to disconnect, the manifest wants nothing connected" in found


def test_markdown_keeps_room_for_the_actions_of_a_large_fleet() -> None:
    found = render(PlanReport(leavers(1000, 1000, size=100), 0), Format.MARKDOWN)
    assert len(found.encode()) <= MAX_BYTES
    assert found.count("| disconnect ") > 50
    assert "more; see the JSON report" in found


def test_json_has_the_counts() -> None:
    document = json.loads(render(PlanReport(leavers(12), 0), Format.JSON))
    (group,) = document["breakdown"]["groups"]["rows"]
    assert (group["name"], group["parts"], group["people"]) == ("g0", {"disconnect": 24}, 12)
    assert len(group["users"]) == 10
    assert document["envelope"]["labels"]["00000x"] == {
        "group": "g0",
        "source": "s0",
        "rules": ["r0"],
    }
