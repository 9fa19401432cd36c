"""The published schemas describe exactly what is written."""

import json
from collections.abc import Iterator
from enum import EnumMeta
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

from reconciler.domain import Limits
from reconciler.planning import Plan, encode_plan
from reconciler.planning.plan import Content, Envelope
from reconciler.reporting import Format, PlanReport, Report, render
from reconciler.reporting.json_document import AnyDocument
from reconciler.reporting.json_stream import AnyEvent
from reconciler.reporting.wording.summary import STATUSES
from tests.reporting import samples
from tests.reporting.every_report import REPORTS

SCHEMAS = Path(__file__).parents[2] / "schemas"
PLAN: dict[str, Any] = json.loads((SCHEMAS / "plan.schema.json").read_text())
REPORT: dict[str, Any] = json.loads((SCHEMAS / "report.schema.json").read_text())
LINE: dict[str, Any] = {**REPORT, "oneOf": [{"$ref": "#/$defs/Line"}]}

PLANS = {
    "rich": samples.rich_plan(),
    "refused": samples.refused_plan(),
    "contested": samples.contested_plan(),
    "incomplete": samples.incomplete_plan(),
    "converged": samples.converged_plan(),
    "selected": samples.plan_of(
        [samples.declared("a", samples.GOOGLE)], [samples.listed("a", "google")], selectors=["a"]
    ),
    "with an exclusion": samples.plan_of(
        [samples.declared("a", samples.GOOGLE)], [samples.listed("a", "google")], exclusion=["a"]
    ),
    "unlimited": samples.plan_of([], [], limits=Limits(None, None)),
    "preferences of a user without any": samples.plan_with(samples.update()),
}

every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())


def errors(schema: dict[str, Any], instance: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(instance)]


@pytest.mark.parametrize("schema", [PLAN, REPORT], ids=["plan", "report"])
def test_a_schema_is_a_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"]


@every_plan
def test_a_plan_file_is_as_the_schema_says(plan: Plan) -> None:
    assert errors(PLAN, json.loads(encode_plan(plan))) == []


@every_plan
def test_a_plan_report_is_as_the_schema_says(plan: Plan) -> None:
    assert errors(REPORT, json.loads(render(PlanReport(plan, 0), Format.JSON))) == []


@every_report
def test_a_json_report_is_as_the_schema_says(report: Report) -> None:
    assert errors(REPORT, json.loads(render(report, Format.JSON))) == []


@every_report
def test_every_json_line_is_as_the_schema_says(report: Report) -> None:
    for line in render(report, Format.JSONL).splitlines():
        assert errors(LINE, json.loads(line)) == []


def test_a_plan_file_with_an_unknown_field_is_not_as_the_schema_says() -> None:
    plan = json.loads(encode_plan(samples.rich_plan()))
    plan["content"]["actions"][0]["force"] = True
    assert errors(PLAN, plan)


def test_a_plan_file_without_its_seal_is_not_as_the_schema_says() -> None:
    plan = json.loads(encode_plan(samples.rich_plan()))
    del plan["seal"]
    assert errors(PLAN, plan)


def test_what_a_plan_is_made_of_is_described_alike_in_both_schemas() -> None:
    assert {name: REPORT["$defs"][name] for name in PLAN["$defs"]} == PLAN["$defs"]


def nodes(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


@pytest.mark.parametrize("schema", [PLAN, REPORT], ids=["plan", "report"])
def test_everything_is_described_and_closed(schema: dict[str, Any]) -> None:
    for definition in (schema, *schema["$defs"].values()):
        assert definition["description"]
    for node in nodes(schema):
        for name, property_ in node.get("properties", {}).items():
            assert property_["description"], name
        if "properties" in node:
            assert node["additionalProperties"] is False


@pytest.mark.parametrize("schema", [PLAN, REPORT], ids=["plan", "report"])
def test_nothing_in_a_schema_is_unused(schema: dict[str, Any]) -> None:
    used = {node["$ref"].removeprefix("#/$defs/") for node in nodes(schema) if "$ref" in node}
    assert used | ({"Line"} & set(schema["$defs"])) == set(schema["$defs"])


def reachable(*roots: object) -> dict[str, Any]:
    """Every struct and enum that a root can hold, by name."""
    found: dict[str, Any] = {}

    def visit(kind: object) -> None:
        for part in get_args(kind):
            visit(part)
        if isinstance(kind, EnumMeta):
            found[kind.__name__] = kind
        elif isinstance(kind, type(msgspec.Struct)) and kind.__name__ not in found:
            found[kind.__name__] = kind
            for field in msgspec.structs.fields(kind):
                visit(field.type)

    for root in roots:
        visit(root)
    return found


IN_PLAN = reachable(Content, Envelope)
IN_REPORT = reachable(AnyDocument, AnyEvent)
DEFINITIONS = [
    *((PLAN, name, kind) for name, kind in IN_PLAN.items()),
    *((REPORT, name, kind) for name, kind in IN_REPORT.items()),
]
every_definition = pytest.mark.parametrize(
    ("schema", "name", "kind"),
    DEFINITIONS,
    ids=[f"{schema['$id'].split(':')[3]}:{name}" for schema, name, _ in DEFINITIONS],
)


@every_definition
def test_a_definition_holds_every_field_and_member(
    schema: dict[str, Any], name: str, kind: Any
) -> None:
    definition = schema["$defs"][name]
    if isinstance(kind, EnumMeta):
        assert definition["enum"] == [member.value for member in kind]  # type: ignore[var-annotated]
        return
    config = kind.__struct_config__
    tag = {config.tag_field} if config.tag_field else set()
    assert set(definition["properties"]) == set(kind.__struct_encode_fields__) | tag
    if config.tag_field:
        assert definition["properties"][config.tag_field]["const"] == config.tag


@every_definition
def test_a_definition_allows_null_exactly_where_the_struct_does(
    schema: dict[str, Any], name: str, kind: Any
) -> None:
    if isinstance(kind, EnumMeta):
        return
    for field in msgspec.structs.fields(kind):
        part = schema["$defs"][name]["properties"][field.encode_name]
        allowed = not errors({**part, "$defs": schema["$defs"]}, None)
        assert allowed is (type(None) in get_args(field.type)), field.name


@every_definition
def test_a_definition_requires_exactly_what_is_always_there(
    schema: dict[str, Any], name: str, kind: Any
) -> None:
    if isinstance(kind, EnumMeta):
        return
    tag = {kind.__struct_config__.tag_field} if kind.__struct_config__.tag_field else set()
    always = {
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if msgspec.UnsetType not in get_args(field.type)
    }
    assert set(schema["$defs"][name]["required"]) == always | tag


def test_every_kind_of_document_is_offered() -> None:
    offered = [entry["$ref"].removeprefix("#/$defs/") for entry in REPORT["oneOf"]]
    assert offered == [kind.__name__ for kind in get_args(AnyDocument)]


def test_every_kind_of_line_is_offered() -> None:
    offered = [entry["$ref"].removeprefix("#/$defs/") for entry in REPORT["$defs"]["Line"]["oneOf"]]
    assert offered == [kind.__name__ for kind in get_args(AnyEvent) + get_args(AnyDocument)]


def test_the_statuses_of_the_schema_are_those_that_have_words() -> None:
    assert REPORT["$defs"]["Status"]["enum"] == list(STATUSES)
