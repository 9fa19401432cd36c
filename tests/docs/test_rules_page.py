"""The walk of the page on rules goes as the page says."""

import shlex
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.docs.markdown import ROOT, Page
from tests.docs.played import Printed, not_printed, settled, typed

PAGE = Page(ROOT / "docs" / "rules.md")
FILES = ("manifests/people.yaml", "reconciler.yaml", "seed.yaml")


def test_the_walk_goes_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, block in zip(FILES, [b for b in PAGE.blocks if b.language == "yaml"], strict=False):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(block.text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")
    walked = 0
    for one in typed(PAGE.blocks):
        name, *arguments = shlex.split(one.command)
        if name == "reconciler":
            status = int(run(arguments))
        else:
            status = subprocess.run(one.command, shell=True, check=True).returncode
        out, err = capfd.readouterr()
        assert status == 0, one.command
        printed = Printed(settled((err + out).splitlines()), status)
        assert not_printed(one, printed) == [], one.command
        walked += 1
    assert walked == 5
