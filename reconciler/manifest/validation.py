"""A document against a published schema: fast when it is valid, thorough when it is not.

jsonschema-rs clears 100 000 users in hundredths of a second and says only yes or no; jsonschema,
which takes seconds for them, is asked to explain what was not cleared. Used for manifests and for
the configuration.
"""

import itertools
from functools import cache

import jsonschema_rs
from msgspec import Struct

from reconciler.domain import Diagnostic
from reconciler.manifest.document import Document
from reconciler.manifest.explaining import explain
from reconciler.manifest.schema import schema

MAX_EXPLAINED = 500


@cache
def _fast(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name))


class Violation(Struct, frozen=True):
    """What breaks a schema: the ``path`` to the value that does, and the error."""

    path: tuple[str | int, ...]
    diagnostic: Diagnostic


def violations(name: str, document: Document) -> list[Violation]:
    """Everything in ``document`` that breaks the schema ``name``, none when it is valid.

    Beyond ``MAX_EXPLAINED`` broken rules there is one more violation, which says so.
    """
    if _fast(name).is_valid(document.value):
        return []
    # Imported here because it costs a tenth of a second and most runs never need it.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    found: list[Violation] = []
    errors = Draft202012Validator(schema(name)).iter_errors(document.value)
    for error in itertools.islice(errors, MAX_EXPLAINED):
        path = tuple(error.absolute_path)
        found.extend(Violation(path, diagnostic) for diagnostic in explain(error, document))
    if next(errors, None) is not None:
        more = f"the document breaks more than {MAX_EXPLAINED} rules"
        hint = "the others are shown once these are mended"
        found.append(Violation((), Diagnostic(document.location, more, hint)))
    return found
