"""One YAML document as a value, and the place in the file of any part of it.

We do not keep the places of a manifest: when an error needs one, we compose the file a second time.
A configuration is small, and many of its places are asked for. Both are read through here.
"""

import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import cast

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.manifest.composer import Constructor, MappingEntry, NotComposed, Value, compose
from reconciler.manifest.scalars import plain_meaning
from reconciler.manifest.source import Source, place_of_byte

Path = Sequence[str | int]

_EMPTY_HINT = "write something below the `---`, or remove it"
_SYNTAX_HINTS = {
    "undefined alias": "define it with `&name` further up, or quote text that begins with `*`",
    "tab character": "indent with spaces",
    "did not find expected '-'": "indent every entry of the list alike",
    "cannot start any token": "quote text that begins with a special character; indent with spaces",
    "mapping values are not allowed": "quote text that holds `: `",
    "did not find expected key": "check the indentation and the quotes",
    "flow": "close every `[` and `{`",
    "quoted scalar": "close the quotes",
}


class MisreadScalar(Struct, frozen=True):
    """The text of a scalar, and in words what YAML reads it as."""

    text: str
    meaning: str


class YamlDocument:
    """A document: its ``value``, and the places of the items in its top lists (``entries``)."""

    __slots__ = ("_fields", "_index", "_node", "entries", "location", "source", "value")

    def __init__(
        self,
        source: Source,
        index: int,
        value: Value,
        entries: dict[str, list[SourceLocation]],
        location: SourceLocation,
        node: Node | None = None,
    ) -> None:
        self.source = source
        self.value = value
        self.entries = entries
        self.location = location
        self._index = index
        self._node = node
        self._fields: dict[int, dict[str, tuple[Node, Node]]] = {}

    def locate(self, path: Path) -> SourceLocation:
        """Where the value at ``path`` begins."""
        return self._location(self._find(path)[1])

    def locate_key(self, path: Path) -> SourceLocation:
        """Where the key of the field at ``path`` begins."""
        return self._location(self._find(path)[0])

    def misread_scalar(self, path: Path) -> MisreadScalar | None:
        """The scalar at ``path`` if it has no quotes and YAML does not read it as text."""
        node = self._find(path)[1]
        if not isinstance(node, ScalarNode) or node.style or node.tag:
            return None
        meaning = plain_meaning(node.value)
        return None if meaning is None else MisreadScalar(node.value, meaning)

    def _find(self, path: Path) -> tuple[Node, Node]:
        if self._node is None:
            self._node = _nth(compose(self.source.data), self._index)
        key = node = self._node
        for step in path:
            if isinstance(node, MappingNode):
                key, node = self._fields_of(node)[cast("str", step)]
            else:
                key = node = node.value[step]
        return key, node

    def _fields_of(self, mapping: MappingNode) -> dict[str, tuple[Node, Node]]:
        """The nodes of each key and its value; the first of two equal keys counts."""
        fields = self._fields.get(id(mapping))
        if fields is None:
            pairs = reversed(mapping.value)
            fields = {pair[0].value: pair for pair in pairs if isinstance(pair[0], ScalarNode)}
            self._fields[id(mapping)] = fields
        return fields

    def _location(self, node: Node) -> SourceLocation:
        mark = node.start_mark
        return SourceLocation(self.source.name, mark.line + 1, mark.column + 1)


def read_documents(
    source: Source,
    diagnostics: list[Diagnostic],
    *,
    show_values: bool = True,
    on_entry: Callable[[], None] | None = None,
    keep_nodes: bool = False,
) -> Iterator[YamlDocument]:
    """The documents of a file.

    Raises :class:`InvalidInput` at the first place that is not YAML; nothing after it is read.
    Other errors are added to ``diagnostics``; without ``show_values`` they quote no scalars.
    ``on_entry`` is called after each item of a top list. With ``keep_nodes`` places are found fast,
    and the document has no ``entries``.
    """
    constructor = Constructor(source.name, len(source.data), diagnostics, show_values=show_values)

    def replace_item(node: Node) -> MappingEntry:
        if on_entry is not None:
            on_entry()
        return constructor.entry(node)

    index = -1
    try:
        for index, node in enumerate(compose(source.data, None if keep_nodes else replace_item)):
            entries = {} if keep_nodes else _entries(node, replace_item)
            value, location = constructor.value(node), constructor.location(node)
            if value is None:
                diagnostics.append(Diagnostic(location, "the document is empty", _EMPTY_HINT))
            else:
                kept = node if keep_nodes else None
                yield YamlDocument(source, index, value, entries, location, kept)
    except NotComposed as refused:
        place = _place(source.name, refused.mark)
        raise InvalidInput(Diagnostic(place, str(refused), refused.hint)) from refused
    except (yaml.MarkedYAMLError, ReaderError) as error:
        raise InvalidInput(_syntax_error(source, error)) from error
    if index < 0:
        diagnostics.append(
            Diagnostic(SourceLocation(source.name), "the file is empty", "write a document into it")
        )


def _entries(
    node: Node, replace_item: Callable[[Node], MappingEntry]
) -> dict[str, list[SourceLocation]]:
    """Replace the items of the top lists that the composer left; the places of all items."""
    entries: dict[str, list[SourceLocation]] = {}
    if isinstance(node, MappingNode):
        for key, sequence in node.value:
            if isinstance(sequence, SequenceNode) and isinstance(key, ScalarNode):
                items = sequence.value
                for index, item in enumerate(items):
                    if item.__class__ is not MappingEntry:
                        items[index] = replace_item(item)
                # The first of two equal keys counts, as it does for the value.
                entries.setdefault(key.value, [item.location for item in items])
    return entries


def _nth(nodes: Generator[Node], index: int) -> Node:
    try:
        return next(itertools.islice(nodes, index, None))
    finally:
        nodes.close()


def _place(file: str, mark: yaml.Mark) -> SourceLocation:
    return SourceLocation(file, mark.line + 1, mark.column + 1)


def _syntax_error(source: Source, error: yaml.MarkedYAMLError | ReaderError) -> Diagnostic:
    """PyYAML's description of what is not YAML, with the place."""
    if isinstance(error, ReaderError):
        return Diagnostic(
            place_of_byte(source.name, source.data, error.position),
            f"not YAML: the character U+{error.character:04X} is not allowed",
            "write it as an escape between double quotes, or remove it",
        )
    words = error.problem or ""
    if error.context and error.context_mark:
        words = f"{error.context} at {_place(source.name, error.context_mark)}, {words}"
    hint = next((hint for part, hint in _SYNTAX_HINTS.items() if part in words), None)
    return Diagnostic(
        _place(source.name, cast("yaml.Mark", error.problem_mark)), f"not YAML: {words}", hint
    )
