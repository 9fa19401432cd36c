"""What is in a page, read as a browser would read it, but without running its script."""

import json
from html.parser import HTMLParser
from typing import Any

_EMPTY = frozenset({"meta", "rect", "input", "br"})


class Page(HTMLParser):
    """The tags of a page with their attributes, its text, and the data of its rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self._scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self._within.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self._within[-1] if self._within else ""
        if inside == "script":
            self._scripts.append(data)
        elif inside != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that a reader without a script sees, on one line."""
        return " ".join(" ".join(self.words).split())

    @property
    def data(self) -> Any:
        """The rows, as the script reads them."""
        return json.loads(self._scripts[0]) if self._scripts else None

    def column(self, title: str) -> list[Any]:
        """The cells of a column of the rows."""
        (found,) = (each for each in self.data["columns"] if each["title"] == title)
        if found["index"] is None:
            return list(found["values"])
        return [found["values"][number] for number in found["index"]]

    def policy(self) -> str:
        """The Content-Security-Policy that the page gives itself."""
        (found,) = (
            attributes["content"]
            for tag, attributes in self.tags
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        )
        assert found is not None
        return found
