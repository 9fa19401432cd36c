"""Reads LDIF, as ``ldapsearch -LLL`` writes it: one record for each entry of a directory.

The attributes are the columns. An attribute that one entry does not have is empty text. Base64
(``mail:: …``) is decoded, and continued lines are joined.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.manifest.columns import SoughtColumns, refused
from reconciler.manifest.source import quoted

_PLAIN: Final = "run `ldapsearch` with `-LLL`"

Block = list[tuple[int, str]]


def ldif_rows(
    name: str, text: bytes, columns: Sequence[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line on which each entry begins, and its texts of ``columns``; ``text`` is UTF-8.

    Raises :class:`InvalidInput`, and ``UnicodeDecodeError``.
    """
    if not text.endswith(b"\n"):
        line = text.count(b"\n") + 1
        message = "the last line has no end: the export is cut off"
        raise refused(name, line, message, "export it again")
    sought = SoughtColumns(columns)
    wanted = frozenset(columns)
    for block in _blocks(name, text):
        values: dict[str, str] = {}
        names: list[str] = []
        for line, attribute, value in _attributes(name, block):
            names.append(attribute)
            if attribute not in wanted:
                continue
            if attribute in values:
                message = f"the entry has several values of {quoted(attribute)}"
                raise refused(name, line, message, "name an attribute with one value")
            values[attribute] = _text(name, line, attribute, value)
        if _is_entry(name, block, names):
            if sought.missing:
                sought.see(values, names)
            yield block[0][0], tuple([values.get(column, "") for column in columns])
    sought.check(name)


def _blocks(name: str, text: bytes) -> Iterator[Block]:
    """The lines between blank ones, with their numbers; continued lines are joined."""
    block: list[tuple[int, list[str]]] = []
    in_comment = False
    for number, ended in enumerate(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=None), 1):
        line = ended.removesuffix("\n")
        if line.startswith(" "):
            if in_comment:
                continue
            if not block:
                raise refused(name, number, "the line continues no other", "export it again")
            block[-1][1].append(line[1:])
            continue
        in_comment = line.startswith("#")
        if line and not in_comment:
            block.append((number, [line]))
        elif block and not line:
            yield [(first, "".join(parts)) for first, parts in block]
            block = []
    if block:
        yield [(first, "".join(parts)) for first, parts in block]


def _attributes(name: str, block: Block) -> Iterator[tuple[int, str, str]]:
    """The line of each attribute, its name, and what follows the first colon."""
    for number, line in block:
        attribute, colon, value = line.partition(":")
        if not colon:
            raise refused(name, number, "not LDIF: the line has no `:`", _PLAIN)
        yield number, attribute, value


def _text(name: str, line: int, attribute: str, value: str) -> str:
    """The text of a value: plain, or in base64 after a second colon."""
    if value.startswith("<"):
        message = f"the value of {quoted(attribute)} is in another file"
        raise refused(name, line, message, "export the value itself")
    if not value.startswith(":"):
        return value.lstrip(" ")
    try:
        text = base64.b64decode(value[1:].strip(" "), validate=True).decode("utf-8")
    except ValueError:  # of both decoders
        message = f"the value of {quoted(attribute)} is not UTF-8 text in base64"
        raise refused(name, line, message, "name an attribute that is text") from None
    if "\0" in text:
        message = f"the value of {quoted(attribute)} holds a null character"
        raise refused(name, line, message, "remove it")
    return text


def _is_entry(name: str, block: Block, names: Sequence[str]) -> bool:
    """Whether ``block`` is an entry; the version and a successful result are not."""
    line = block[0][0]
    if "changetype" in names:
        raise refused(name, line, "this is a change, not an entry", "export the entries")
    if names[0] == "dn":
        return True
    if "result" in names:
        result = block[names.index("result")][1]
        if not result.startswith("result: 0 "):
            raise refused(
                name, line, f"the search is not complete: {quoted(result)}", "run it by hand"
            )
    elif names != ["version"]:
        raise refused(name, line, "this is no entry: it does not begin with `dn`", _PLAIN)
    return False
