"""The quarter of the fictitious company goes as its page says."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.domain import SystemClock
from tests.docs import company
from tests.docs.markdown import ROOT, Page
from tests.docs.played import LEFT_OUT, Typed, settled, typed

PAGE = Page(ROOT / "docs" / "a-quarter.md")
_DAY = re.compile(r"## (\d+ \w+ \d{4}):")


def days() -> Iterator[tuple[datetime, Typed]]:
    """Each command of the page, with its day."""
    headings = [
        (number, datetime.strptime(found[1], "%d %B %Y").replace(hour=8, tzinfo=UTC))
        for number, line in enumerate(PAGE.text.splitlines(), 1)
        if (found := _DAY.match(line))
    ]
    for block in PAGE.blocks:
        for command in typed([block]):
            yield [day for number, day in headings if number < block.line][-1], command


def missing(one: Typed, printed: str) -> list[str]:
    """The lines of the page that were not printed; one that ends in ``…`` may go on."""
    rest = iter(settled(printed.splitlines()))
    return [
        shown
        for shown in settled(one.shown)
        if shown != LEFT_OUT
        and not any(
            line.startswith(shown.removesuffix(LEFT_OUT))
            if shown.endswith(LEFT_OUT)
            else line == shown
            for line in rest
        )
    ]


@pytest.mark.parametrize("file", [company.CONFIGURATION, company.PEOPLE, company.RULES])
def test_the_files_of_the_page_are_those_of_the_company(file: str) -> None:
    assert file in {block.text for block in PAGE.blocks}


def test_the_quarter_goes_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    company.build(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")
    for day, one in days():
        monkeypatch.setattr(SystemClock, "now", lambda _, today=day: today)
        name, *arguments = shlex.split(one.command)
        if name == "reconciler":
            run(arguments)
        else:
            subprocess.run(one.command, shell=True, check=True)
        out, err = capfd.readouterr()
        assert missing(one, err + out) == [], one.command
