"""The repository's own Markdown, taken apart into what can be checked: blocks, links, anchors."""

import re
import textwrap
from collections import Counter
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[\w-]*)[^\n]*\n"
    r"(?P<body>.*?)"
    r"^(?P=indent)(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
_INLINE_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_LINK_TEXT = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class Block(Struct, frozen=True):
    """A fenced block: its language, its text without the indent, and the line it begins on."""

    language: str
    text: str
    line: int


class Page:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        """The fenced code blocks, in their order."""
        return [
            Block(
                found["language"],
                textwrap.dedent(found["body"]),
                self.text.count("\n", 0, found.start()) + 1,
            )
            for found in _BLOCK.finditer(self.text)
        ]

    @cached_property
    def code(self) -> list[str]:
        """What stands in code spans outside of the blocks."""
        return [found[2].strip() for found in _INLINE_CODE.finditer(_BLOCK.sub("", self.text))]

    @cached_property
    def prose(self) -> str:
        """The text without its blocks and code spans."""
        return _INLINE_CODE.sub("", _BLOCK.sub("", self.text))

    @cached_property
    def links(self) -> list[str]:
        """The targets of all links that are not addresses on the network."""
        targets = [found[1] or found[2] for found in _LINK.finditer(self.prose)]
        return [target for target in targets if not _REMOTE.match(target)]

    @cached_property
    def anchors(self) -> frozenset[str]:
        """The anchors of the headings, made as GitHub makes them."""
        seen: Counter[str] = Counter()
        anchors: set[str] = set()
        for found in _HEADING.finditer(_BLOCK.sub("", self.text)):
            title = _LINK_TEXT.sub(r"\1", found[1]).replace("`", "").lower()
            name = _NOT_IN_ANCHORS.sub("", title).replace(" ", "-")
            anchors.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
        return frozenset(anchors)

    def broken_links(self) -> list[str]:
        """The links whose file or anchor does not exist."""
        return [target for target in self.links if not self._leads_somewhere(target)]

    def _leads_somewhere(self, target: str) -> bool:
        name, _, anchor = unquote(target).partition("#")
        path = (self.path.parent / name) if name else self.path
        if not path.exists():
            return False
        return not anchor or (path.suffix == ".md" and anchor in Page(path).anchors)


def pages() -> list[Page]:
    """Everything that is written for the reader of the repository."""
    return [
        Page(path)
        for path in (
            *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
            *sorted(ROOT.glob("docs/**/*.md")),
        )
    ]
