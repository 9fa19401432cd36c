"""What the documentation shows and what the repository ships can be used as it stands."""

import re
from pathlib import Path

import pytest

from reconciler.config import SandboxSource, Workspace, load_configuration
from reconciler.domain import PREFERENCE_FIELDS
from reconciler.manifest import schema
from tests.config.file import HEAD, REAL, File
from tests.docs.configurations import load_example

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/configuration.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_of_the_documentation_is_a_configuration(file: File, block: str) -> None:
    assert load_example(file.path.parent, block).workspaces


@pytest.fixture
def shipped() -> Workspace:
    return load_configuration(ROOT / "reconciler.yaml").workspace(None)


def test_the_shipped_configuration_is_a_sandbox_by_default(shipped: Workspace) -> None:
    assert shipped.name == "sandbox"
    assert shipped.remote == SandboxSource(
        ROOT / "sandbox/fleet.yaml", ROOT / ".reconciler/sandbox-sandbox.db"
    )
    assert shipped.manifests == (ROOT / "manifests",)
    assert shipped.protected == ("ceo@example.com",)


def test_the_shipped_configuration_names_its_schema_for_editors() -> None:
    first = (ROOT / "reconciler.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=schemas/config.schema.json"


@pytest.mark.parametrize("section", ["limits", "rateLimits", "timeouts"])
def test_the_documented_defaults_are_the_schemas_and_the_codes(file: File, section: str) -> None:
    definitions = schema("config")["$defs"]
    assert isinstance(definitions, dict)
    rules = definitions["workspace"]["properties"][section]["properties"]
    defaults = {name: rule["default"] for name, rule in rules.items() if "default" in rule}
    for name, default in defaults.items():
        assert re.search(rf"^\| `{name}` \|.*\| {default} \|$", TEXT, re.MULTILINE)
    explicit = ", ".join(f"{name}: {default}" for name, default in defaults.items())
    given, absent = file.workspace(f"    {section}: {{{explicit}}}\n"), file.workspace("")
    assert given.limits == absent.limits
    assert given.rate_limits == absent.rate_limits
    assert given.timeouts == absent.timeouts


def test_every_field_of_a_configuration_is_documented() -> None:
    configuration = schema("config")
    properties, definitions = configuration["properties"], configuration["$defs"]
    assert isinstance(properties, dict)
    assert isinstance(definitions, dict)
    fields = [*properties, *definitions["workspace"]["properties"]]
    assert {"ledger", "requireLedger", "limits"} <= set(fields)
    assert [name for name in fields if f"\n| `{name}` |" not in TEXT] == []


def test_the_documented_ledger_is_the_one_that_is_used_where_none_is_named(file: File) -> None:
    (default,) = re.findall(r"^\| absent \| .*`(sqlite:///\S+)`", TEXT, re.MULTILINE)
    named = file.load(f"{HEAD}{REAL}ledger: {default}\n").workspace("w")
    assert named.ledger == file.workspace("").ledger


def test_every_option_of_a_ledgers_url_is_documented(file: File) -> None:
    (error,) = file.errors(f"{HEAD}{REAL}ledger: postgresql://h/d?x=y\n")
    known = error.partition("known here: ")[2].removesuffix(")").split(", ")
    assert len(known) > 10
    assert [name for name in known if f"`{name}`" not in TEXT] == []


def test_the_documentation_of_manifests_names_every_preference() -> None:
    text = (ROOT / "docs/manifests.md").read_text("utf-8")
    assert all(f"`{name}`" in text for name in PREFERENCE_FIELDS)
