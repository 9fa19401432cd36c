"""However large a report is, its comment fits GitHub's limit, is whole, and says what it left."""

import re

import pytest
from markdown_it import MarkdownIt
from msgspec import structs

from reconciler.planning import (
    HeldAction,
    Hold,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
    Plan,
    Undetermined,
    Unmanaged,
    UnmanagedReason,
)
from reconciler.reporting import (
    Format,
    Links,
    PlanReport,
    Report,
    RunReport,
    WorkspaceSection,
    WorkspacesReport,
    render,
)
from reconciler.reporting.markdown.comment import MAX_BYTES
from reconciler.runs.journal import Cause, Outcome
from tests.reporting.samples import GOOGLE, disconnect, ended, envelope, plan_with, result_of

MANY = 10_000
LONG_EMAIL = "a.very.long.mailbox.of.a.person@department.division.subsidiary.example.com"
LONG_REASON = "left the company, as the directory of the subsidiary says (HR-0123456789) " * 8


def _everybody(number: int = MANY) -> Plan:
    """So many disconnects, and as many of all else that a plan lists."""
    names = [f"{index:05}.{LONG_EMAIL}" for index in range(number)]
    acting = tuple(disconnect(name, email=name, note=LONG_REASON) for name in names)
    plan = plan_with(*acting)
    content = structs.replace(
        plan.content,
        pending=tuple(Pending(name, GOOGLE, PendingReason.NOT_CONNECTED) for name in names),
        blocked=tuple(HeldAction(action, (Hold.PROTECTED,)) for action in acting),
        undetermined=tuple(Undetermined(name) for name in names),
        unmanaged=tuple(
            Unmanaged(name, name, ("google",), UnmanagedReason.UNMANAGED_USER) for name in names
        ),
        notices=tuple(
            Notice(NoticeCode.DECLARED_BUT_UNKNOWN, name, tuple(names[:50])) for name in names[:500]
        ),
        problems=tuple(f"{name}: {LONG_REASON}" for name in names[:500]),
    )
    sources = {name: f"manifests/{name}.yaml:{index}:5" for index, name in enumerate(names, 1)}
    return structs.replace(plan, content=content, envelope=envelope(sources))


PLAN = _everybody()
LINKS = Links("https://git.example.com/team/fleet/blob/main/{file}#L{line}")


def _ended(plan: Plan) -> RunReport:
    results = (
        ended(Outcome.FAILED, Cause.NOT_SEEN_IN_TIME, action, LONG_REASON)
        for action in plan.content.actions
    )
    return RunReport(plan, result_of(*results), 4)


@pytest.mark.parametrize(
    "report", [PlanReport(PLAN, 2, verbose=True), _ended(PLAN)], ids=["plan", "run"]
)
def test_a_report_of_10_000_actions_fits_and_counts_the_rest(report: Report) -> None:
    found = render(report, Format.MARKDOWN, links=LINKS)
    assert len(found.encode()) <= MAX_BYTES
    rows = len(re.findall(r"^\| `.` \|", found, re.MULTILINE))
    assert rows > 30
    assert f"… and {MANY - rows} more; see the JSON report (`--report json=FILE`)." in found
    assert "…" in found
    assert found.count("<details>") == found.count("</details>")
    assert any(token.type == "table_open" for token in MarkdownIt().enable("table").parse(found))


def test_every_list_that_was_cut_counts_what_it_left() -> None:
    found = render(PlanReport(PLAN, 2, verbose=True), Format.MARKDOWN)
    for title in ("held", "waiting for a person", "undetermined", "left alone"):
        section = found.partition(f"{MANY} {title}</summary>")[2].partition("</details>")[0]
        shown = section.count("\n- ")
        assert f"… and {MANY - shown} more; " in section


def test_reports_of_many_workspaces_fit_and_the_worst_are_shown() -> None:
    small = PlanReport(_everybody(20), 0)
    sections = [WorkspaceSection(f"tenant-{number:04}", small) for number in range(1_000)]
    sections[-1] = WorkspaceSection("tenant-0999", structs.replace(small, status=3))
    found = render(WorkspacesReport(tuple(sections), 3), Format.MARKDOWN)
    assert len(found.encode()) <= MAX_BYTES
    shown = re.findall(r"<summary>(tenant-[0-9]+)</summary>", found)
    assert shown[0] == "tenant-0999"
    assert f"… and {1_000 - len(shown)} workspaces more; see the JSON report" in found
