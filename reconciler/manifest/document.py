"""One YAML document as a value, and the way back from any part of it to its place in the file.

Places are not kept while everything is well: the file is composed a second time when an error
needs one. Used for manifests and for the configuration.
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
    "tab character": "indent by spaces",
    "did not find expected '-'": "indent every entry of the list alike",
    "cannot start any token": "quote text that begins with a special character; indent by spaces",
    "mapping values are not allowed": "quote text that holds `: `",
    "did not find expected key": "check the indentation and the quotes",
    "flow": "close every `[` and `{`",
    "quoted scalar": "close the quotes",
}


class MisreadScalar(Struct, frozen=True):
    """A scalar as it was written, and in words what YAML took it for."""

    text: str
    meaning: str


class YamlDocument:
    """A document: its ``value``, and where the items of its top lists stand (``entries``)."""

    __slots__ = ("_index", "_node", "entries", "location", "source", "value")

    def __init__(
        self,
        source: Source,
        index: int,
        value: Value,
        entries: dict[str, list[SourceLocation]],
        location: SourceLocation,
    ) -> None:
        self.source = source
        self.value = value
        self.entries = entries
        self.location = location
        self._index = index
        self._node: Node | None = None

    def locate(self, path: Path) -> SourceLocation:
        """Where the value at ``path`` begins."""
        return self._location(self._find(path)[1])

    def locate_key(self, path: Path) -> SourceLocation:
        """Where the key of the field at ``path`` begins."""
        return self._location(self._find(path)[0])

    def misread_scalar(self, path: Path) -> MisreadScalar | None:
        """The scalar at ``path`` if it has no quotes and YAML takes it for anything but text."""
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
                key, node = next(pair for pair in node.value if pair[0].value == step)
            else:
                key = node = node.value[step]
        return key, node

    def _location(self, node: Node) -> SourceLocation:
        mark = node.start_mark
        return SourceLocation(self.source.name, mark.line + 1, mark.column + 1)


def read_documents(
    source: Source,
    diagnostics: list[Diagnostic],
    *,
    show_values: bool = True,
    on_entry: Callable[[], None] | None = None,
) -> Iterator[YamlDocument]:
    """The documents of a file, one after the other.

    Raises :class:`InvalidInput` at the first place that is not YAML; what comes after it is lost.
    Other errors are added to ``diagnostics``. ``show_values`` off keeps scalars out of them;
    ``on_entry`` is called for each item of a top list when it was read.
    """
    constructor = Constructor(source.name, len(source.data), diagnostics, show_values=show_values)

    def settle(node: Node) -> MappingEntry:
        if on_entry is not None:
            on_entry()
        return constructor.entry(node)

    index = -1
    try:
        for index, node in enumerate(compose(source.data, settle)):
            entries = _entries(node, settle)
            value, location = constructor.value(node), constructor.location(node)
            if value is None:
                diagnostics.append(Diagnostic(location, "the document is empty", _EMPTY_HINT))
            else:
                yield YamlDocument(source, index, value, entries, location)
    except NotComposed as refused:
        place = _place(source.name, refused.mark)
        raise InvalidInput(Diagnostic(place, str(refused), refused.hint)) from refused
    except (yaml.MarkedYAMLError, ReaderError) as error:
        raise InvalidInput(_syntax_error(source, error)) from error
    if index < 0:
        diagnostics.append(
            Diagnostic(SourceLocation(source.name), "the file is empty", "write a document into it")
        )


def _entries(node: Node, settle: Callable[[Node], MappingEntry]) -> dict[str, list[SourceLocation]]:
    """Settle the items of the top lists that the composer left, and say where all of them are."""
    entries: dict[str, list[SourceLocation]] = {}
    if isinstance(node, MappingNode):
        for key, sequence in node.value:
            if isinstance(sequence, SequenceNode) and isinstance(key, ScalarNode):
                items = sequence.value
                for index, item in enumerate(items):
                    if item.__class__ is not MappingEntry:
                        items[index] = settle(item)
                # Of a key that stands twice the first counts, as it does for the value.
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
    """PyYAML's words for what is not YAML, with the place."""
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
