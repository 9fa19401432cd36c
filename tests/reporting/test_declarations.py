"""What a plan follows besides entries, in every format: sources, rules and dates."""

import json

import pytest
from msgspec import UNSET, structs

from reconciler.domain import Boundary, BoundaryKind, DatedKind, RuleMode
from reconciler.planning import Content, PlanRule, PlanSource
from reconciler.reporting import Format, PlanReport, render
from reconciler.reporting.json_stream import event_line, planned
from reconciler.reporting.wording import stacks
from tests.planning.fleets import connected, content_of, fleet, plan_of, seen
from tests.planning.rules import ANYBODY, rule, state

NAMES = tuple(f"u{number:02}" for number in range(12))
TEN = NAMES[:10]
DIGEST = "sha256:0123456789abcdef"
CONTENT = structs.replace(
    content_of(state([]), fleet()),
    sources=(PlanSource("hr-leavers", DIGEST, 42), PlanSource("crm", DIGEST, 1)),
    rules=(
        PlanRule("contractors", RuleMode.REPORT, 20, NAMES),
        PlanRule("one-name", RuleMode.ENFORCE, 3, ()),
        PlanRule("nobody", RuleMode.REPORT, 0, ()),
        PlanRule("also", RuleMode.REPORT, 1, ("u00",)),
        PlanRule("acts", RuleMode.ENFORCE, 1, ("acted-on",)),
    ),
    upcoming=tuple(
        Boundary(f"2026-12-{day:02}T00:00:00Z", kind, DatedKind.RULE, "wave", "r.yaml:3:5")
        for day in range(1, 7)
        for kind in BoundaryKind
    ),
)


def shown(content: Content, format: Format) -> str:  # noqa: A002 - as the function that it calls
    return render(PlanReport(plan_of(content), 0), format)


EXPECTED = [
    "2 sources",
    "hr-leavers: 42 rows, sha256:0123456789ab",
    "crm: 1 row, sha256:0123456789ab",
    "5 rules",
    f"contractors (report): matches 20 users, 12 not as it asks: {', '.join(TEN)} and 2 more",
    "one-name (enforce): matches 3 users, all as it asks",
    "nobody (report): matches 0 users",
    "12 to begin or end within fourteen days",
    "2026-12-01T00:00:00Z: the rule wave begins (r.yaml:3:5)",
    "2026-12-01T00:00:00Z: the rule wave ends (r.yaml:3:5)",
    "and 2 more",
]


@pytest.mark.parametrize("format", [Format.TEXT, Format.MARKDOWN])
def test_what_a_plan_follows_is_shown_and_nothing_is_cut_without_a_word(format: Format) -> None:  # noqa: A002
    lines = shown(CONTENT, format).replace("`", "").splitlines()
    bare = [line.strip(" -").removeprefix("<details><summary>") for line in lines]
    found = [line.removesuffix("</summary>") for line in bare]
    assert [line for line in found if line in EXPECTED] == EXPECTED
    assert not any("2026-12-06" in line for line in lines)


@pytest.mark.parametrize("format", [Format.TEXT, Format.MARKDOWN])
def test_nothing_is_shown_where_there_is_nothing(format: Format) -> None:  # noqa: A002
    bare = structs.replace(CONTENT, sources=UNSET, rules=UNSET, upcoming=UNSET)
    for word in ("source", "rule", "fourteen"):
        assert word not in shown(bare, format).lower().replace("| source |", "")


def test_json_has_everything_and_counts_who_is_only_reported() -> None:
    document = json.loads(shown(CONTENT, Format.JSON))
    assert document["summary"]["reported"] == len(NAMES)
    assert document["content"]["rules"][0]["users"] == list(NAMES)
    assert len(document["content"]["upcoming"]) == 12
    line = json.loads(event_line(planned(plan_of(CONTENT), "run", "2026-12-01T00:00:00Z")))
    assert line["plan"]["summary"]["reported"] == len(NAMES)


def test_the_summary_counts_who_is_only_reported() -> None:
    assert "12 reported by rules." in shown(CONTENT, Format.TEXT).splitlines()[-1]


def test_a_preview_of_pulumi_names_who_is_only_reported() -> None:
    (line,) = [line for line in stacks.remainder(CONTENT) if "only reports" in line]
    assert "12 not as a rule asks that only reports: u00 (contractors), u01 (contractors)" in line
    assert "acted-on" not in line


def test_a_rule_that_reports_leads_to_no_action_and_to_no_status() -> None:
    users = [seen("alice", connected("google")), seen("bob")]
    content = content_of(state([rule(ANYBODY, mode=RuleMode.REPORT)], *users), fleet(*users))
    assert not content.actions
    assert not content.blocked
    assert content.rules == (PlanRule("r", RuleMode.REPORT, 2, ("alice",)),)
    assert content.reported == 1
    assert not content.waits
