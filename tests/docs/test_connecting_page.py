"""The walk of the page on connect links goes as the page says."""

import re
import shlex
from pathlib import Path
from shutil import copytree

import httpx
import pytest

from reconciler.cli.app import run
from reconciler.config import SandboxSource, load_configuration
from reconciler.sandbox import open_seeded
from tests.docs.markdown import ROOT, Page
from tests.docs.played import Printed, not_printed, settled, typed
from tests.served_sandbox import served_sandbox

PAGE = Page(ROOT / "docs" / "connecting.md")
_EACH_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|made by .*")


def without_times(text: str) -> list[str]:
    return settled(_EACH_TIME.sub("…", text).splitlines())


def allow(link: Path) -> None:
    """Open the link and allow, as the person does; then delete the file."""
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        form = {"decision": "allow", "account": "mia@example.com"}
        done = browser.post(link.read_text().strip(), data=form)
    assert "microsoft is connected" in done.text
    link.unlink()


def test_the_walk_goes_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in ("manifests", "sandbox"):
        copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "reconciler.yaml").write_text((ROOT / "reconciler.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")
    remote = load_configuration(tmp_path / "reconciler.yaml").workspace(None).remote
    assert isinstance(remote, SandboxSource)
    with open_seeded(remote.state, remote.seed):
        pass
    walked = 0
    with served_sandbox(remote.state):
        for one in typed(PAGE.blocks):
            _, *arguments = shlex.split(one.command)
            if arguments[0] == "plan":
                allow(tmp_path / "0042.link")
            assert run(arguments) == 0, one.command
            out, err = capfd.readouterr()
            printed = Printed(without_times(err + out), 0)
            shown = without_times("\n".join(one.shown))
            assert not_printed(type(one)(one.command, shown), printed) == [], printed
            walked += 1
    assert walked == 4
