"""The example of an own program, in docs/, with the SDK's mocks instead of an engine."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from reconciler.sandbox import SandboxState
from tests.docs.pulumi_projects import EXAMPLE, example
from tests.pulumi_provider.mocked_program import Program


def test_the_example_declares_both_fleets_and_exports_who_has_to_connect(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = example(tmp_path)
    monkeypatch.chdir(folder)
    exported: dict[str, pulumi.Output[Any]] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)
    program.run(folder / "__main__.py")
    planned = {
        name: {user: sorted(what) for user, what in _disconnects(args.inputs).items()}
        for name, args in program.mocks.resources.items()
    }
    assert planned == {
        "berlin/anna@example.com": {"anna@example.com": ["google"]},
        "berlin/boris@example.com": {},
        "berlin/chair@board.example.com": {},
        "chicago": {"carol@example.com": ["google", "microsoft"]},
    }
    assert {name: program.value(output) for name, output in exported.items()} == {
        "berlinToConnect": {"boris@example.com": ["microsoft"]},
        "berlinDone": {},
        "chicagoToConnect": {},
        "chicagoDone": {},
    }
    for workspace in ("berlin", "chicago"):
        with SandboxState.open(folder / f".reconciler/sandbox-{workspace}.db") as sandbox:
            assert {entry.method for entry in sandbox.log()} == {"GET"}


def test_the_example_needs_no_more_than_the_extra_of_this_project() -> None:
    lines = (EXAMPLE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith(("#", "--constraint"))] == [
        "--editable ../..[pulumi]"
    ]


def _disconnects(inputs: dict[str, Any]) -> dict[str, Any]:
    """What a resource of either kind plans, by user."""
    planned: dict[str, Any] = inputs["plan"].get("disconnect", {})
    if "user" not in inputs:
        return planned
    return {inputs["user"]: planned} if planned else {}
