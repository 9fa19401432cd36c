"""Pages are for everybody: on phones and paper, in the dark, read aloud, and without a script."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from reconciler.reporting import Report, visible
from reconciler.reporting.html.table import MOST_STATIC
from tests.browser.conftest import Open
from tests.browser.fleets import HOSTILE, fleet, hostile
from tests.browser.visit import Visit
from tests.reporting.every_report import REPORTS

SHOWN: dict[str, Report] = {
    **{
        name: REPORTS[name]
        for name in (
            "plan",
            "refused plan",
            "incomplete plan",
            "plan that announces a dead run",
            "plan with changes",
            "run",
            "runs",
            "story",
            "error",
            "workspaces",
        )
    },
    "fleet": fleet(400),
}

every_page = pytest.mark.parametrize("name", SHOWN)
hostile_name = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


def violations(found: Visit, options: dict[str, Any] | None = None) -> list[Any]:
    """What axe finds, with the first element that it found each in."""
    result = Axe().run(found.page, options=options).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in result]


def open_first_row(found: Visit) -> None:
    if found.lines.count():
        found.lines.first.click()


@every_page
def test_axe_finds_nothing(opened: Open, name: str) -> None:
    found = opened(SHOWN[name])
    open_first_row(found)
    assert violations(found) == []


@every_page
def test_axe_finds_enough_contrast_in_the_dark(opened: Open, name: str) -> None:
    found = opened(SHOWN[name], scheme="dark")
    open_first_row(found)
    assert violations(found, {"runOnly": ["color-contrast"]}) == []


@pytest.mark.parametrize("name", ["refused plan", "fleet", "story"])
def test_axe_finds_nothing_on_a_phone(opened: Open, name: str) -> None:
    found = opened(SHOWN[name], phone=True)
    open_first_row(found)
    assert violations(found) == []


def test_axe_finds_what_is_wrong(opened: Open) -> None:
    found = opened(SHOWN["plan"])
    found.page.evaluate(
        "document.querySelector('input').parentNode.replaceWith(document.querySelector('input'))"
    )
    assert [name for name, _ in violations(found)] == ["label"]


@every_page
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_page_is_no_wider_than_its_window(opened: Open, name: str, phone: bool) -> None:
    found = opened(SHOWN[name], phone=phone)
    open_first_row(found)
    assert found.fits()


@hostile_name
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_hostile_name_is_shown_as_text_and_breaks_nothing(
    opened: Open, text: str, phone: bool
) -> None:
    found = opened(hostile(text), phone=phone)
    open_first_row(found)
    assert found.page.title() == "Plan · prod"
    assert found.page.locator("script").count() == 2
    assert found.page.locator("img").count() == 0
    assert found.users[0] == visible(text)
    assert found.users[1] == "ana@example.com"
    assert found.fits()
    assert violations(found) == []


def test_a_name_from_right_to_left_turns_nothing_around_it(opened: Open) -> None:
    found = opened(hostile(HOSTILE["from right to left"]))
    name = found.page.locator(".line .c-user bdi").first
    assert name.evaluate("(each) => getComputedStyle(each).unicodeBidi") == "isolate"
    assert "⟨U+202E⟩" in name.inner_text()


def test_a_policy_that_is_broken_is_noticed(opened: Open) -> None:
    found = opened(SHOWN["plan"])
    found.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'document.title=1';"
        " document.body.append(s); const i = new Image(); i.src = 'https://evil.test/x.png'; }"
    )
    found.page.wait_for_function("window.violations.length >= 2")
    assert {each.split()[0] for each in found.violations} == {"script-src-elem", "img-src"}
    assert found.page.title() == "Plan · prod"
    found.page.evaluate("window.violations = []")
    found.complaints.clear()


def test_without_a_script_the_first_rows_are_there(opened: Open) -> None:
    found = opened(fleet(MOST_STATIC + 20), script=False)
    expect(found.page.locator("tbody tr")).to_have_count(MOST_STATIC)
    expect(found.page.get_by_text("20 more rows are in this file.")).to_be_visible()
    expect(found.page.get_by_role("heading", name="84 connections to disconnect")).to_be_visible()
    expect(found.page.locator("#filters")).to_be_hidden()


def test_with_a_script_the_table_without_one_is_hidden(opened: Open) -> None:
    found = opened(fleet(20))
    expect(found.page.locator("table")).to_be_hidden()
    expect(found.page.get_by_role("treegrid")).to_be_visible()


def on_paper(found: Visit) -> None:
    found.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    found.page.emulate_media(media="print")


def test_paper_has_the_rows_that_the_filters_leave_and_says_what_is_missing(opened: Open) -> None:
    found = opened(fleet(300))
    found.choose("Kind", "held")
    on_paper(found)
    expect(found.page.locator("tbody tr")).to_have_count(60)
    expect(found.page.get_by_text("240 rows are filtered out.")).to_be_visible()
    expect(found.page.get_by_role("treegrid")).to_be_hidden()
    expect(found.page.locator("#filters")).to_be_hidden()


def test_paper_has_no_more_rows_than_can_be_read_and_says_how_many_are_missing(
    opened: Open,
) -> None:
    found = opened(fleet(5_200))
    on_paper(found)
    expect(found.page.locator("tbody tr")).to_have_count(5_000)
    expect(found.page.get_by_text("200 more rows are not printed")).to_be_visible()


@pytest.mark.parametrize("name", ["plan", "story", "runs"])
def test_every_column_can_be_read_on_paper(opened: Open, name: str) -> None:
    found = opened(SHOWN[name])
    found.page.set_viewport_size({"width": 700, "height": 1000})  # A4, without its margins
    on_paper(found)
    widths = found.page.locator("th").evaluate_all("all => all.map(each => each.offsetWidth)")
    assert min(widths) > 50
    assert found.fits()


def test_paper_shows_what_is_folded_on_the_screen(opened: Open) -> None:
    found = opened(SHOWN["plan"])
    folded = found.page.locator("details").first
    assert folded.get_attribute("open") is None
    found.page.pdf()
    on_paper(found)
    assert folded.get_attribute("open") is not None
    found.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert folded.get_attribute("open") is None


def test_the_steps_of_a_run_are_on_paper(opened: Open) -> None:
    found = opened(SHOWN["story"])
    on_paper(found)
    expect(found.page.get_by_text("03:12:08 UTC intent, call 1")).to_be_visible()


def test_who_wants_no_motion_sees_none(opened: Open) -> None:
    def moves(found: Visit) -> bool:
        seconds: str = found.page.evaluate(
            "getComputedStyle(document.querySelector('summary'), '::before').transitionDuration"
        )
        return seconds != "0s"

    assert moves(opened(SHOWN["plan"]))
    assert not moves(opened(SHOWN["plan"], still=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colours_of_the_system(opened: Open, scheme: str) -> None:
    found = opened(SHOWN["plan"], scheme=scheme)
    ground = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(251, 250, 248)", "dark": "rgb(23, 22, 20)"}[scheme]
