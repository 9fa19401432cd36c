"""Reads YAML with PyYAML's C parser, safely, and makes plain values that JSON has too.

The parser calls two hooks in Python. It asks for the tag of every node: we answer nothing, and
resolve scalars later, where we know their place, which halves the time. It also reports each step
down a level: we limit the depth, because its recursion on the C stack would end the interpreter,
and we replace finished entries by values, so that 100 000 users need no memory for a tree.

Whatever surprises people in YAML is an error with its place: duplicate keys, keys that are no text,
merge keys, tags, and aliases that grow without limit.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias, cast

from msgspec import Struct
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.domain.text import visible
from reconciler.manifest.scalars import SUSPECT, NotJson, plain_kind, plain_meaning, plain_value
from reconciler.manifest.source import quoted

MAX_DEPTH = 50


class NotComposed(Exception):
    """Well-formed YAML that we refuse: too deep, or growing without limit."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.mark = node.start_mark
        self.hint = hint


class Composer(CParser):
    """One stream of documents.

    ``replace_item``, if given, replaces each item of a sequence directly under the top mapping of a
    document as soon as the item is complete, except the last item.
    """

    # Bound methods of a builtin: the parser calls them without a Python frame.
    resolve = staticmethod("".format)
    ascend_resolver = staticmethod("".format)

    def __init__(self, data: bytes, replace_item: Callable[[Node], object] | None = None) -> None:
        super().__init__(data)
        self._replace_item = replace_item
        self._open: list[Node] = []
        self._parent: Node | None = None

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """The parser calls this before it composes a child of ``parent``."""
        if parent is self._parent or parent is None:
            return
        self._parent = parent
        stack = self._open
        while stack and stack[-1].end_mark is not None:
            stack.pop()
        if not stack or stack[-1] is not parent:
            stack.append(parent)
            if len(stack) > MAX_DEPTH:
                raise NotComposed(
                    parent,
                    f"nested deeper than {MAX_DEPTH} levels",
                    "manifests and configuration need no more than six",
                )
        elif (
            len(stack) == 2 and self._replace_item is not None and parent.__class__ is SequenceNode
        ):
            parent.value[-1] = self._replace_item(parent.value[-1])


def compose(data: bytes, replace_item: Callable[[Node], object] | None = None) -> Generator[Node]:
    """The top node of each document in ``data``.

    Raises ``yaml.YAMLError`` and :class:`NotComposed`.
    """
    composer = Composer(data, replace_item)
    try:
        while composer.check_node():
            yield cast("Node", composer.get_node())
    finally:
        composer.dispose()


Value: TypeAlias = "None | bool | int | float | str | list[Value] | dict[str, Value]"

_STANDARD_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_GROWTH = 10_000
# The fields that hold a date, which YAML must not read as anything but text.
_MOMENTS = frozenset({"from", "until"})


class MappingEntry(Struct, frozen=True, gc=False):
    """An item of a list under a document's top mapping: its value and its place.

    ``size`` is its number of nodes, which counts again for each alias to it.
    """

    value: Value
    location: SourceLocation
    size: int


class Constructor:
    """Builds the values of one file.

    Without ``show_values`` errors quote nothing, for files that may hold secrets. Errors are added
    to ``diagnostics``, and the value leaves out what is wrong. Raises :class:`NotComposed` when
    aliases make the file larger than two nodes a byte and ``_GROWTH`` more.
    """

    def __init__(
        self, file: str, size: int, diagnostics: list[Diagnostic], *, show_values: bool
    ) -> None:
        self._file = file
        self._allowance = 2 * size + _GROWTH
        self._diagnostics = diagnostics
        self._show_values = show_values

    def entry(self, node: Node) -> MappingEntry:
        """The node's value with its place."""
        before = self._allowance
        value = self.value(node, 2)
        return MappingEntry(value, self.location(node), before - self._allowance)

    def location(self, node: Node) -> SourceLocation:
        """Where ``node`` begins."""
        mark = node.start_mark
        return SourceLocation(self._file, mark.line + 1, mark.column + 1)

    def value(self, node: Node, depth: int = 0) -> Value:
        """The value of ``node``, which is ``depth`` levels deep."""
        if node.__class__ is ScalarNode:
            return self._scalar(node)
        if depth > MAX_DEPTH:
            raise NotComposed(
                node,
                f"aliases nest deeper than {MAX_DEPTH} levels",
                "an alias must not be inside the value that it refers to",
            )
        self._allowance -= len(node.value)
        if self._allowance < 0:
            raise NotComposed(
                node,
                "aliases make this document grow without limit",
                "use defaults or groups for what many users share",
            )
        if node.tag and node.tag not in _STANDARD_TAGS:
            self._tag_error(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, depth + 1)
        return [
            self._scalar(item) if item.__class__ is ScalarNode else self._item(item, depth + 1)
            for item in node.value
        ]

    def _item(self, item: Node | MappingEntry, depth: int) -> Value:
        if isinstance(item, MappingEntry):
            self._allowance -= item.size
            return item.value
        return self.value(item, depth)

    def _mapping(self, node: MappingNode, depth: int) -> Value:
        result: dict[str, Value] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            suspect = key_node.__class__ is not ScalarNode or key[:1] in SUSPECT or key_node.tag
            if suspect and not self._usable_key(key_node):
                continue
            if key in result:
                self._duplicate_key(node, key_node)
                continue
            result[key] = (
                self.value(value_node, depth)
                if value_node.__class__ is not ScalarNode
                else self._moment(value_node)
                if key in _MOMENTS
                else self._scalar(value_node)
            )
        return result

    def _moment(self, node: ScalarNode) -> Value:
        """A scalar where a date is expected: the text of a date, with or without quotes."""
        is_date = not (node.tag or node.style) and plain_kind(node.value) == "timestamp"
        return node.value if is_date else self._scalar(node)

    def _scalar(self, node: ScalarNode) -> Value:
        text: str = node.value
        if node.tag:
            if node.tag not in _STANDARD_TAGS:
                self._tag_error(node)
            return text
        # No number, date or truth value has an @, and a third of all e-mails would be suspect.
        if text[:1] not in SUSPECT or node.style or "@" in text:
            return text
        try:
            return plain_value(text)
        except NotJson:
            meaning = plain_meaning(text)
            what = quoted(text) if self._show_values else "this"
            self._error(node, f"YAML reads {what} as {meaning}", "quote it if it is meant as text")
            return text

    def _usable_key(self, node: Node) -> bool:
        if node.__class__ is not ScalarNode:
            self._error(node, "a list or mapping cannot be a key", "keys are field names")
            return False
        text: str = node.value
        if node.tag:
            if node.tag not in _STANDARD_TAGS:
                self._tag_error(node)
            return True
        if node.style:
            return True
        if plain_kind(text) == "merge":
            self._error(
                node,
                "merge keys (`<<`) are not supported",
                "use defaults or groups for what many users share",
            )
            return False
        meaning = plain_meaning(text)
        if meaning is None:
            return True
        what = f"the key {quoted(text)}" if self._show_values else "this key"
        self._error(node, f"YAML reads {what} as {meaning}", "quote it if it is meant as text")
        return False

    def _duplicate_key(self, mapping: MappingNode, key_node: Node) -> None:
        first = next(
            key for key, _ in mapping.value if getattr(key, "value", None) == key_node.value
        )
        what = f"the key {quoted(key_node.value)}" if self._show_values else "this key"
        self._error(
            key_node,
            f"{what} appears twice in one mapping, first at {self.location(first)}",
            "remove one of them",
        )

    def _tag_error(self, node: Node) -> None:
        tag = visible(node.tag.replace("tag:yaml.org,2002:", "!!"))
        what = f"the tag {quoted(tag)}" if self._show_values else "this tag"
        self._error(node, f"{what} is not supported", "write the plain value without a tag")

    def _error(self, node: Node, message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(self.location(node), message, hint))
