"""YAML text → nodes, by PyYAML's C parser, without what hostile text can do to it.

The parser asks Python for the tag of every node and tells it when it goes down a level. Both hooks
are used here: the first answers nothing (scalars are resolved later, where their place is known,
which halves the time), the second bounds the depth, because the parser's recursion on the C stack
otherwise ends the interpreter, and hands finished entries over, so that their nodes can go and
a fleet of 100 000 users needs no memory for a tree.
"""

from collections.abc import Callable, Generator
from typing import cast

from yaml._yaml import CParser
from yaml.nodes import Node, SequenceNode

MAX_DEPTH = 50


class Refused(Exception):
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
                raise Refused(
                    parent,
                    f"nested deeper than {MAX_DEPTH} levels",
                    "manifests and configuration need no more than six",
                )
        elif len(stack) == 2 and self._settle is not None and parent.__class__ is SequenceNode:
            parent.value[-1] = self._settle(parent.value[-1])


def compose(data: bytes, settle: Callable[[Node], object] | None = None) -> Generator[Node]:
    """The top nodes of the documents in ``data``, one after the other.

    Raises ``yaml.YAMLError`` and :class:`Refused`.
    """
    composer = Composer(data, settle)
    try:
        while composer.check_node():
            yield cast("Node", composer.get_node())
    finally:
        composer.dispose()
