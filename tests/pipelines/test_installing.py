"""What installs the tool: the Action, which gives no secret to it, and the hook of pre-commit."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_manifest  # type: ignore[import-untyped]

from tests.docs.command_lines import complaint
from tests.docs.markdown import ROOT

NOTED = """\
#!{python}
import json, os, sys
from pathlib import Path
if sys.argv[3] == "venv":
    python = Path(sys.argv[5]) / "bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_bytes(Path(sys.argv[0]).read_bytes())
    python.chmod(0o700)
with open({log!r}, "a", encoding="utf-8") as log:
    log.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
sys.exit({status} if sys.argv[3] == "pip" else 0)
"""


@pytest.fixture
def installing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / ".github/action/install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Noting:
    """An interpreter that notes what it was to run, and with which variables."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> None:
        self._log = folder / "log"
        python = folder / "python"
        python.write_text(
            NOTED.format(python=sys.executable, log=str(self._log), status=status), encoding="utf-8"
        )
        python.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(python))

    def calls(self) -> list[tuple[list[str], dict[str, str]]]:
        return [json.loads(line) for line in self._log.read_text("utf-8").splitlines()]


def environ(tmp_path: Path, extras: str = "") -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PIP_INDEX_URL": "https://index.example.com/",
        "https_proxy": "http://proxy.example.com:3128",
        "RECALL_API_KEY": "sk-recognisable-api-key-1234567890",
        "PYTHONPATH": "/somewhere",
        "ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "INPUT_EXTRAS": extras,
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
    }


def test_an_installation_is_made_once_at_the_pinned_versions(
    installing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = Noting(tmp_path, monkeypatch)
    for _ in range(2):
        installing.main(environ(tmp_path, "postgresql"))
    made, installed = [words for words, _ in noting.calls()]
    assert made[:4] == ["-I", "-m", "venv", "--clear"]
    assert installed[:4] == ["-I", "-m", "pip", "install"]
    assert installed[-1] == f"{ROOT}[postgresql]"
    pins = (ROOT / "constraints.txt").as_uri()
    for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):
        assert noting.calls()[1][1][name] == pins
    first, second = (tmp_path / "outputs").read_text("utf-8").splitlines()
    assert first == second == f"python={made[4]}/bin/python"


def test_what_is_installed_sees_no_secret_of_the_job(
    installing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = Noting(tmp_path, monkeypatch)
    installing.main(environ(tmp_path))
    seen = [set(given) - {"LC_CTYPE", "PWD", "SHLVL", "_"} for _, given in noting.calls()]
    pins = {"PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"}
    assert seen == [{"PATH", "PIP_INDEX_URL", "https_proxy"} | pins] * 2


def test_an_installation_that_failed_is_not_taken_for_one(
    installing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = Noting(tmp_path, monkeypatch, status=3)
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            installing.main(environ(tmp_path))
        assert ended.value.code == 3
    assert len(noting.calls()) == 4
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("extras", ["../elsewhere", "metrics]; x", "--index-url=http://a.example"])
def test_extras_are_names(installing: ModuleType, tmp_path: Path, extras: str) -> None:
    with pytest.raises(SystemExit, match=r"extras: .*write names"):
        installing.main(environ(tmp_path, extras))


def test_the_hook_of_pre_commit_is_valid_and_its_command_is_real() -> None:
    path = ROOT / ".pre-commit-hooks.yaml"
    hooks: list[dict[str, Any]] = load_manifest(str(path))
    assert [hook["id"] for hook in hooks] == ["reconciler-validate"]
    for hook in yaml.safe_load(path.read_text("utf-8")):
        program, *arguments = hook["entry"].split()
        assert program == "reconciler"
        assert complaint(arguments) is None
        assert hook["pass_filenames"] is False  # a manifest is judged with all the others
