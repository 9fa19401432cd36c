"""The rows of a page: filtered, sorted and opened, by mouse and by keyboard."""

import pytest
from msgspec import structs
from playwright.sync_api import expect

from reconciler.planning import Plan, UserLabels
from reconciler.reporting import PlanReport, RunHistoryReport
from reconciler.runs import Outcome, PastOutcome
from tests.browser.conftest import Open
from tests.browser.fleets import fleet, user
from tests.reporting import ledger_samples, samples


def test_all_rows_are_counted(opened: Open) -> None:
    expect(opened(fleet(30)).count).to_have_text("30 rows")


def test_text_finds_rows_by_any_of_their_facts(opened: Open) -> None:
    found = opened(fleet(30))
    found.find("USER-000012")
    expect(found.count).to_have_text("1 of 30 rows")
    assert found.users == [user(12)]
    found.find("0c9d1b2e-0000-4000-8000-000000000003")  # a connection, which no column shows
    expect(found.lines).to_have_count(1)
    assert found.users == [user(3)]


def test_several_words_have_to_be_there_all(opened: Open) -> None:
    found = opened(fleet(30))
    found.find("HR-12 disconnect")
    expect(found.count).to_have_text("1 of 30 rows")


@pytest.mark.parametrize(
    ("name", "value", "rows"),
    [
        ("Kind", "held", 6),
        ("Kind", "to disconnect", 21),
        ("Why", "held until", 6),
        ("Reason", "left (HR-12)", 1),
        ("Group", "sales", 10),
        ("Source", "leavers", 15),
    ],
)
def test_a_filter_leaves_the_rows_of_its_choice(
    opened: Open, name: str, value: str, rows: int
) -> None:
    found = opened(fleet(30))
    found.choose(name, value)
    expect(found.count).to_have_text(f"{rows} of 30 rows")
    expect(found.lines).to_have_count(rows)


def test_filters_narrow_each_other_and_can_be_cleared(opened: Open) -> None:
    found = opened(fleet(30))
    found.choose("Kind", "held")
    found.choose("Group", "sales")
    found.find("leavers")
    expect(found.count).to_have_text("1 of 30 rows")
    found.page.get_by_role("button", name="Clear").click()
    expect(found.count).to_have_text("30 rows")
    expect(found.page.get_by_label("Find")).to_be_focused()


def test_a_filter_offers_how_many_rows_each_choice_has(opened: Open) -> None:
    options = opened(fleet(30)).page.get_by_label("Kind", exact=True).locator("option")
    assert options.all_inner_texts() == [
        "all",
        "to disconnect (21)",
        "held (6)",
        "waiting for a person (3)",
    ]


def test_rules_are_a_filter_too(opened: Open) -> None:
    plan = samples.plan_with(samples.disconnect("ana"), samples.disconnect("bo"))
    labels = {"ana": UserLabels(rules=("one", "two")), "bo": UserLabels(rules=("two",))}
    found = opened(PlanReport(Plan(plan.content, structs.replace(plan.envelope, labels=labels)), 0))
    found.choose("Rules", "one")
    expect(found.count).to_have_text("1 of 2 rows")
    found.choose("Rules", "two")
    expect(found.count).to_have_text("2 rows")


def test_what_nothing_matches_is_said(opened: Open) -> None:
    found = opened(fleet(30))
    found.find("nobody of that name")
    expect(found.page.get_by_text("No row matches.")).to_be_visible()
    expect(found.count).to_have_text("0 of 30 rows")
    found.find("")
    expect(found.page.get_by_text("No row matches.")).to_be_hidden()


def test_a_head_sorts_upwards_then_downwards_then_not_at_all(opened: Open) -> None:
    found = opened(fleet(30))
    as_planned = found.users
    head = found.page.get_by_role("columnheader", name="User")
    for state, users in (
        ("ascending", sorted(as_planned)),
        ("descending", sorted(as_planned, reverse=True)),
    ):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", state)
        assert found.users == users
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert found.users == as_planned


def test_names_are_sorted_whatever_their_case(opened: Open) -> None:
    names = ("bob", "Alice", "carol")
    plan = samples.plan_with(*(samples.disconnect(name) for name in names))
    found = opened(PlanReport(plan, 0))
    found.page.get_by_role("columnheader", name="User").get_by_role("button").click()
    assert found.users == ["Alice", "bob", "carol"]


def test_the_number_beside_a_name_from_right_to_left_stays_behind_it(opened: Open) -> None:
    named = samples.disconnect("ana", note="\u05d3\u05e0\u05d4")
    plan = samples.plan_with(named, samples.disconnect("bo", note="left"))
    options = opened(PlanReport(plan, 0)).page.get_by_label("Reason", exact=True).locator("option")
    assert "\u2068\u05d3\u05e0\u05d4\u2069 (1)" in options.all_inner_texts()


def test_places_are_sorted_by_file_and_then_by_line_as_a_number(opened: Open) -> None:
    found = opened(fleet(30))
    found.page.get_by_role("columnheader", name="Place").get_by_role("button").click()
    places = found.page.locator(".line .c-place").all_inner_texts()
    assert places == sorted(
        places, key=lambda place: (place.split(":")[0], int(place.split(":")[1]))
    )
    assert places[:3] == [f"manifests/team-0.yaml:{line}:5" for line in (2, 5, 8)]


def test_a_sort_keeps_to_the_filters(opened: Open) -> None:
    found = opened(fleet(30))
    found.choose("Kind", "held")
    found.page.get_by_role("columnheader", name="User").get_by_role("button").click()
    assert found.users == [user(n) for n in range(30) if n % 10 in (7, 8)]


def test_a_click_opens_a_row_and_another_closes_it(opened: Open) -> None:
    found = opened(fleet(30))
    second = found.lines.nth(1)
    second.click()
    expect(second).to_have_attribute("aria-expanded", "true")
    expect(found.details).to_have_count(1)
    below = found.lines.nth(2).bounding_box()
    detail = found.details.bounding_box()
    assert below is not None
    assert detail is not None
    assert below["y"] == pytest.approx(detail["y"] + detail["height"], abs=1)
    second.click()
    expect(found.details).to_have_count(0)


def test_an_opened_row_has_the_facts_of_its_user(opened: Open) -> None:
    report = fleet(30)
    past = {user(1): (PastOutcome("run-7", "2026-10-02T08:00:07Z", Outcome.VERIFIED, None),)}
    found = opened(structs.replace(report, past=past))
    found.lines.nth(1).click()
    text = found.details.inner_text()
    for fact in (
        user(1),
        "manifests/team-1.yaml:2:5",
        "0c9d1b2e-0000-4000-8000-000000000001",
        "google is still connected, by the same connection",
        "microsoft is connected",
        "support",
        "leavers",
        "2026-10-02T08:00:07Z verified: reconciler runs run-7",
    ):
        assert fact in text
    link = found.details.get_by_role("link")
    assert link.get_attribute("href") == (
        "https://git.test/fleet/blob/0123456789abcdef0123456789abcdef01234567"
        "/manifests/team-1.yaml#L2"
    )


def test_the_steps_of_a_run_are_in_its_rows(opened: Open) -> None:
    report = ledger_samples.REPORTS["story"]
    assert isinstance(report, RunHistoryReport)
    found = opened(report)
    found.lines.first.click()
    assert "03:12:08 UTC intent, call 1" in found.details.inner_text()


def test_the_keyboard_alone_reaches_and_opens_every_row(opened: Open) -> None:
    found = opened(fleet(2_000))
    found.page.get_by_role("columnheader", name="Place").get_by_role("button").focus()
    press = found.page.keyboard.press
    press("Tab")
    focused = found.page.locator(".line:focus")
    expect(focused).to_have_attribute("aria-rowindex", "2")
    press("ArrowDown")
    press("Enter")
    expect(focused).to_have_attribute("aria-expanded", "true")
    press("ArrowLeft")
    expect(focused).to_have_attribute("aria-expanded", "false")
    press("ArrowRight")
    expect(focused).to_have_attribute("aria-expanded", "true")
    press("End")
    expect(focused).to_have_attribute("aria-rowindex", "2002")  # one is open
    expect(focused).to_be_in_viewport()
    press("PageUp")
    expect(focused).to_be_in_viewport()
    press("Home")
    expect(focused).to_have_attribute("aria-rowindex", "2")
    expect(focused).to_be_in_viewport()


def test_tab_leads_from_an_open_row_to_its_links_and_escape_leads_back(opened: Open) -> None:
    found = opened(fleet(30))
    found.lines.nth(1).click()
    found.page.keyboard.press("Tab")  # the link of the row itself
    found.page.keyboard.press("Tab")
    assert found.page.evaluate("document.activeElement.closest('.detail') !== null")
    found.page.keyboard.press("Escape")
    expect(found.page.locator(".line:focus")).to_have_attribute("aria-rowindex", "3")


def test_the_focus_can_be_seen(opened: Open) -> None:
    found = opened(fleet(30))
    found.page.get_by_role("columnheader", name="Place").get_by_role("button").focus()
    found.page.keyboard.press("Tab")
    style = found.page.evaluate(
        "(() => { const s = getComputedStyle(document.activeElement);"
        " return [s.outlineStyle, parseFloat(s.outlineWidth)]; })()"
    )
    assert style == ["solid", 2]


def test_of_many_rows_only_those_in_view_are_elements(opened: Open) -> None:
    found = opened(fleet(5_000))
    assert 0 < found.lines.count() < 100
    found.page.evaluate("scrollTo(0, 100000)")
    first = found.lines.nth(5)
    expect(first).not_to_have_attribute("aria-rowindex", "7")
    assert 0 < found.lines.count() < 100
    grid = found.page.get_by_role("treegrid")
    assert grid.get_attribute("aria-rowcount") == "5001"


def test_scrolling_keeps_the_row_that_has_the_focus(opened: Open) -> None:
    found = opened(fleet(5_000))
    found.lines.first.focus()
    found.page.evaluate("scrollTo(0, 100000)")
    expect(found.page.locator(".line:focus")).to_have_attribute("aria-rowindex", "2")


def test_the_head_stays_in_view(opened: Open) -> None:
    found = opened(fleet(5_000))
    found.page.evaluate("scrollTo(0, 100000)")
    expect(found.page.get_by_role("columnheader", name="User")).to_be_in_viewport()


def test_few_rows_are_all_there_for_the_browser_s_own_search(opened: Open) -> None:
    expect(opened(fleet(200)).lines).to_have_count(200)


def test_a_hundred_thousand_users_are_in_one_page(opened: Open) -> None:
    found = opened(fleet(100_000))
    assert found.file.stat().st_size < 30_000_000
    expect(found.count).to_have_text("100,000 rows")
    found.find("user-099999")
    expect(found.count).to_have_text("1 of 100,000 rows")
    assert found.users == [user(99_999)]


def test_a_long_why_is_whole_on_a_wide_screen(opened: Open) -> None:
    found = opened(fleet(20))
    found.page.set_viewport_size({"width": 1700, "height": 1000})
    cut = "e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight"
    whys = found.page.locator(".line .c-why, .line .c-place")
    assert whys.count() == 40
    assert whys.evaluate_all(f"all => all.filter({cut}).length") == 0
