"""Published schemas: where they are found, and that an editor has something to show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.domain import PREFERENCE_FIELDS, Handover, Platform
from reconciler.manifest import schema, schema_names, schema_text, validation


def properties(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, rule in value.get("properties", {}).items():
        yield f"{path}.{name}", rule
        yield from properties(rule, f"{path}.{name}")
    for name, rule in value.get("$defs", {}).items():
        yield f"{path}#{name}", rule
        yield from properties(rule, f"{path}#{name}")


@pytest.mark.parametrize("name", ["manifest", "config", "workspace"])
def test_everything_is_described_for_an_editors_hover(name: str) -> None:
    published = schema(name)
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert published["$id"]
    assert published["title"]
    assert published["description"]
    rules = dict(properties(published))
    assert len(rules) > 10
    undescribed = [
        path for path, rule in rules.items() if "description" not in rule and "$ref" not in rule
    ]
    assert undescribed == []


@pytest.mark.parametrize("name", ["manifest", "config", "workspace"])
def test_no_mapping_takes_unknown_fields(name: str) -> None:
    published = schema(name)
    objects = [rule for _, rule in properties(published) if rule.get("type") == "object"]
    assert objects
    assert all("additionalProperties" in rule for rule in [published, *objects])


def test_the_schema_speaks_of_the_domains_platforms_handovers_and_preferences() -> None:
    definitions: dict[str, Any] = schema("manifest")["$defs"]  # type: ignore[assignment]
    assert set(definitions["platforms"]["items"]["enum"]) == set(Platform)
    assert set(definitions["handover"]["enum"]) == set(Handover)
    assert tuple(definitions["preferences"]["properties"]) == PREFERENCE_FIELDS


def test_the_text_of_a_schema_is_the_published_file() -> None:
    path = Path(__file__).parents[2] / "schemas" / "manifest.schema.json"
    assert schema_text("manifest") == path.read_text(encoding="utf-8")
    assert {"config", "manifest"} <= set(schema_names())


@pytest.mark.parametrize("name", ["nothing", "../pyproject", ""])
def test_a_name_without_a_schema_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        schema_text(name)


def test_an_installed_package_has_its_schemas_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, beside = tmp_path / "reconciler" / "schemas", tmp_path / "schemas"
    for folder in (inside, beside):
        folder.mkdir(parents=True)
        (folder / "x.schema.json").write_text(folder.parent.name)
    monkeypatch.setattr(validation, "_FOLDERS", (inside, beside))
    assert schema_text("x") == "reconciler"
