"""What the page on the watch shows is what the command prints."""

import re
import shutil
from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.docs.markdown import ROOT


def test_the_console_of_the_page_is_what_the_example_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("reconciler.yaml", "manifests", "sandbox", "schemas"):
        source, copy = ROOT / name, tmp_path / name
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/watch.md").read_text("utf-8")
    (console,) = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    command, *lines = console.splitlines()
    assert run(command.removeprefix("$ reconciler ").split()) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line != "…" and line not in printed] == []
