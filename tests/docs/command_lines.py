"""Command lines of the product as the documentation shows them, held against the real commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import typer
import yaml

from reconciler.cli.app import app
from tests.docs.markdown import Block

PROGRAM = "reconciler"

_SHELL = frozenset({"sh", "bash", "shell"})
_SCRIPTS = frozenset({"run", "script", "before_script", "after_script"})
_ENDS_COMMAND = re.compile(r"[;&|()]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_BEFORE_COMMAND = frozenset({"if", "then", "else", "do", "!", "exec", "time"})


def command_lines(block: Block, program: str = PROGRAM) -> list[list[str]]:
    """The arguments of every call of ``program`` in ``block``, its name left out.

    Read are lines after ``$`` in consoles, all lines of shell scripts, and the scripts that
    stand in the definition of a pipeline.
    """
    return [words for script in _scripts(block) for words in _calls(script, program)]


def complaint(arguments: list[str]) -> str | None:
    """What the real command says against ``arguments``; None if it takes them. Runs nothing."""
    command: Any = typer.main.get_command(app)
    context = None
    name = PROGRAM
    try:
        while hasattr(command, "commands"):
            context = command.make_context(
                name, [], parent=context, allow_extra_args=True, resilient_parsing=True
            )
            options = {option for p in command.params for option in p.opts}
            options |= set(context.help_option_names)
            while arguments and arguments[0].startswith("-"):
                if arguments[0] not in options:
                    return f"No such option: {arguments[0]}"
                arguments = arguments[1:]
            if not arguments:
                return None
            name, *arguments = arguments
            if name not in command.commands:
                return f"No such command: {name}"
            _, command, _ = command.resolve_command(context, [name])
        command.make_context(name, list(arguments), parent=context)
    except typer.Exit:  # --help
        return None
    except Exception as error:  # noqa: BLE001 - typer's own errors have no public base
        return str(error) or type(error).__name__
    return None


def _scripts(block: Block) -> Iterator[str]:
    if block.language == "console":
        joined = block.text.replace("\\\n", " ")
        yield from (line[2:] for line in joined.splitlines() if line.startswith("$ "))
    elif block.language in _SHELL:
        yield block.text
    elif block.language in {"yaml", "yml"}:
        for document in yaml.safe_load_all(block.text):
            yield from _in_pipeline(document)


def _in_pipeline(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _in_pipeline(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _SCRIPTS:
                lines = item if isinstance(item, list) else [item]
                yield from (line for line in lines if isinstance(line, str))
            else:
                yield from _in_pipeline(item)


def _calls(script: str, program: str) -> Iterator[list[str]]:
    for line in script.replace("\\\n", " ").splitlines():
        for words in _commands(line):
            while words and (_ASSIGNMENT.match(words[0]) or words[0] in _BEFORE_COMMAND):
                words.pop(0)
            if words and PurePosixPath(words[0]).name == program:
                yield words[1:]


def _commands(line: str) -> Iterator[list[str]]:
    """The simple commands of ``line``, without redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.wordchars += "@:"
    words: list[str] = []
    redirected = False
    for word in lexer:
        if _ENDS_COMMAND.fullmatch(word):
            yield words
            words = []
        elif word.startswith(("<", ">")):
            redirected = True
        elif redirected:
            redirected = False
        else:
            words.append(word)
    yield words
