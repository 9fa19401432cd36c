"""What the documentation shows and what the repository ships can be used as it stands."""

import re
from pathlib import Path

import pytest

from reconciler.manifest import load_manifests, schema
from tests.manifest.folder import Folder

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```yaml\n(.*?)^```$",
    (ROOT / "docs/manifests.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_of_the_documentation_is_a_manifest(folder: Folder, block: str) -> None:
    assert folder.load_text(block).users


def test_the_shipped_manifests_are_valid() -> None:
    state = load_manifests([ROOT / "manifests"], relative_to=ROOT)
    assert len(state.users) == 14
    assert state.groups == {"contractors", "sales"}


@pytest.mark.parametrize("path", sorted((ROOT / "manifests").glob("*.yaml")), ids=lambda p: p.name)
def test_a_shipped_manifest_names_its_schema_for_editors(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    _, _, schema = first.partition("# yaml-language-server: $schema=")
    assert (path.parent / schema).resolve() == ROOT / "schemas/manifest.schema.json"


def test_every_field_of_a_manifest_is_documented() -> None:
    text = "".join(
        (ROOT / "docs" / page).read_text("utf-8") for page in ("manifests.md", "sources.md")
    )
    manifest = schema("manifest")
    definitions = manifest["$defs"]
    assert isinstance(definitions, dict)
    fields = {
        *manifest["properties"],  # type: ignore[misc]  # a mapping
        *definitions["user"]["properties"],
        *definitions["group"]["properties"],
        *definitions["source"]["properties"],
    }
    assert [name for name in sorted(fields) if f"`{name}`" not in text] == []
