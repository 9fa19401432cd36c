"""The examples of formats in docs/reports.md are lines that the sandbox's example really gives."""

from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.reporting.csv_table import PLAN_COLUMNS, RUN_COLUMNS
from tests.repository import git

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


@pytest.fixture
def _example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--sandbox"]) == 0


def _shown(form: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert run(["plan", "--format", form]) == 0
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("_example")
@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("junit", '<testcase classname="manifests/people.yaml" name="bruno@'),
        ("github", "::warning file=manifests/people.yaml,line=8,"),
        ("csv", "sandbox,planned,dave@example.com,"),
        ("csv", ",".join(PLAN_COLUMNS)),
    ],
)
def test_an_example_is_a_line_of_the_format(
    form: str, begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = [line for line in PAGE.splitlines() if line.startswith(begins)]
    said = example.removesuffix("…")
    assert any(line.startswith(said) for line in _shown(form, capsys)), said


def test_the_columns_of_a_run_are_those_of_the_page() -> None:
    assert f"\n{','.join(RUN_COLUMNS)}\n" in PAGE
