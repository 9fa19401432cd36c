"""Sources: the rows of a file or an input, each of which declares a user.

The values of a row are text. Nothing is guessed from them: not a type, not a date, not an id.
"""

import hashlib
import re
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.domain.text import visible
from reconciler.manifest.columns import refused
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.levels import SourceFields
from reconciler.manifest.rows import InputData, RowFormat, read_rows
from reconciler.manifest.source import display_name, quoted
from reconciler.manifest.source_file import read_source_file, source_file

# As `unprintable` in the schema of manifests.
_UNPRINTABLE: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

# Such as an error that ends an export: `where` would only pass it over.
_NO_RECORD: Final = (
    "the record has nothing in any needed column",
    "see what it is: the export may have ended early",
)

MOST_ERRORS: Final = 100
"""Errors of one source that are shown."""


InputReader: TypeAlias = Callable[[str], InputData]
"""Runs an input by its name, once. Raises :class:`InvalidInput`, and ``KeyError`` for no input."""


def skip_input(name: str) -> NoReturn:
    """Stands for an input where nothing may be run: its source then declares nobody."""
    raise InputSkipped(name)


class InputSkipped(Exception):
    """The rows of an input were left out on purpose."""


class Surroundings(Struct, frozen=True):
    """What manifests are read with: the ``zone`` in which their days begin, and the inputs.

    ``base`` is the folder from which errors name files. The layers of the user ``traced`` are
    recorded.
    """

    base: Path
    zone: tzinfo = UTC
    inputs: InputReader | None = None
    traced: str | None = None


def source_data(
    document: YamlDocument,
    folder: Path,
    path: Sequence[str | int],
    fields: SourceFields,
    around: Surroundings,
) -> tuple[str, InputData]:
    """What the source at ``path`` is called in places, and its bytes; ``folder`` is the manifest's.

    Raises :class:`InvalidInput`, and :class:`InputSkipped`.
    """
    if "input" in fields:
        name = fields["input"]
        where = document.locate([*path, "input"])
        if around.inputs is None:
            what = f"the input {quoted(name)} is not read here"
            raise InvalidInput(Diagnostic(where, what, "name a configuration that defines it"))
        try:
            return f"input {name}", around.inputs(name)
        except KeyError:
            what = f"the configuration defines no input {quoted(name)}"
            raise InvalidInput(Diagnostic(where, what, "define it under `inputs`")) from None
    place = document.locate([*path, "file"])
    file = source_file(folder, fields["file"], place)
    form = fields.get("format") or file.suffix.removeprefix(".").lower()
    if form not in list(RowFormat):
        what = f"the end of {quoted(fields['file'])} does not say how the file is written"
        hint = f"add `format`: {', '.join(RowFormat)}"
        raise InvalidInput(Diagnostic(place, what, hint))
    data = read_source_file(file, fields["file"], place)
    called = display_name(folder / fields["file"], around.base)
    return called, InputData(data, RowFormat(form), fields.get("records"))


class Selection(Struct, frozen=True):
    """Which rows of a source count, and what of them: the column of the id, the values that other
    columns may have, the template of the reason, and whether each row must have a reason."""

    id: str
    where: Mapping[str, frozenset[str]]
    template: "Template"
    needs_reason: bool


class Template:
    """A reason with ``{column}`` in it."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` with what is wrong."""
        self.columns: list[str] = []
        self._text = ""
        for literal, column, form, conversion in string.Formatter().parse(text):
            self._text += literal.replace("{", "{{").replace("}", "}}")
            if column is None:
                continue
            if not column or form or conversion:
                raise ValueError("between `{` and `}` stands the name of a column, and only that")
            if column not in self.columns:
                self.columns.append(column)
            self._text += f"{{{self.columns.index(column)}}}"

    def filled(self, values: Sequence[str]) -> str:
        """The reason with the ``values`` of :attr:`columns`, on one line, in visible text."""
        text = self._text.format(*values)
        if "  " not in text and text.isprintable():  # nearly always
            return text.strip()
        return visible(" ".join(text.split()))


class Row(Struct, frozen=True, gc=False):
    """A row that counts: the id that it declares, its reason, and its place."""

    id: str
    reason: str | None
    place: SourceLocation


class ReadRows(Struct, frozen=True):
    """The rows of a source that count, and the digest of all its bytes."""

    rows: list[Row]
    digest: str


def read_selected(
    name: str, found: InputData, selection: Selection, diagnostics: list[Diagnostic]
) -> ReadRows:
    """The rows that ``selection`` takes of what is called ``name``.

    Errors of single rows are added to ``diagnostics``. Raises :class:`InvalidInput` for what is no
    table, has no rows, or lacks a column.
    """
    template = selection.template
    columns = [selection.id, *selection.where, *template.columns]
    conditions = tuple(enumerate(selection.where.values(), 1))
    first = 1 + len(conditions)
    same_reason = None if template.columns else template.filled(()) or None
    # A record of spreadsheets may be blank, and an entry of LDAP may be of another class.
    keyed = found.form in (RowFormat.JSON, RowFormat.JSONL)
    rows: list[Row] = []
    errors: list[Diagnostic] = []
    read = read_rows(
        name, found.data, found.form, columns, records=found.records, max_rows=found.max_rows
    )
    for line, values in read:
        # Plain loops: this is done a million times for a million rows.
        for index, allowed in conditions:
            if values[index] not in allowed:
                if not any(values) and keyed:
                    raise refused(name, line, *_NO_RECORD)
                break
        else:
            user, place = values[0], SourceLocation(name, line)
            if not user.strip() or (not user.isprintable() and _UNPRINTABLE.search(user)):
                errors.append(_unusable_id(selection.id, user, place))
                if len(errors) > MOST_ERRORS:
                    break
                continue
            reason = template.filled(values[first:]) or None if template.columns else same_reason
            if reason is None and selection.needs_reason:
                errors.append(_no_reason(template.columns, place))
                if len(errors) > MOST_ERRORS:
                    break
                continue
            rows.append(Row(user, reason, place))
    diagnostics += errors
    return ReadRows(rows, f"sha256:{hashlib.sha256(found.data).hexdigest()}")


def _unusable_id(column: str, user: str, place: SourceLocation) -> Diagnostic:
    what = f"holds a control character: {quoted(user)}" if user.strip() else "is empty"
    hint = "correct the row, or leave it out with `where`"
    return Diagnostic(place, f"the id in column {quoted(column)} {what}", hint)


def _no_reason(columns: Sequence[str], place: SourceLocation) -> Diagnostic:
    named = " and ".join(map(quoted, columns))
    what = f"the source has `platforms: []`, and the row gives no reason: {named} is empty"
    return Diagnostic(place, what, "correct the row, or put words into the source's `reason`")
