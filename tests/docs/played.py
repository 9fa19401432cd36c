"""The consoles of a page, typed into a shell one after the other, and what it printed."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.docs.markdown import Block

LEFT_OUT: Final = "…"

_ENDED: Final = re.compile(r"\n@@(\d+)\n")
# The status of the command is still there for a command that asks for it.
_MARK: Final = 'ended() { s=$?; printf \'\\n@@%s\\n\' "$s"; return "$s"; }'
_MADE_UP_EACH_TIME: Final = (
    (re.compile(r"sandbox:[0-9a-f]{16}"), "sandbox:ID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "RUN"),
)


class Typed(Struct, frozen=True):
    """A command of a console, and the lines that the page shows of its output."""

    command: str
    shown: list[str]

    @property
    def fails(self) -> bool:
        """Whether the page shows an error."""
        return any(line.strip().startswith("error: ") for line in self.shown)


class Printed(Struct, frozen=True):
    """What a command printed, and its exit status."""

    lines: list[str]
    status: int


def typed(blocks: Iterable[Block]) -> list[Typed]:
    """The commands of all consoles among ``blocks``; a command goes on after ``> ``."""
    found: list[Typed] = []
    for block in blocks:
        if block.language == "console":
            found.extend(_typed(block.text))
    return found


def play(commands: Iterable[str], folder: Path, environment: Mapping[str, str]) -> list[Printed]:
    """Type ``commands`` into one shell in ``folder``."""
    script = "\n".join([_MARK, *(f"{command}\nended" for command in commands)])
    ended = subprocess.run(
        ["sh"],
        input=script,
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    parts = _ENDED.split("\n" + ended.stdout)
    return [
        Printed(settled(text.splitlines()), int(status))
        for text, status in zip(parts[0::2], parts[1::2], strict=False)
    ]


def not_printed(one: Typed, printed: Printed) -> list[str]:
    """The lines of the page that were not printed, in that order, by the command."""
    rest = iter(printed.lines)
    return [line for line in settled(one.shown) if line != LEFT_OUT and line not in rest]


def settled(lines: Iterable[str]) -> list[str]:
    """``lines`` without what differs each time, and without their outer space."""
    return [_settled(line) for line in lines if line.strip()]


def _typed(console: str) -> Iterator[Typed]:
    command: list[str] = []
    shown: list[str] = []
    for line in [*console.splitlines(), "$ "]:
        if line.startswith("> ") and not shown:
            command.append(line.removeprefix("> "))
        elif line.startswith("$ "):
            if command:
                yield Typed("\n".join(command), shown)
            command, shown = [line.removeprefix("$ ")], []
        else:
            shown.append(line)


def _settled(line: str) -> str:
    for pattern, name in _MADE_UP_EACH_TIME:
        line = pattern.sub(name, line)
    return " ".join(line.split())
