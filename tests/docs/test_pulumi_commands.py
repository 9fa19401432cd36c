"""The calls of Pulumi's own command line in the documentation are taken by it."""

import os
import re
import subprocess

import pytest

from tests.docs.command_lines import command_lines
from tests.docs.markdown import ROOT, pages
from tests.docs.pulumi_projects import needs_cli
from tests.pulumi_provider.engine.stack import CLI

PINNED = re.compile(r"(?:pulumi-version: |--version )(\d+\.\d+\.\d+)")

CALLS = sorted(
    {
        tuple(arguments)
        for page in pages()
        for block in page.blocks
        for arguments in command_lines(block, "pulumi")
    }
)


def explained(words: list[str]) -> str:
    """What the command line says of the command that ``words`` begin with, with what it hides."""
    assert CLI
    asked = [CLI, *words, "--help"]
    variables = {**os.environ, "PULUMI_EXPERIMENTAL": "true"}
    return subprocess.run(asked, capture_output=True, text=True, check=True, env=variables).stdout


def test_there_are_calls_to_check() -> None:
    assert {call[0] for call in CALLS} >= {"stack", "up", "preview", "refresh", "import", "cancel"}


@needs_cli
@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_call_of_pulumi_names_a_command_and_options_that_exist(call: tuple[str, ...]) -> None:
    help_ = explained([word for word in call if not word.startswith("-")])
    assert f"pulumi {call[0]}" in help_.partition("Usage:")[2].partition("\n\n")[0]
    options = {word.partition("=")[0] for word in call if word.startswith("-")}
    assert options - set(re.findall(r"--[\w-]+", help_)) == set()


def test_all_workflows_and_pages_pin_one_version_of_the_command_line() -> None:
    places = [ROOT / "docs/pipelines.md", ROOT / ".github/workflows/ci.yml"]
    pinned = {version for place in places for version in PINNED.findall(place.read_text("utf-8"))}
    assert len(pinned) == 1
    assert f"The tests run with {pinned.pop()}" in (ROOT / "docs/pulumi.md").read_text("utf-8")
