"""The page about the sandbox names every switch and every fault."""

from pathlib import Path

import msgspec
import pytest

from reconciler.sandbox import Behaviour, FaultKind

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")


@pytest.mark.parametrize("name", [f.encode_name for f in msgspec.structs.fields(Behaviour)])
def test_every_switch_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_is_explained(kind: FaultKind) -> None:
    assert f"| `{kind}` |" in PAGE
