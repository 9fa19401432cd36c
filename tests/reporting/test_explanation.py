"""One user explained, in every format."""

import json

import pytest
from msgspec import structs

from reconciler.domain import LayerKind
from reconciler.planning import (
    LayerState,
    Pending,
    PendingReason,
    Unmanaged,
    UnmanagedReason,
)
from reconciler.reporting import (
    ExplanationReport,
    Format,
    LedgerAccess,
    LedgerView,
    render,
)
from reconciler.reporting.wording.explanation import LAYER_STATES, LAYERS
from tests.reporting.samples import EXPLANATION_REPORT, declared, stranger_explained


def of(**changes: object) -> ExplanationReport:
    """The explanation of the stranger, with these changes."""
    report = stranger_explained()
    return structs.replace(report, explanation=structs.replace(report.explanation, **changes))


def section(report: ExplanationReport, heading: str) -> list[str]:
    lines = render(report, Format.TEXT).splitlines()
    start = lines.index(heading) + 1
    return [line.strip() for line in [*lines, ""][start : [*lines, ""].index("", start)]]


def test_text_goes_from_what_is_observed_to_what_was_done() -> None:
    assert render(EXPLANATION_REPORT, Format.TEXT) == (
        "alice in workspace prod at https://us-west-2.recall.ai\n"
        "\n"
        "Recall.ai lists\n"
        "  calendar user r-alice: google connected (alice@mail.test), zoom not connected\n"
        "  preferences: record_external true\n"
        "  calendar user r-bare: no connections are listed\n"
        "\n"
        "The manifests say\n"
        "  entry at people.yaml:3:5: reason moves; counts from 2026-01-01T00:00:00Z until"
        " 2027-01-01T00:00:00Z; gives reason\n"
        "  group movers at groups.yaml:2:3: `platforms: [microsoft]`, `handover: wait`, preferences"
        ' bot_name "Scribe"; gives platforms, handover, bot_name\n'
        "  rule reports at rules.yaml:2:3: `platforms: []`, `handover: wait`, reason SEC-12; counts"
        " until 2027-01-01T00:00:00Z; only reports (`mode: report`)\n"
        "\n"
        "So they want\n"
        "  connected: microsoft\n"
        "  `handover: wait`\n"
        "  reason: moves\n"
        '  preferences: bot_name "Scribe"\n'
        "\n"
        "Also\n"
        "  protected by the configuration: alice, *@mail.test\n"
        "  belongs to stack acme/fleet/prod\n"
        "  the command line declares microsoft, stack acme/fleet/prod declares google\n"
        "  The e-mail a@mail.test is connected under several calendar users, so several bots may"
        " join one meeting: alice, bob\n"
        "  the whole plan is refused now, by takeover and max-disconnects\n"
        "\n"
        "A plan made now would\n"
        '  update preferences: bot_name unset → "New"\n'
        "  not disconnect microsoft: held until the wanted platform is connected"
        " (`handover: wait`)\n"
        "  wait for microsoft (since 2026-10-02T08:00:00Z): wanted but not connected; only the"
        " person can connect it\n"
        "\n"
        "Earlier runs\n"
        "  2026-10-02T08:00:07Z unknown: `reconciler runs run-1`\n"
        "\n"
        "Connect links\n"
        "  2026-10-03T08:00:00Z microsoft: made by dana on laptop\n"
    )


def test_of_a_stranger_little_is_said() -> None:
    assert render(stranger_explained(), Format.TEXT) == (
        "alice in workspace prod at https://us-west-2.recall.ai\n"
        "\n"
        "Recall.ai lists\n"
        "  no calendar user with this id\n"
        "\n"
        "The manifests say\n"
        "  nothing: no entry, row or rule names the user\n"
        "\n"
        "So they want\n"
        "  nothing: nobody touches the user\n"
        "\n"
        "A plan made now would\n"
        "  do nothing\n"
    )


@pytest.mark.parametrize(
    ("report", "heading", "said"),
    [
        (of(complete=False), "Recall.ai lists", "an incomplete list: what is missing"),
        (of(undetermined=True), "A plan made now would", "do nothing: the user is missing from an"),
        (of(desired=declared("alice")), "So they want", "nothing connected"),
        (
            of(desired=declared("alice", managed=False)),
            "So they want",
            "nothing of the connections",
        ),
        (of(desired=declared("alice")), "A plan made now would", "do nothing: the user is as"),
        (
            of(layers=EXPLANATION_REPORT.explanation.layers),
            "So they want",
            "nothing now: no declaration counts",
        ),
        (of(may_be_protected=True), "Also", "an unknown e-mail may be a protected one"),
        (
            of(pending=(Pending("alice", None, PendingReason.NOT_FOUND, kind="not_found"),)),
            "A plan made now would",
            "do nothing: Recall.ai has no calendar user with this id, and no earlier run",
        ),
        (
            of(unmanaged=(Unmanaged("alice", "r", ("google",), UnmanagedReason.UNMANAGED_USER),)),
            "A plan made now would",
            "leave alone alice (google): no manifest names the user",
        ),
    ],
)
def test_each_case_has_its_words(report: ExplanationReport, heading: str, said: str) -> None:
    (line,) = section(report, heading)
    assert line.startswith(said)


def test_a_ledger_that_tells_nothing_is_named_where_it_matters() -> None:
    none = LedgerView("l.db", LedgerAccess.NONE)
    assert "l.db" not in render(structs.replace(stranger_explained(), ledger=none), Format.TEXT)
    assert "l.db" in render(structs.replace(EXPLANATION_REPORT, ledger=none), Format.TEXT)
    broken = LedgerView("l.db", LedgerAccess.UNREADABLE, "locked")
    assert "locked" in render(structs.replace(stranger_explained(), ledger=broken), Format.TEXT)


def test_every_kind_and_state_of_a_layer_has_words() -> None:
    assert (set(LAYERS), set(LAYER_STATES)) == (set(LayerKind), set(LayerState))


def test_json_has_places_codes_and_times() -> None:
    document = json.loads(render(EXPLANATION_REPORT, Format.JSON))
    entry, group, rule = document["layers"]
    assert (entry["place"], entry["begins"], entry["ends"]) == (
        "people.yaml:3:5",
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    )
    assert (group["kind"], group["platforms"], group["gives"][0]) == (
        "group",
        ["microsoft"],
        "platforms",
    )
    assert (rule["state"], rule["begins"]) == ("reports", None)
    assert document["wanted"]["platforms"] == ["microsoft"]
    assert document["pending_since"]["microsoft"]["at"] == "2026-10-02T08:00:00Z"
    assert json.loads(render(stranger_explained(), Format.JSON))["wanted"] is None


def test_markdown_has_a_list_for_each_section() -> None:
    found = render(EXPLANATION_REPORT, Format.MARKDOWN)
    assert found.startswith("### `alice` in workspace `prod` at ")
    assert "- group `movers` at `groups.yaml:2:3`: `platforms: [microsoft]`" in found
