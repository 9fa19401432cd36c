"""Validates a document against a published JSON Schema: fast if it is valid, thorough if not.

jsonschema-rs checks 100 000 users in hundredths of a second. jsonschema takes seconds for them, and
explains only what did not pass. It makes errors one by one; jsonschema-rs makes all at once, which
is gigabytes for a large file that is no manifest. Manifests and the configuration come through
here, and editors use the same schemas.
"""

import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import msgspec
from msgspec import Struct

from reconciler.domain import Diagnostic
from reconciler.manifest.composer import Value
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.schema_errors import explain
from reconciler.manifest.workspace_schema import workspace_file_schema

_PACKAGE = Path(__file__).parents[1]
# An installed wheel has them inside the package, a checkout beside it.
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")
_SUFFIX = ".schema.json"


_WORKSPACE = "workspace"
"""The schema of a workspace file. It is made of the configuration's, and has no file of its own."""


def schema_names() -> tuple[str, ...]:
    """The names that :func:`schema_text` knows, in order."""
    files = (path.name.removesuffix(_SUFFIX) for path in _folder().glob(f"*{_SUFFIX}"))
    return tuple(sorted((*files, _WORKSPACE)))


def schema_text(name: str) -> str:
    """The text of a published schema, ``manifest`` or ``config`` for example.

    Raises ``KeyError`` for a name that :func:`schema_names` does not list.
    """
    if name not in schema_names():
        raise KeyError(name)
    if name == _WORKSPACE:
        text = msgspec.json.encode(workspace_file_schema(schema("config")))
        return msgspec.json.format(text, indent=2).decode() + "\n"
    return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


@cache
def schema(name: str) -> dict[str, object]:
    """The published schema as a value. Do not change it."""
    return msgspec.json.decode(schema_text(name), type=dict[str, object])


def _folder() -> Path:
    return next(folder for folder in _FOLDERS if folder.is_dir())


MAX_EXPLAINED = 500


@cache
def _fast(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name))


@cache
def _fast_items(name: str) -> Mapping[str, jsonschema_rs.Draft202012Validator]:
    """The validator for the items of each top list in the schema ``name``."""
    whole = cast("dict[str, Any]", schema(name))  # a JSON Schema is free-form
    return {
        key: jsonschema_rs.Draft202012Validator({"$defs": whole["$defs"], **field["items"]})
        for key, field in whole["properties"].items()
        if "items" in field
    }


class Violation(Struct, frozen=True):
    """One error against a schema, with the ``path`` to the value that breaks it."""

    path: tuple[str | int, ...]
    diagnostic: Diagnostic


class ValidationResult(Struct, frozen=True):
    """The violations of a schema: all of them if ``complete``."""

    violations: tuple[Violation, ...] = ()
    complete: bool = True


def validate(name: str, document: YamlDocument) -> ValidationResult:
    """The violations of the schema ``name`` in ``document``; none when it is valid.

    After ``MAX_EXPLAINED`` violations, one more says that there are others.
    """
    fast = _fast(name)
    if fast.is_valid(document.value):
        return ValidationResult()
    part, indices = _part(name, document.value)
    violations = _violations(name, part, indices, document)
    found = list(itertools.islice(violations, MAX_EXPLAINED))
    complete = next(violations, None) is None
    if not complete:
        more = f"the document breaks more than {MAX_EXPLAINED} rules"
        hint = "fix these to see the others"
        found.append(Violation((), Diagnostic(document.location, more, hint)))
    return ValidationResult(tuple(found), complete)


def _violations(
    name: str, part: Value, indices: dict[str, list[int]], document: YamlDocument
) -> Iterator[Violation]:
    # Imported here: it takes a tenth of a second, and most runs never need it.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    for error in Draft202012Validator(schema(name)).iter_errors(part):
        path = tuple(error.absolute_path)
        if path and path[0] in indices and len(path) > 1:
            path = (path[0], indices[str(path[0])][int(path[1])], *path[2:])
        for diagnostic in explain(error, path, document):
            yield Violation(path, diagnostic)


def _part(name: str, value: Value) -> tuple[Value, dict[str, list[int]]]:
    """``value`` with only the broken items of its top lists, up to the limit.

    Also returns, for each list, the index in ``value`` of each item that is left.
    """
    if not isinstance(value, dict):
        return value, {}
    indices: dict[str, list[int]] = {}
    kept: dict[str, Value] = {}
    for key, items in value.items():
        if isinstance(items, list):
            # One more than we explain, so that there is one more error.
            broken = list(itertools.islice(_broken(name, key, items), MAX_EXPLAINED + 1))
            indices[key] = broken
            kept[key] = [items[index] for index in broken]
    return value | kept, indices


def _broken(name: str, key: str, items: list[Value]) -> Iterator[int]:
    """The index of each item that breaks the schema; an unknown list has no rules for items."""
    validator = _fast_items(name).get(key)
    if validator is not None:
        for index, item in enumerate(items):
            if not validator.is_valid(item):
                yield index
