"""What ``init`` writes, that it overwrites nothing, and what ``demo`` shows."""

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from reconciler.cli.app import run
from reconciler.config import load_configuration
from reconciler.domain import Platform
from reconciler.recall.endpoint import REGIONS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for variable in ("RECONCILER_CONFIG", "RECONCILER_WORKSPACE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_folder_on_the_sandbox_can_be_validated_planned_and_applied_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "--sandbox"]) == 0
    written = capsys.readouterr().out
    assert [name for name in files(folder) if f"Wrote {name}\n" not in written] == []
    assert written.endswith("Next:\n  reconciler validate\n  reconciler plan\n")
    assert run(["validate"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 2
    assert run(["apply", "--auto-approve"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 7


@pytest.mark.parametrize("region", REGIONS)
def test_a_folder_for_a_region_is_valid_and_declares_nobody_yet(
    folder: Path, region: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "--region", region]) == 0
    assert "reconciler import -o manifests/imported.yaml" in capsys.readouterr().out
    assert files(folder) == [".gitignore", "manifests/people.yaml", "reconciler.yaml"]
    assert run(["validate"]) == 0
    assert "0 users in 1 file" in capsys.readouterr().out
    assert f"region: {region}\n" in (folder / "reconciler.yaml").read_text()
    assert {".reconciler/", "*.plan", "*.html", "*.link", "/reports/", ".venv/"} < set(
        (folder / ".gitignore").read_text().splitlines()
    )


def test_the_examples_in_the_manifest_are_valid_once_they_are_no_comments(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["init", "--region", "us-west-2"])
    manifest = folder / "manifests/people.yaml"
    text = manifest.read_text().replace("users: []", "users:").replace("\n#  ", "\n  ")
    manifest.write_text(text)
    capsys.readouterr()
    assert run(["validate"]) == 0
    assert "3 users in 1 file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pipeline", "name"),
    [("github", ".github/workflows/calendars.yml"), ("gitlab", ".gitlab-ci.yml")],
)
def test_a_pipeline_is_written_for_the_workspace_that_is_there(
    folder: Path, pipeline: str, name: str
) -> None:
    assert run(["init", "--sandbox", "--pipeline", pipeline]) == 0
    first = (folder / name).read_text()
    configuration = (folder / "reconciler.yaml").read_text()
    (folder / "reconciler.yaml").write_text(configuration.replace("  sandbox:", "  trial:", 1))
    (folder / name).unlink()
    assert run(["init", "--pipeline", pipeline]) == 65
    text = configuration.replace("  sandbox:", "  trial:", 1).replace(": sandbox", ": trial", 1)
    (folder / "reconciler.yaml").write_text(text)
    assert run(["init", "--pipeline", pipeline]) == 0
    second = (folder / name).read_text()
    assert "workspace: sandbox" in first
    assert second == first.replace("workspace: sandbox", "workspace: trial").replace(
        "recall-sandbox", "recall-trial"
    )
    assert "RECALL_API_KEY" in first
    assert yaml.safe_load(first)


@pytest.mark.parametrize("name", ["reconciler.yaml", "manifests/people.yaml", ".gitlab-ci.yml"])
def test_nothing_is_overwritten_and_then_nothing_is_written(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = folder / name
    mine.parent.mkdir(exist_ok=True)
    mine.symlink_to("nowhere")
    assert run(["init", "--sandbox", "--pipeline", "gitlab"]) == 64
    assert f"{name} is there already" in capsys.readouterr().err
    assert files(folder) == []


def test_a_pipeline_is_added_to_a_configuration_that_is_there_and_nothing_else_is_touched(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["init", "--region", "us-west-2"])
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    capsys.readouterr()
    assert run(["init", "--pipeline", "gitlab"]) == 0
    seen = capsys.readouterr().out
    assert seen.startswith("Wrote .gitlab-ci.yml\nLeft .gitignore as it was\n\nNext:\n")
    assert "reconciler import" not in seen
    assert files(folder) == sorted([*before, ".gitlab-ci.yml"])
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_pipeline_that_is_there_is_not_written_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["init", "--region", "us-west-2"])
    (folder / ".gitlab-ci.yml").write_text("mine: {}\n")
    assert run(["init", "--pipeline", "gitlab"]) == 64
    assert ".gitlab-ci.yml is there already" in capsys.readouterr().err
    assert (folder / ".gitlab-ci.yml").read_text() == "mine: {}\n"


def test_a_region_beside_a_configuration_is_refused_with_the_way_to_add_a_pipeline(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["init", "--region", "us-west-2"])
    assert run(["init", "--region", "us-east-1", "--pipeline", "gitlab"]) == 64
    assert "say --pipeline gitlab alone" in capsys.readouterr().err
    assert ".gitlab-ci.yml" not in files(folder)


def test_a_pipeline_alone_wants_a_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "--pipeline", "github"]) == 64
    assert "say --region REGION too" in capsys.readouterr().err
    assert files(folder) == []


def test_who_writes_a_pipeline_is_told_of_the_ledger_that_it_needs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "--region", "us-west-2", "--pipeline", "github"]) == 0
    seen = capsys.readouterr().out
    assert "`ledger: postgresql+psycopg://…` and `requireLedger: true`" in seen
    text = (folder / "reconciler.yaml").read_text()
    ready = text.replace("# ledger: postgres", "ledger: postgres")
    ready = ready.replace("# requireLedger:", "requireLedger:")
    (folder / "reconciler.yaml").write_text(ready)
    assert run(["validate"]) == 0
    assert yaml.safe_load(ready)["requireLedger"] is True
    assert yaml.safe_load(ready)["ledger"].startswith("postgresql+psycopg://")


def test_a_gitignore_of_before_is_left_and_what_it_lacks_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = "*.plan\n*.html\n*.link\nplan.md\nrun.md\nrun.json\ndrift.md\n/reports\n/.venv\n"
    (folder / ".gitignore").write_text(before)
    assert run(["init", "--sandbox"]) == 0
    seen = capsys.readouterr().out
    assert "Left .gitignore as it was\nAdd to .gitignore: .reconciler/\n\n" in seen
    assert (folder / ".gitignore").read_text() == before


def test_a_folder_on_the_sandbox_has_applications_for_connect_links(folder: Path) -> None:
    assert run(["init", "--sandbox"]) == 0
    oauth = load_configuration(folder / "reconciler.yaml").workspace(None).oauth
    assert oauth is not None
    assert set(oauth.clients) == set(Platform)


@pytest.mark.parametrize(
    "arguments",
    [[], ["--region", "us-west-2", "--sandbox"], ["--region", "mars"]],
    ids=["neither", "both", "unknown"],
)
def test_the_regions_are_told_to_who_names_none(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", *arguments]) == 64
    said = capsys.readouterr().err
    assert [region for region in REGIONS if region not in said] == []
    assert files(folder) == []


def test_a_folder_that_cannot_be_written_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "manifests").write_text("in the way")
    assert run(["init", "--region", "us-west-2"]) == 64
    assert "manifests cannot be written" in capsys.readouterr().err
    assert files(folder) == ["manifests"]


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("gone")], ids=["fifo", "link"]
)
def test_what_is_no_file_in_the_place_of_the_ignore_file_is_reported_and_nothing_is_left(
    folder: Path, make: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    make(folder / ".gitignore")
    assert run(["init", "--region", "us-west-2"]) == 64
    assert ".gitignore cannot be written: not a regular file" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == [".gitignore"]


def test_a_full_disk_leaves_nothing_and_names_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = Path.open

    def full(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        if mode == "x":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        assert run(["init", "--sandbox"]) == 64
    said = capsys.readouterr().err
    assert "reconciler.yaml cannot be written: No space left on device" in said
    assert list(folder.iterdir()) == []


def test_where_there_is_no_configuration_init_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["plan"]) == 65
    assert "`reconciler init`" in capsys.readouterr().err


def test_the_demo_leaves_nothing_behind_and_minds_no_other_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    monkeypatch.setenv("RECONCILER_CONFIG", "/nowhere.yaml")
    assert run(["demo"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n$ reconciler ") == 4
    assert "Run: 7 verified; 7 mutating calls sent." in shown
    assert "reconciler init --sandbox" in shown
    assert files(folder) == []
    assert Path.cwd() == folder


def test_a_demo_without_a_temporary_folder_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere(**_: object) -> NoReturn:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("reconciler.cli.commands.demo.TemporaryDirectory", nowhere)
    assert run(["demo"]) == 64
    assert "No usable temporary directory found (name one in TMPDIR)" in capsys.readouterr().err
