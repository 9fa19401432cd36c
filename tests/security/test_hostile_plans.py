"""Plan files that somebody forged, seal and all: refused, or held to what the manifests want."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from msgspec import structs

from reconciler.domain import SqliteFile
from reconciler.planning import (
    Content,
    Envelope,
    GuardName,
    Judgement,
    Plan,
    Verdict,
    canonical_json,
)
from reconciler.planning.canonical import digest
from reconciler.planning.plan_file import MAX_BYTES
from tests.cli.project import Project
from tests.security.attacked import RIGHT, SAVED, VICTIM, Attacked, assert_harmless, forged_plan

ESCAPES: Final = "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m\n\r|`@everyone`</details>"
CONSUMERS: Final = (("apply", SAVED), ("plan", "--against", SAVED), ("show", SAVED))


@pytest.fixture
def attacked(project: Project, sqlite: SqliteFile) -> Attacked:
    """Without anything in doubt: whatever is called is called by the plan file."""
    found = Attacked(project, sqlite)
    found.alter("DELETE FROM in_doubt")
    return found


def _resealed(text: str) -> bytes:
    """``text``, which ends before the seal, with the seal that fits."""
    body = text.rpartition(',"seal":')[0] + "}"
    return f'{body[:-1]},"seal":"{digest(body.encode())}"}}\n'.encode()


def _with(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        text = data.decode()
        assert old in text
        return _resealed(text.replace(old, new, 1))

    return change


def _in_json(name: str, value: Any) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        document = json.loads(data)
        document["content"][name] = value
        del document["seal"]
        body = canonical_json(document)
        return body[:-1] + b',"seal":"' + digest(body).encode() + b'"}\n'

    return change


NO_PLANS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda _: b"",
    "deep": lambda _: b"[" * 1_000_000,
    "deep within": _in_json("workspace", json.loads("[" * 400 + "]" * 400)),
    "not a number": _with('"deselected":0', '"deselected":NaN'),
    "infinity": _with('"deselected":0', '"deselected":1e999'),
    "less than nothing": _with('"deselected":0', '"deselected":-1'),
    "a number of a million digits": _with('"deselected":0', f'"deselected":{"9" * 1_000_000}'),
    "a fraction": _with('"deselected":0', '"deselected":0.5'),
    "a key twice": _with('"deselected":0', '"deselected":0,"deselected":0'),
    "an unknown key": _with('"deselected":0', '"deselected":0,"force":true'),
    "an action of another kind": _with('"kind":"disconnect"', '"kind":"delete_user"'),
    "an unknown platform": _with('"platform":"google"', '"platform":"zoom"'),
    "actions that are text": _in_json("actions", "all"),
    "nobody's action": _in_json("actions", [None]),
    "half a surrogate pair": _with(VICTIM, "\\ud800"),
    "no UTF-8": lambda data: data.replace(b"leaver", b"leav\xff\xfe"),
    "another format": _with("reconciler/plan/v1", "reconciler/plan/v2"),
    "beyond every size": lambda _: b" " * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("change", NO_PLANS.values(), ids=NO_PLANS.keys())
def test_what_is_no_plan_is_refused_by_every_command_before_anything_is_asked(
    attacked: Attacked, change: Callable[[bytes], bytes]
) -> None:
    path = attacked.project.folder / SAVED
    path.write_bytes(_in_json("problems", [VICTIM])(path.read_bytes()))
    path.write_bytes(change(path.read_bytes()))
    asked = len(attacked.project.requests())
    for arguments in CONSUMERS:
        assert attacked.command(*arguments) == 5
        assert len(attacked.project.err) < 2_000
    assert len(attacked.project.requests()) == asked


def _content(**changes: Any) -> Callable[[Plan], Plan]:
    return lambda plan: structs.replace(plan, content=structs.replace(plan.content, **changes))


def _envelope(**changes: Any) -> Callable[[Plan], Plan]:
    return lambda plan: structs.replace(plan, envelope=structs.replace(plan.envelope, **changes))


OTHERS: Final[dict[str, Callable[[Plan], Plan]]] = {
    "workspace": _content(workspace="other"),
    "workspace of escapes": _content(workspace=ESCAPES * 100_000),
    "address": _content(base_url="https://eu-central-1.recall.ai"),
    "address of escapes": _content(base_url=ESCAPES * 100_000),
    "manifests": _content(desired_digest=f"sha256:{'0' * 64}"),
    "key": _envelope(key_fingerprint="0" * 16),
    "time": _envelope(expires="2026-01-01T00:00:00Z"),
    "commit": _envelope(commit=ESCAPES * 100_000),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS.keys())
def test_a_plan_of_another_is_refused_and_does_not_fill_the_ledger(
    attacked: Attacked, change: Callable[[Plan], Plan]
) -> None:
    attacked.save(change(attacked.plan))
    assert attacked.command("apply", SAVED, "--same-commit") == 5
    assert len(attacked.project.err) < 10_000
    assert attacked.command("apply", SAVED, "--same-commit", "--format", "json") == 5
    assert len(attacked.project.out) < 100_000
    assert attacked.command("runs", "--format", "json") == 0
    assert all(len(run["detail"] or "") < 1_000 for run in json.loads(attacked.project.out)["runs"])
    assert attacked.calls() == []


def test_a_selection_of_escapes_is_refused_and_not_repeated_at_length(attacked: Attacked) -> None:
    attacked.save(_content(selection=(ESCAPES * 100_000,))(attacked.plan))
    assert attacked.command("apply", SAVED) == 5
    assert attacked.command("apply", SAVED, "--format", "json") == 5
    assert len(attacked.project.out) < 10_000
    assert attacked.command("plan", "--against", SAVED) == 5
    assert attacked.calls() == []


def test_a_forged_plan_does_nothing_that_a_plan_made_now_would_not(attacked: Attacked) -> None:
    attacked.save(forged_plan(attacked))
    assert attacked.command("apply", SAVED, "--format", "json") == 4
    outcomes = {
        (result["user"], result["outcome"])
        for result in json.loads(attacked.project.out)["results"]
    }
    assert (VICTIM, "skipped_stale") in outcomes
    assert attacked.calls() == RIGHT


def test_forged_verdicts_let_nothing_through(attacked: Attacked) -> None:
    passed = tuple(Verdict(guard, Judgement.PASSED, 0) for guard in GuardName)
    limits = structs.replace(attacked.plan.content.configuration.limits, max_disconnects=None)
    judged = structs.replace(attacked.plan.content.configuration, limits=limits, protected=())
    attacked.project.configure("limits: {maxDisconnects: 1}")
    attacked.save(_content(guards=passed, configuration=judged)(attacked.plan))
    assert attacked.command("apply", SAVED) == 3
    assert attacked.calls() == []


def test_a_forged_plan_does_not_lift_a_protection(attacked: Attacked) -> None:
    attacked.project.configure("protected: ['leaver@*', 'mover@*', 'settled@*']")
    attacked.save(forged_plan(attacked))
    assert attacked.command("apply", SAVED) == 4
    assert attacked.calls() == []


def _everything_foreign(plan: Plan) -> Plan:
    """Escapes wherever a plan that is for this workspace may hold text of others."""
    actions = tuple(
        structs.replace(action, email=ESCAPES, note=ESCAPES) for action in plan.content.disconnects
    )
    content: Content = structs.replace(plan.content, actions=actions, problems=(ESCAPES,))
    envelope: Envelope = structs.replace(
        plan.envelope, tool_version=ESCAPES, sources={action.user: ESCAPES for action in actions}
    )
    return Plan(content, envelope)


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "markdown"])
@pytest.mark.parametrize("arguments", CONSUMERS, ids=" ".join)
def test_no_escape_in_a_plan_reaches_a_reader(
    attacked: Attacked, arguments: tuple[str, ...], form: str
) -> None:
    attacked.save(_everything_foreign(attacked.plan))
    attacked.command(*arguments, "--format", form, "--report", f"{form}=report", "--verbose")
    assert_harmless((attacked.project.folder / "report").read_text())
    assert attacked.calls() in ([], RIGHT)


@pytest.mark.parametrize(
    "name", ["\x1b[2J.plan", "../../../../../../no/such\nplan", "-rf", "a" * 5_000, "."]
)
def test_the_name_of_a_plan_file_does_no_harm(attacked: Attacked, name: str) -> None:
    assert attacked.command("apply", "--", name) == 64
    assert attacked.command("show", "--", name) == 64
    assert attacked.calls() == []
