"""Explains a broken schema rule to the person who wrote the file.

There is one function for each rule (a JSON Schema keyword). Two annotations in a schema help:
``errorMessage`` (what breaking the rule means) and ``writeOnly`` (the value may be a secret, so we
do not show it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from reconciler.domain import Diagnostic
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.source import near_miss, quoted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


_KINDS = {
    "string": "text",
    "array": "a list",
    "object": "a mapping",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
}

_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
}

# Other names that people know the platforms by.
_OTHER_NAMES = {
    "google_calendar": "google",
    "gmail": "google",
    "microsoft_outlook": "microsoft",
    "outlook": "microsoft",
    "office365": "microsoft",
}


class _BrokenRule(Struct, frozen=True):
    """A rule with its ``argument`` in a ``schema`` (both free-form JSON), and what breaks it.

    With ``is_name`` the name of a field at ``path`` breaks the rule, not the value.
    """

    document: YamlDocument
    rule: str
    argument: Any
    schema: Mapping[str, Any]
    value: Any
    path: tuple[str | int, ...]
    is_name: bool

    @property
    def secret(self) -> bool:
        return bool(self.schema.get("writeOnly"))

    @property
    def name(self) -> str:
        """What to call the value: its field, or the list it is in, or the document."""
        fields = [step for step in self.path if isinstance(step, str)]
        if not fields:
            return "the document"
        if self.is_name:
            return f"a name in {quoted(fields[-1])}"
        in_list = isinstance(self.path[-1], int)
        return f"an item of {quoted(fields[-1])}" if in_list else quoted(fields[-1])

    @property
    def meaning(self) -> str | None:
        """The schema's own text for a broken rule."""
        return self.schema.get("errorMessage")

    def error(self, message: str, hint: str | None = None) -> Diagnostic:
        """An error at the place of the value."""
        if self.is_name:
            place = self.document.locate_key([*self.path, self.value])
        else:
            place = self.document.locate(self.path)
        return Diagnostic(place, message, hint)


def explain(
    error: ValidationError, path: tuple[str | int, ...], document: YamlDocument
) -> Iterator[Diagnostic]:
    """The errors for a violation at ``path``: one for each unknown field, else one."""
    broken = _BrokenRule(
        document,
        str(error.validator),
        error.validator_value,
        cast("Mapping[str, Any]", error.schema),
        error.instance,
        path,
        "propertyNames" in error.absolute_schema_path,
    )
    yield from _EXPLANATIONS[broken.rule](broken)


def _unknown_fields(broken: _BrokenRule) -> Iterator[Diagnostic]:
    known = broken.schema["properties"]
    all_of_them = f"known here: {', '.join(known)}"
    for name in broken.value:
        if name not in known:
            place = broken.document.locate_key([*broken.path, name])
            if broken.secret:
                yield Diagnostic(place, "unknown field", all_of_them)
            else:
                hint = near_miss(name, known) or all_of_them
                yield Diagnostic(place, f"unknown field {quoted(name)}", hint)


def _missing_fields(broken: _BrokenRule) -> Iterator[Diagnostic]:
    for name in broken.argument:
        if name not in broken.value:
            rule = broken.schema.get("properties", {}).get(name, {})
            example = f"`{name}: {rule['const']}`" if "const" in rule else f"`{name}`"
            yield broken.error(f"`{name}` is missing", f"add {example}")


def _wrong_type(broken: _BrokenRule) -> Iterator[Diagnostic]:
    types = [broken.argument] if isinstance(broken.argument, str) else broken.argument
    wanted = " or ".join(_KINDS[kind] for kind in types)
    scalar = broken.document.misread_scalar(broken.path)
    if broken.value is None:
        yield broken.error(f"{broken.name} has no value", f"write {wanted}, or leave it out")
    elif scalar is not None and "string" in types:
        what = "this" if broken.secret else quoted(scalar.text)
        yield broken.error(
            f"{broken.name} must be text, and YAML reads {what} as {scalar.meaning}",
            "quote it" if broken.secret else f'quote it: "{scalar.text[:60]}"',
        )
    else:
        # A file that is no mapping may be something else entirely, so we do not quote it.
        unquoted = broken.secret or not broken.path
        value = _kind(broken.value) if unquoted else _described(broken.value)
        hint = broken.meaning if "object" in types else None
        if "array" in types and isinstance(broken.value, str) and not broken.secret:
            hint = f"write {quoted(f'[{broken.value}]')}"
        yield broken.error(f"{broken.name} must be {wanted}, not {value}", hint)


def _not_among(broken: _BrokenRule) -> Iterator[Diagnostic]:
    allowed = [broken.argument] if broken.rule == "const" else broken.argument
    value = broken.value
    hint = None
    if isinstance(value, str):
        other = _OTHER_NAMES.get(value.casefold())
        hint = f"did you mean `{other}`?" if other in allowed else near_miss(value, allowed)
    yield broken.error(
        f"{broken.name} cannot be {_described(value)}",
        hint or f"write {_alternatives(allowed)}",
    )


def _twice(broken: _BrokenRule) -> Iterator[Diagnostic]:
    for index, item in enumerate(broken.value):
        if item in broken.value[:index]:
            yield Diagnostic(
                broken.document.locate([*broken.path, index]),
                f"{_described(item)} appears twice in {broken.name}",
                "remove one of them",
            )


def _empty(broken: _BrokenRule) -> Iterator[Diagnostic]:
    scalar = broken.rule == "minLength"
    hint = "write something, or leave it out" if scalar else "it needs at least one entry"
    yield broken.error(f"{broken.name} is empty", hint)


def _out_of_range(broken: _BrokenRule) -> Iterator[Diagnostic]:
    bound = f"{_BOUNDS[broken.rule]} {broken.argument}"
    yield broken.error(f"{broken.name} cannot be {_described(broken.value)}", f"write {bound}")


def _malformed(broken: _BrokenRule) -> Iterator[Diagnostic]:
    empty = broken.value == "" and "minLength" in broken.schema
    wrong_type = broken.rule == "oneOf" and not isinstance(broken.value, dict)
    if empty or wrong_type:  # another error covers both
        return
    is_shown = isinstance(broken.value, str) and not broken.secret
    what = f" {quoted(broken.value)}" if is_shown else ""
    yield broken.error(f"{broken.name}{what} {broken.meaning}")


def _alternatives(allowed: list[object]) -> str:
    values = [_described(value) for value in allowed]
    return " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))


def _described(value: object) -> str:
    if isinstance(value, list | dict):
        return _kind(value)
    return quoted(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _kind(value: object) -> str:
    kinds: dict[type, str] = {list: "a list", dict: "a mapping", str: "text"}
    return kinds.get(type(value), "a plain value")


_EXPLANATIONS: dict[str, Callable[[_BrokenRule], Iterator[Diagnostic]]] = {
    "additionalProperties": _unknown_fields,
    "required": _missing_fields,
    "type": _wrong_type,
    "enum": _not_among,
    "const": _not_among,
    "uniqueItems": _twice,
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _empty,
    "pattern": _malformed,
    "not": _malformed,
    "oneOf": _malformed,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
}
