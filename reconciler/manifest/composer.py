"""YAML text → nodes, by PyYAML's C parser, without what hostile text can do to it.

The parser asks Python for the tag of every node and tells it when it goes down a level. Both hooks
are used here: the first answers nothing (scalars are resolved later, where their place is known,
which halves the time), the second bounds the depth, because the parser's recursion on the C stack
otherwise ends the interpreter, and hands finished entries over, so that their nodes can go and
a fleet of 100 000 users needs no memory for a tree.

Nodes → plain values, with an error for everything in which YAML surprises people.

Duplicate keys, keys that are no text, merge keys, tags, and aliases that grow beyond bounds are
told here, each with its place; what is left is JSON, which the schemas then judge.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias, cast

from msgspec import Struct
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.manifest.scalars import SUSPECT, NotJson, plain_kind, plain_meaning, plain_value
from reconciler.manifest.source import shown, visible

MAX_DEPTH = 50


class NotComposed(Exception):
    """YAML that is well formed and not taken: too deep, or growing beyond bounds."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.mark = node.start_mark
        self.hint = hint


class Composer(CParser):
    """One stream of documents.

    ``settle``, where given, replaces each item of a sequence directly under the top mapping of
    a document as soon as it is complete, except the last one.
    """

    # Builtin and bound, so that the parser calls them without a Python frame.
    resolve = staticmethod("".format)
    ascend_resolver = staticmethod("".format)

    def __init__(self, data: bytes, settle: Callable[[Node], object] | None = None) -> None:
        super().__init__(data)
        self._settle = settle
        self._open: list[Node] = []
        self._parent: Node | None = None

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """Called by the parser before it composes a child of ``parent``."""
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
        elif len(stack) == 2 and self._settle is not None and parent.__class__ is SequenceNode:
            parent.value[-1] = self._settle(parent.value[-1])


def compose(data: bytes, settle: Callable[[Node], object] | None = None) -> Generator[Node]:
    """The top nodes of the documents in ``data``, one after the other.

    Raises ``yaml.YAMLError`` and :class:`NotComposed`.
    """
    composer = Composer(data, settle)
    try:
        while composer.check_node():
            yield cast("Node", composer.get_node())
    finally:
        composer.dispose()


Value: TypeAlias = "None | bool | int | float | str | list[Value] | dict[str, Value]"

_STANDARD_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_GROWTH = 10_000


class MappingEntry(Struct, frozen=True, gc=False):
    """An item of a list under a document's top mapping: its value and where it stands.

    ``size`` is the number of nodes it took, to be paid again for each alias that reaches it.
    """

    value: Value
    location: SourceLocation
    size: int


class Constructor:
    """Builds the values of one file.

    ``show_values`` is off for files that may hold secrets. Errors are added to ``diagnostics``;
    the value goes on without what was wrong. Raises :class:`NotComposed` when aliases make more of
    the file than ``_GROWTH`` nodes beyond two a byte.
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
        """The value of ``node``, which stands ``depth`` levels deep."""
        if node.__class__ is ScalarNode:
            return self._scalar(node)
        if depth > MAX_DEPTH:
            raise NotComposed(
                node,
                f"aliases nest deeper than {MAX_DEPTH} levels",
                "an alias may not stand inside what it refers to",
            )
        self._allowance -= len(node.value)
        if self._allowance < 0:
            raise NotComposed(
                node,
                "aliases make this document grow beyond bounds",
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
                self._scalar(value_node)
                if value_node.__class__ is ScalarNode
                else self.value(value_node, depth)
            )
        return result

    def _scalar(self, node: ScalarNode) -> Value:
        text: str = node.value
        if node.tag:
            if node.tag not in _STANDARD_TAGS:
                self._tag_error(node)
            return text
        # No number, date or truth value holds an @, and a good third of all addresses is suspect.
        if text[:1] not in SUSPECT or node.style or "@" in text:
            return text
        try:
            return plain_value(text)
        except NotJson:
            meaning = plain_meaning(text)
            what = shown(text) if self._show_values else "this"
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
                "merge keys (`<<`) are not taken",
                "use defaults or groups for what many users share",
            )
            return False
        meaning = plain_meaning(text)
        if meaning is None:
            return True
        what = f"the key {shown(text)}" if self._show_values else "this key"
        self._error(node, f"YAML reads {what} as {meaning}", "quote it if it is meant as text")
        return False

    def _duplicate_key(self, mapping: MappingNode, key_node: Node) -> None:
        first = next(
            key for key, _ in mapping.value if getattr(key, "value", None) == key_node.value
        )
        what = f"the key {shown(key_node.value)}" if self._show_values else "this key"
        self._error(
            key_node,
            f"{what} stands twice in one mapping, first at {self.location(first)}",
            "remove one of them",
        )

    def _tag_error(self, node: Node) -> None:
        tag = visible(node.tag.replace("tag:yaml.org,2002:", "!!"))
        what = f"the tag {shown(tag)}" if self._show_values else "this tag"
        self._error(node, f"{what} is not taken", "write the plain value, no tag")

    def _error(self, node: Node, message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(self.location(node), message, hint))
