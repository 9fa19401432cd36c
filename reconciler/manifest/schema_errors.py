"""What a broken rule of a schema means to the person who wrote the file.

One function a rule (a JSON Schema keyword); the words are ours, the facts are jsonschema's. A
schema helps by two annotations: ``errorMessage`` (what a broken rule means) and ``writeOnly``
(the value may be a secret and is not shown).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from reconciler.domain import Diagnostic
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.source import near_miss, shown

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

# What people write who know the platforms from elsewhere.
_OTHER_NAMES = {
    "google_calendar": "google",
    "gmail": "google",
    "microsoft_outlook": "microsoft",
    "outlook": "microsoft",
    "office365": "microsoft",
}


class _Broken(Struct, frozen=True):
    """A rule with its ``argument`` in a ``schema`` (free-form JSON both), and what breaks it.

    ``is_name`` tells that it is not the value at ``path`` but the name of one of its fields.
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
        """How the value is called: its field, or the list it is in, or the document."""
        fields = [step for step in self.path if isinstance(step, str)]
        if not fields:
            return "the document"
        if self.is_name:
            return f"a name in {shown(fields[-1])}"
        in_list = isinstance(self.path[-1], int)
        return f"an item of {shown(fields[-1])}" if in_list else shown(fields[-1])

    @property
    def meaning(self) -> str | None:
        """What the schema says that breaking its rules means."""
        return self.schema.get("errorMessage")

    def error(self, message: str, hint: str | None = None) -> Diagnostic:
        """An error that stands at the value."""
        if self.is_name:
            place = self.document.locate_key([*self.path, self.value])
        else:
            place = self.document.locate(self.path)
        return Diagnostic(place, message, hint)


def explain(
    error: ValidationError, path: tuple[str | int, ...], document: YamlDocument
) -> Iterator[Diagnostic]:
    """The errors that a violation at ``path`` stands for; several for several unknown fields."""
    broken = _Broken(
        document,
        str(error.validator),
        error.validator_value,
        cast("Mapping[str, Any]", error.schema),
        error.instance,
        path,
        "propertyNames" in error.absolute_schema_path,
    )
    yield from _EXPLANATIONS[broken.rule](broken)


def _unknown_fields(broken: _Broken) -> Iterator[Diagnostic]:
    known = broken.schema["properties"]
    all_of_them = f"known here: {', '.join(known)}"
    for name in broken.value:
        if name not in known:
            place = broken.document.locate_key([*broken.path, name])
            if broken.secret:
                yield Diagnostic(place, "unknown field", all_of_them)
            else:
                hint = near_miss(name, known) or all_of_them
                yield Diagnostic(place, f"unknown field {shown(name)}", hint)


def _missing_fields(broken: _Broken) -> Iterator[Diagnostic]:
    for name in broken.argument:
        if name not in broken.value:
            rule = broken.schema.get("properties", {}).get(name, {})
            example = f"`{name}: {rule['const']}`" if "const" in rule else f"`{name}`"
            yield broken.error(f"`{name}` is missing", f"add {example}")


def _wrong_type(broken: _Broken) -> Iterator[Diagnostic]:
    types = [broken.argument] if isinstance(broken.argument, str) else broken.argument
    wanted = " or ".join(_KINDS[kind] for kind in types)
    scalar = broken.document.misread_scalar(broken.path)
    if broken.value is None:
        yield broken.error(f"{broken.name} has no value", f"write {wanted}, or leave it out")
    elif scalar is not None and "string" in types:
        what = "this" if broken.secret else shown(scalar.text)
        yield broken.error(
            f"{broken.name} must be text, and YAML reads {what} as {scalar.meaning}",
            "quote it" if broken.secret else f'quote it: "{scalar.text[:60]}"',
        )
    else:
        # A file that is no mapping may be no manifest, and then is nobody's to quote.
        unquoted = broken.secret or not broken.path
        value = _kind(broken.value) if unquoted else _described(broken.value)
        hint = broken.meaning if "object" in types else None
        if "array" in types and isinstance(broken.value, str) and not broken.secret:
            hint = f"write {shown(f'[{broken.value}]')}"
        yield broken.error(f"{broken.name} must be {wanted}, not {value}", hint)


def _not_among(broken: _Broken) -> Iterator[Diagnostic]:
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


def _twice(broken: _Broken) -> Iterator[Diagnostic]:
    for index, item in enumerate(broken.value):
        if item in broken.value[:index]:
            yield Diagnostic(
                broken.document.locate([*broken.path, index]),
                f"{_described(item)} stands twice in {broken.name}",
                "remove one of them",
            )


def _empty(broken: _Broken) -> Iterator[Diagnostic]:
    scalar = broken.rule == "minLength"
    hint = "write something, or leave it out" if scalar else "it needs at least one entry"
    yield broken.error(f"{broken.name} is empty", hint)


def _out_of_range(broken: _Broken) -> Iterator[Diagnostic]:
    bound = f"{_BOUNDS[broken.rule]} {broken.argument}"
    yield broken.error(f"{broken.name} cannot be {_described(broken.value)}", f"write {bound}")


def _malformed(broken: _Broken) -> Iterator[Diagnostic]:
    empty = broken.value == "" and "minLength" in broken.schema
    wrong_type = broken.rule == "oneOf" and not isinstance(broken.value, dict)
    if empty or wrong_type:  # both have errors of their own
        return
    is_shown = isinstance(broken.value, str) and not broken.secret
    what = f" {shown(broken.value)}" if is_shown else ""
    yield broken.error(f"{broken.name}{what} {broken.meaning}")


def _alternatives(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _described(value: object) -> str:
    if isinstance(value, list | dict):
        return _kind(value)
    return shown(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _kind(value: object) -> str:
    kinds: dict[type, str] = {list: "a list", dict: "a mapping", str: "text"}
    return kinds.get(type(value), "a plain value")


_EXPLANATIONS: dict[str, Callable[[_Broken], Iterator[Diagnostic]]] = {
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
