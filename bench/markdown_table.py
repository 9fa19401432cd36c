"""A table in Markdown: words to the left, figures to the right."""

from collections.abc import Sequence


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """The first columns, as many as ``words`` says, are words."""
    rule = ["---" if column < words else "---:" for column, _ in enumerate(header)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))
