"""One page for several workspaces: what is not fine comes first, and it stays small."""

from msgspec import structs

from reconciler.reporting import Format, WorkspaceSection, WorkspacesReport, render
from reconciler.reporting.html.workspaces_page import MOST_PARTS, MOST_ROWS
from tests.browser.fleets import HOSTILE, fleet, hostile
from tests.reporting import samples
from tests.reporting.every_report import REPORTS


def page(*sections: tuple[str, object], status: int = 0) -> str:
    found = tuple(WorkspaceSection(name, report) for name, report in sections)  # type: ignore[arg-type]
    return render(WorkspacesReport(found, status), Format.HTML)


def test_every_workspace_is_in_the_list_with_its_status_and_those_not_fine_are_first() -> None:
    text = render(REPORTS["workspaces"], Format.HTML)
    listed = text.partition("<h2>Workspaces</h2>")[2].partition("</section>")[0]
    order = [listed.index(name) for name in ("globex", "initech", "acme")]
    assert order == sorted(order)
    assert listed.count("<li>") == 3


def test_a_refusal_is_shown_open_with_what_helps_and_a_fine_plan_is_folded() -> None:
    fine = structs.replace(samples.PLAN_REPORT, status=0)
    text = page(("acme", fine), ("globex", samples.REFUSED_REPORT), status=3)
    assert text.count('<details class="section part" open>') == 1
    refused = text.partition('<details class="section part" open>')[2].partition("section part")[0]
    assert "globex" in refused
    assert 'class="callout danger"' in refused


def test_a_large_workspace_has_its_first_rows_and_says_how_many_are_left() -> None:
    text = page(("acme", fleet(400)), ("globex", fleet(400)))
    assert "user-000000@example.com" in text
    assert f"{400 - MOST_ROWS} more" in text
    assert len(text) < 60_000


def test_from_many_workspaces_on_there_is_only_the_list() -> None:
    names = [f"w{number:03}" for number in range(MOST_PARTS + 5)]
    text = page(*((name, samples.CONVERGED_REPORT) for name in names))
    assert text.count('class="section part"') == MOST_PARTS
    assert all(text.count(f"<bdi>{name}</bdi>") >= 1 for name in names)


def test_names_that_attack_the_page_stay_text() -> None:
    for text in HOSTILE.values():
        found = page(("acme", hostile(text)), ("globex", samples.CONVERGED_REPORT))
        assert "<script" not in found
        assert "<img" not in found
