"""A ledger altered by somebody who may write it: told clearly or harmlessly, and never acted on.

Whatever it says, only what today's manifests want is done.
"""

import zlib
from typing import Final

import pytest
from msgspec import structs

from reconciler.domain import SqliteFile
from reconciler.planning import canonical_json, seal
from reconciler.planning.canonical import digest
from tests.security.attacked import RIGHT, Attacked, forged_plan

ESCAPES: Final = "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m\n\r"

UNREADABLE: Final = {
    "an unknown state": "UPDATE runs SET state = 'exploded'",
    "an unknown front": "UPDATE runs SET front = 'backdoor'",
    "an unknown outcome": """UPDATE runs SET outcomes = '{"exploded": 5}'""",
    "an unknown outcome of a step": "UPDATE steps SET outcome = 'x'",
    "outcomes that are no JSON": "UPDATE runs SET outcomes = 'none'",
    "no fleet where one was accepted": "UPDATE runs SET declared = NULL",
    "a negative fleet": "UPDATE runs SET declared = -5, observed = -9",
    "no plan where a call is in doubt": "UPDATE runs SET plan = NULL",
    "a doubt beyond the plan": "UPDATE in_doubt SET position = 77",
    "a doubt before the plan": "UPDATE in_doubt SET position = -1",
    "a doubt at no time": "UPDATE in_doubt SET at = 'yesterday'",
    "a doubt at a time without a zone": "UPDATE in_doubt SET at = '2026-11-01T08:00:00'",
    "a lock of nobody": "UPDATE locks SET who = NULL, host = NULL, pid = NULL",
    "no heartbeat": "UPDATE locks SET heartbeat = NULL",
    "a heartbeat in all eternity": "UPDATE locks SET heartbeat = CAST('{infinity}' AS float)",
    "a heartbeat before all time": "UPDATE locks SET heartbeat = CAST('-{infinity}' AS float)",
    "a version of escapes": "UPDATE ledger_version SET version_num = :escapes",
}
"""What no run may act by: it is refused, and nothing is called."""

HARMLESS: Final = {
    "unknown verdicts": "UPDATE runs SET verdicts = '[1]'",
    "negative outcomes": """UPDATE runs SET outcomes = '{"verified": -5}'""",
    "a negative number of actions and calls": "UPDATE runs SET actions = -3, calls = -7",
    "an empty envelope": "UPDATE runs SET envelope = '{}'",
    "no envelope": "UPDATE runs SET envelope = NULL",
    "a doubt about another action": "UPDATE in_doubt SET position = 1",
    "a doubt about no call": "UPDATE in_doubt SET call = -1",
    "a doubt of the far future": "UPDATE in_doubt SET at = '9999-11-01T08:00:00Z'",
    "a doubt with an answer of escapes": "UPDATE in_doubt SET answer = :escapes",
    "an unknown kind of step": "UPDATE steps SET kind = 'x'",
    "a step of no action": "UPDATE steps SET position = -1",
    "a step that says that all is done": "UPDATE steps SET kind = 'outcome', outcome = 'verified'",
    "a run that resumes itself": "UPDATE runs SET resumes = run",
    "a plan used by a run that is not there": (
        "INSERT INTO used_plans (seal, run, at)"
        " SELECT seal, 'ghost', 'x' FROM runs WHERE seal IS NOT NULL"
        " ON CONFLICT (seal) DO UPDATE SET run = 'ghost'"
    ),
    "a negative fence": "UPDATE locks SET fence = -9",
    "a lock of a run that is not there": "UPDATE locks SET run = 'ghost'",
    "a heartbeat in the far future": "UPDATE locks SET heartbeat = 1e300, since = 1e300",
    "a run that is over with a call in doubt": "UPDATE runs SET state = 'completed'",
    "another address": "UPDATE runs SET address = 'https://elsewhere.example'",
    "another workspace": "UPDATE runs SET workspace = 'other'",
    "escapes in every text of a run": (
        "UPDATE runs SET host = :escapes, who = :escapes, detail = :escapes, halted = :escapes,"
        ' tool_version = :escapes, "commit" = :escapes, opened_at = :escapes, machine = :escapes'
    ),
    "escapes in every text of a step": (
        "UPDATE steps SET at = :escapes, code = :escapes, detail = :escapes,"
        ' settled_by = :escapes, "user" = :escapes'
    ),
    "a text of a million characters": "UPDATE runs SET detail = :long, who = :long, host = :long",
}
"""What keeps nobody from acting: what the manifests want is done, once."""

LOCKED: Final = {
    "a process of no number": "UPDATE locks SET pid = -1, heartbeat = :now",
    "a fence that cannot grow": "UPDATE locks SET fence = 9223372036854775807",
}
"""What keeps everybody from acting for now."""


def _alter(attacked: Attacked, statement: str) -> None:
    infinity = "9e999" if isinstance(attacked.place, SqliteFile) else "Infinity"
    values = {"escapes": ESCAPES, "long": "x" * 1_000_000, "now": 4e9}
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    attacked.alter(statement.replace("{infinity}", infinity), **used)


def _look(attacked: Attacked) -> None:
    """Every command that only looks; none of them is stopped or surprised by the ledger."""
    assert attacked.command("plan") == 0
    attacked.command("runs")
    attacked.command("runs", attacked.run, "--format", "json")
    attacked.command("runs", attacked.run, "--format", "markdown")
    attacked.command("runs", attacked.run)
    attacked.command("doctor")
    assert attacked.calls() == []


@pytest.mark.parametrize("statement", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_by_a_ledger_that_cannot_be_believed_nobody_acts(
    attacked: Attacked, statement: str
) -> None:
    _alter(attacked, statement)
    _look(attacked)
    assert attacked.command("apply", "--auto-approve") == 65
    assert "ledger" in attacked.project.err
    attacked.command("resume", attacked.run)
    attacked.command("unlock", attacked.run)
    assert attacked.calls() == []


@pytest.mark.parametrize("statement", HARMLESS.values(), ids=HARMLESS.keys())
def test_whatever_a_ledger_says_what_the_manifests_want_is_done_once(
    attacked: Attacked, statement: str
) -> None:
    _alter(attacked, statement)
    _look(attacked)
    attacked.command("resume", attacked.run)
    assert attacked.command("apply", "--auto-approve") == 0
    assert attacked.calls() == RIGHT


@pytest.mark.parametrize("statement", LOCKED.values(), ids=LOCKED.keys())
def test_a_lock_that_cannot_be_taken_is_reported_with_what_to_do(
    attacked: Attacked, statement: str
) -> None:
    _alter(attacked, statement)
    _look(attacked)
    assert attacked.command("apply", "--auto-approve") in (65, 75)
    assert attacked.calls() == []


# Plans in the ledger.


def test_a_plan_that_was_put_in_place_of_a_runs_own_disconnects_nobody_else(
    attacked: Attacked,
) -> None:
    forged = forged_plan(attacked)
    data = canonical_json(forged.content)
    attacked.alter(
        "INSERT INTO plans (digest, content) VALUES (:digest, :content)",
        digest=digest(data),
        content=zlib.compress(data),
    )
    attacked.alter(
        "UPDATE runs SET plan = :digest, envelope = :envelope, seal = :seal, actions = 3",
        digest=digest(data),
        envelope=zlib.compress(canonical_json(forged.envelope)),
        seal=seal(forged),
    )
    _look(attacked)
    assert attacked.command("resume", attacked.run, "--format", "json") == 4
    assert '"not_planned_any_more"' in attacked.project.out
    assert "settled@example.com" not in str(attacked.calls())


def test_an_envelope_that_was_given_more_time_is_not_believed(attacked: Attacked) -> None:
    envelope = structs.replace(attacked.plan.envelope, expires="2126-01-01T00:00:00Z")
    attacked.alter("UPDATE runs SET envelope = :it", it=zlib.compress(canonical_json(envelope)))
    assert attacked.command("resume", attacked.run) == 65
    assert "was altered" in attacked.project.err
    assert attacked.calls() == []


def test_the_plan_of_another_run_is_not_believed(attacked: Attacked) -> None:
    other = structs.replace(attacked.plan.content, deselected=7)
    attacked.let_die(structs.replace(attacked.plan, content=other))
    attacked.alter(
        "UPDATE runs SET plan = :other WHERE run = :run",
        other=digest(canonical_json(other)),
        run=attacked.run,
    )
    assert attacked.command("runs", attacked.run) == 65
    assert attacked.command("resume", attacked.run) == 65
    assert attacked.calls() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        zlib.compress(b"{}"),
        zlib.compress(b"[" * 100_000),
        zlib.compress(b"x" * 1000)[:-5],
    ],
    ids=["nothing", "noise", "no plan", "depth", "cut short"],
)
def test_a_plan_that_cannot_be_read_is_reported_and_not_acted_on(
    attacked: Attacked, content: bytes
) -> None:
    attacked.alter("UPDATE plans SET content = :content", content=content)
    _look(attacked)
    assert attacked.command("resume", attacked.run) == 65
    assert attacked.command("apply", "--auto-approve") == 65
    assert attacked.calls() == []


def test_a_plan_that_unpacks_without_end_is_not_unpacked(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 1_000_000
    monkeypatch.setattr("reconciler.ledger.stored_plans.MAX_BYTES", most)
    asked: list[int] = []

    def measured(data: bytes) -> str:
        asked.append(len(data))
        return digest(data)

    monkeypatch.setattr("reconciler.ledger.stored_plans.digest", measured)
    attacked.alter("UPDATE plans SET content = :bomb", bomb=zlib.compress(b" " * 50 * most))
    assert attacked.command("runs", attacked.run) == 65
    assert asked == [most]


def test_a_plan_that_could_not_be_read_again_is_not_begun(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    attacked.alter("DELETE FROM in_doubt")
    monkeypatch.setattr("reconciler.ledger.stored_plans.MAX_BYTES", 100)
    assert attacked.command("apply", "--auto-approve") == 75
    assert "--select" in attacked.project.err
    assert attacked.calls() == []
