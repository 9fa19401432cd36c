"""docs/pulumi.md is true: its consoles are typed on the real engine, its program is the example."""

from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, Block, Page
from tests.docs.played import not_printed, play, typed
from tests.docs.pulumi_projects import environment, needs_cli, repository

PAGE = Page(ROOT / "docs" / "pulumi.md")
HOME = "file://~"
"""Where the page keeps its state: a test cannot move it."""

FIRST = "The first update, on the sandbox"
STORIES = (FIRST, "An update follows its preview", "Removing somebody, and offboarding")
"""The sections with which the consoles begin anew, each but the first with a converged stack."""

CONVERGED = ("pulumi stack init dev", "pulumi up --yes --skip-preview")


def story(first: str) -> list[Block]:
    """The blocks from the section ``first`` to the next story."""
    lines = PAGE.text.splitlines()
    begins = [*(lines.index(f"## {name}") for name in STORIES), len(lines)]
    at = STORIES.index(first)
    return [block for block in PAGE.blocks if begins[at] < block.line <= begins[at + 1]]


@needs_cli
@pytest.mark.parametrize(
    "first",
    [FIRST, *(pytest.param(name, marks=pytest.mark.exhaustive) for name in STORIES[1:])],
)
def test_the_consoles_of_the_page_are_what_is_printed(first: str, tmp_path: Path) -> None:
    consoles = typed(story(first))
    before = () if first == FIRST else CONVERGED
    variables = environment(tmp_path)
    backend = variables["PULUMI_BACKEND_URL"]
    commands = [one.command.replace(HOME, backend) for one in consoles]
    printed = play([*before, *commands], repository(tmp_path), variables)[len(before) :]
    for one, what in zip(consoles, printed, strict=True):
        said = "\n".join(what.lines)
        assert not_printed(one, what) == [], f"{one.command}\n{said}"
        assert bool(what.status) == one.fails, f"{one.command}\n{said}"
        assert "Traceback" not in said


def test_every_console_of_the_page_belongs_to_a_story() -> None:
    played = [one for first in STORIES for one in typed(story(first))]
    assert played == typed(PAGE.blocks)


def test_the_program_of_the_page_is_the_example() -> None:
    (program,) = (block.text for block in PAGE.blocks if block.language == "python")
    example = ROOT / "docs" / "example-program" / "__main__.py"
    assert program == example.read_text(encoding="utf-8")
