"""Pages: one file that asks for nothing, what matters first, and nothing that others can turn."""

import base64
import hashlib
import re
import unicodedata

import pytest
from msgspec import structs

from reconciler.domain import DeliveryCause, DeliveryState, NotificationEvent
from reconciler.planning import Plan, UserLabels
from reconciler.reporting import (
    Delivery,
    ErrorReport,
    Format,
    LastPlan,
    Links,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    RunsReport,
    render,
)
from reconciler.reporting.html.table import MOST_ROWS, MOST_STATIC
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import notifications
from reconciler.runs import Outcome, PastOutcome
from tests.reporting import ledger_samples, samples
from tests.reporting.every_report import REPORTS
from tests.reporting.hostile import reports
from tests.reporting.pages import Page
from tests.reporting.test_hostile_text import HOSTILE

PAGES = {
    name: report
    for name, report in REPORTS.items()
    if isinstance(report, PlanReport | RunReport | RunHistoryReport | RunsReport | ErrorReport)
}
HOSTILE_PAGES = ("plan", "run", "runs", "story", "error")

every_page = pytest.mark.parametrize("report", PAGES.values(), ids=PAGES.keys())
hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
kind = pytest.mark.parametrize("kind", HOSTILE_PAGES)


def page(report: Report, links: Links | None = None) -> Page:
    return Page(render(report, Format.HTML, links=links))


def hostile_page(kind: str, text: str) -> Page:
    if "\udc80" in text and kind in {"plan", "run", "story", "error"}:
        text = text.replace("\udc80", "")
    return page(reports(text)[kind])


@every_page
def test_a_page_names_nothing_that_a_browser_would_fetch(report: Report) -> None:
    for tag, attributes in page(report).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "srcset", "action", "background", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]


@every_page
def test_the_policy_lets_only_the_page_s_own_script_and_style_in(report: Report) -> None:
    text = render(report, Format.HTML)
    allowed = set(re.findall("'(sha256-[^']+)'", Page(text).policy()))
    assert "default-src 'none'" in Page(text).policy()
    assert "unsafe" not in Page(text).policy()
    blocks = re.findall("<(?:style|script)>(.*?)</(?:style|script)>", text, re.DOTALL)
    for block in blocks:
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"sha256-{digest}" in allowed
    assert text.count("<script") == 2 * (len(blocks) - 1)


@kind
@hostile
def test_hostile_text_changes_no_tag_of_a_page(text: str, kind: str) -> None:
    def shape(found: Page) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in found.tags]

    assert shape(hostile_page(kind, text)) == shape(hostile_page(kind, "a"))


@kind
@hostile
def test_nothing_unseen_is_in_a_page(text: str, kind: str) -> None:
    if "\udc80" in text and kind in {"plan", "run", "story", "error"}:
        text = text.replace("\udc80", "")
    written = render(reports(text)[kind], Format.HTML).replace("👩\u200d🔬", "")
    unseen = {c for c in written if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert unseen <= {"\n"}


@kind
@hostile
def test_nothing_in_the_rows_can_end_their_script(text: str, kind: str) -> None:
    written = render(reports(text.replace("\udc80", ""))[kind], Format.HTML)
    for block in re.findall('<script type="application/json".*?>(.*?)</script>', written):
        assert not set("<>&\u2028\u2029") & set(block)


def test_a_long_id_is_cut_in_the_middle() -> None:
    plan = samples.plan_with(samples.disconnect("x" * 10_000))
    (user,) = page(PlanReport(plan, 0)).column("User")
    assert len(user) == 200


def test_the_page_of_a_plan_begins_with_how_many_are_disconnected() -> None:
    text = page(samples.PLAN_REPORT).text
    assert text.index("4 to disconnect") < text.index("By kind") < text.index("Entries")


def test_a_refused_plan_says_what_was_counted_and_what_helps() -> None:
    text = page(samples.REFUSED_REPORT).text
    assert "max-disconnects refused: 30 disconnects; the limit is 10" in text
    assert "--allow max-disconnects" in text
    assert "reconciler.yaml:12:5" in text


def test_the_bar_shows_every_user_of_the_fleet_once() -> None:
    found = page(samples.PLAN_REPORT)
    bars = [of for tag, of in found.tags if tag == "rect" and "x" in of]
    assert [of["class"] for of in bars] == [
        "disconnect",
        "update_preferences",
        "blocked",
        "pending",
        "converged",
        "unmanaged",
    ]
    assert sum(float(of["width"] or 0) for of in bars) == pytest.approx(1000, abs=0.1)
    assert "Fleet: 14 users" in found.text


def test_a_row_has_what_a_reviewer_asks_of_a_disconnect() -> None:
    plan = samples.plan_with(samples.disconnect("ana", note="HR-1", email="ana@mail.test"))
    labelled = structs.replace(
        plan.envelope,
        sources={"ana": "people.yaml:3:5"},
        labels={"ana": UserLabels("sales", "leavers", ("contractors",))},
    )
    found = page(PlanReport(Plan(plan.content, labelled), 0))
    assert found.column("Account") == ["ana@mail.test"]
    assert found.column("Reason") == ["HR-1"]
    assert found.column("Group") == ["sales"]
    assert found.column("Source") == ["leavers"]
    assert found.column("Rules") == [[["", "contractors"]]]
    assert found.column("Connection") == ["c-ana"]
    assert found.column("Id at Recall.ai") == ["r-ana"]
    assert "google is connected" in found.column("Done only if")[0]


def test_places_are_links_and_their_lines_are_kept_apart() -> None:
    links = Links("https://git.test/{commit}/{file}#L{line}")
    plan = samples.plan_with(samples.disconnect("ana"))
    sources = structs.replace(plan.envelope, sources={"ana": "people.yaml:3:5"})
    found = page(PlanReport(Plan(plan.content, sources), 0), links)
    (place,) = (each for each in found.data["columns"] if each["title"] == "Place")
    assert place["links"] == ["https://git.test/0123abcd/people.yaml#L{line}"]
    assert place["lines"] == [3]
    assert ("a", "https://git.test/0123abcd/people.yaml#L3") in [
        (tag, of.get("href")) for tag, of in found.tags
    ]


def test_a_page_without_a_link_base_has_no_link() -> None:
    assert "a" not in [tag for tag, _ in page(samples.PLAN_REPORT).tags]


def test_earlier_runs_of_a_user_are_in_their_row() -> None:
    past = {"alice": (PastOutcome("run-1", "2026-10-02T08:00:07Z", Outcome.UNKNOWN, None),)}
    found = page(structs.replace(samples.PLAN_REPORT, past=past))
    shown = dict(zip(found.column("User"), found.column("Earlier runs"), strict=True))
    assert shown["alice"] == [["", "2026-10-02T08:00:07Z", " unknown: ", "reconciler runs run-1"]]
    assert shown["bob"] is None


def test_a_page_says_since_which_run_the_plan_changed() -> None:
    changes = reports("harmless")["plan"]
    assert isinstance(changes, PlanReport)
    assert changes.changes is not None
    last = LastPlan("run-7", "2026-10-02T08:00:00Z", changes.changes)
    text = page(structs.replace(samples.PLAN_REPORT, last=last)).text
    assert "Compared with run run-7 of 2026-10-02T08:00:00Z : What changed" in text


def test_without_a_script_the_first_rows_are_there_and_the_others_are_counted() -> None:
    actions = [samples.disconnect(f"user-{number:03}") for number in range(MOST_STATIC + 7)]
    found = page(PlanReport(samples.plan_with(*actions), 0))
    assert "user-099" in found.text
    assert "user-100" not in found.text.partition("Entries")[2]
    assert "7 more rows are in this file" in found.text
    assert found.data["rows"] == MOST_STATIC + 7


def test_more_rows_than_a_browser_can_show_are_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reconciler.reporting.html.entry_table.MOST_ROWS", 2)
    actions = [samples.disconnect(f"user-{number}") for number in range(5)]
    found = page(PlanReport(samples.plan_with(*actions), 0))
    assert found.data["rows"] == 2
    assert "3 more rows are not in this file: see the JSON report." in found.text
    assert MOST_ROWS == 200_000


def test_the_page_of_a_run_says_how_it_ended_and_what_to_do_next() -> None:
    text = page(samples.RUN_REPORT).text
    assert "The run stopped early: it was interrupted by SIGTERM" in text
    assert "What to do next" in text


def test_a_page_says_who_was_notified_and_who_was_not() -> None:
    made = (
        Delivery("ops", NotificationEvent.PARTIAL, DeliveryState.FAILED, DeliveryCause.REJECTED),
        Delivery("chat", NotificationEvent.RUN, DeliveryState.DELIVERED),
    )
    for report in (samples.RUN_REPORT, samples.PLAN_REPORT):
        text = page(structs.replace(report, deliveries=made)).text
        for each in made:
            assert plain(notifications.delivery(each)) in text


def test_the_page_of_a_run_in_the_ledger_has_who_when_and_each_step_with_its_time() -> None:
    report = ledger_samples.REPORTS["story"]
    assert isinstance(report, RunHistoryReport)
    found = page(report)
    run = report.history.summary
    for value in (run.run, run.who.user, run.who.host, run.opened, run.commit, run.tool_version):
        assert str(value) in found.text
    steps = [step for steps in found.column("Steps") for step in steps or ()]
    assert len(steps) == sum(len(action.steps) for action in report.history.actions)


def test_an_error_has_its_place_and_what_helps() -> None:
    text = page(REPORTS["error without a plan"]).text
    assert "people.yaml:3:5 : unknown field `platfroms`" in text
    assert "did you mean" in text


def test_every_word_of_a_table_without_a_script_is_in_a_column_of_its_own() -> None:
    found = page(samples.PLAN_REPORT)
    heads = [of for tag, of in found.tags if tag == "th"]
    assert all(of["scope"] == "col" for of in heads)


def test_a_kind_of_report_without_a_page_has_none() -> None:
    with pytest.raises(TypeError, match="no page"):
        render(samples.PENDING_REPORT, Format.HTML)
