"""A document against a published schema: fast when it is valid, thorough when it is not.

jsonschema-rs clears 100 000 users in hundredths of a second; jsonschema, which takes seconds for
them, is asked to explain those that were not cleared. Used for manifests and for the configuration.
"""

import itertools
from functools import cache
from typing import cast

import jsonschema_rs
from msgspec import Struct

from reconciler.domain import Diagnostic
from reconciler.manifest.constructing import Value
from reconciler.manifest.document import Document
from reconciler.manifest.explaining import explain
from reconciler.manifest.schemas import schema

MAX_EXPLAINED = 500


@cache
def _fast(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name))


class Violation(Struct, frozen=True):
    """What breaks a schema: the ``path`` to the value that does, and the error."""

    path: tuple[str | int, ...]
    diagnostic: Diagnostic


class Verdict(Struct, frozen=True):
    """What breaks a schema; not everything of it unless ``complete``."""

    violations: tuple[Violation, ...] = ()
    complete: bool = True


def judge(name: str, document: Document) -> Verdict:
    """Everything in ``document`` that breaks the schema ``name``, nothing when it is valid.

    Beyond ``MAX_EXPLAINED`` broken rules there is one more violation, which says so.
    """
    fast = _fast(name)
    if fast.is_valid(document.value):
        return Verdict()
    # Imported here because it costs a tenth of a second and most runs never need it.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    suspects = list(itertools.islice(fast.iter_errors(document.value), MAX_EXPLAINED + 1))
    part, indices = _part(document.value, [tuple(error.instance_path) for error in suspects])
    found: list[Violation] = []
    errors = Draft202012Validator(schema(name)).iter_errors(part)
    for error in itertools.islice(errors, MAX_EXPLAINED):
        path = tuple(error.absolute_path)
        if path and path[0] in indices and len(path) > 1:
            path = (path[0], indices[str(path[0])][int(path[1])], *path[2:])
        found.extend(Violation(path, diagnostic) for diagnostic in explain(error, path, document))
    complete = len(suspects) <= MAX_EXPLAINED and next(errors, None) is None
    if not complete:
        more = f"the document breaks more than {MAX_EXPLAINED} rules"
        hint = "the others are shown once these are mended"
        found.append(Violation((), Diagnostic(document.location, more, hint)))
    return Verdict(tuple(found), complete)


def _part(value: Value, paths: list[tuple[str | int, ...]]) -> tuple[Value, dict[str, list[int]]]:
    """``value`` without the items of its top lists that no path leads to.

    With it, for each list that was cut, the index in ``value`` of each item that is left.
    """
    if not isinstance(value, dict):
        return value, {}
    indices: dict[str, list[int]] = {}
    for key, items in value.items():
        if isinstance(items, list):
            indices[key] = sorted(
                {int(path[1]) for path in paths if path[:1] == (key,) and path[1:]}
            )
    kept: dict[str, Value] = {
        key: [cast("list[Value]", value[key])[index] for index in left]
        for key, left in indices.items()
    }
    return value | kept, indices
