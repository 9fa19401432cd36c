"""The pipelines of the pages and of ``init``: the Action and the component take them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import reconciler
from reconciler.cli.app import run
from reconciler.pipelines.job import JobCommand, job_of
from tests.docs.command_lines import complaint
from tests.docs.markdown import ROOT, Page
from tests.pipelines.action_runner import ACTION
from tests.pipelines.component_runner import component

PIPELINES = ROOT / "docs/pipelines.md"
TEMPLATES = Path(reconciler.__file__).parent / "pipelines"
ACTION_NAME = "your-org/calendar-reconciler@COMMIT"
COMPONENT = "$CI_SERVER_FQDN/your-group/calendar-reconciler/reconciler@COMMIT"

EXAMPLES = [
    *(
        pytest.param(b.text, id=f"line {b.line}")
        for b in Page(PIPELINES).blocks
        if b.language == "yaml"
    ),
    pytest.param((TEMPLATES / "github.yaml").read_text("utf-8"), id="init github"),
]


def steps(text: str) -> list[dict[str, Any]]:
    """The steps of every job of a workflow, or the steps alone."""
    parsed = yaml.safe_load(text)
    if isinstance(parsed, list):
        return parsed
    return [step for job in parsed.get("jobs", {}).values() for step in job["steps"]]


def uses(text: str) -> Iterator[dict[str, Any]]:
    for step in steps(text):
        if step.get("uses", "").startswith("your-org/"):
            assert step["uses"] == ACTION_NAME
            yield step


def words(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_action_takes_what_an_example_gives(text: str) -> None:
    for step in uses(text):
        given = {name: words(value) for name, value in step["with"].items()}
        assert given.keys() <= ACTION["inputs"].keys()
        names = ("command", "workspace", "config", "plan", "args")
        job = job_of(*(given.get(name, ACTION["inputs"][name]["default"]) for name in names))
        assert complaint(job.words(Path("reports"))) is None
        keyless = job.command is JobCommand.VALIDATE
        assert ("RECALL_API_KEY" in step.get("env", {})) is not keyless


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_reads_only_what_the_action_gives(text: str) -> None:
    ids = {step.get("id") for step in uses(text)}
    for step, output in re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", text):
        assert step not in ids or output in ACTION["outputs"]


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_job_with_an_output_of_the_action_has_the_permission_for_it(text: str) -> None:
    parsed = yaml.safe_load(text)
    jobs = parsed.get("jobs", {}) if isinstance(parsed, dict) else {}
    for job in jobs.values():
        may = job.get("permissions", parsed["permissions"])
        for step in job["steps"]:
            given = step.get("with", {}) if step.get("uses") == ACTION_NAME else {}
            assert not given.get("comment") or may["pull-requests"] == "write"
            assert not given.get("issue") or may["issues"] == "write"


def test_the_pages_and_init_use_every_command_of_the_action() -> None:
    text = "".join(str(example.values[0]) for example in EXAMPLES)
    shown = {word for word in JobCommand if f"command: {word}" in text}
    assert shown == set(JobCommand)


def test_the_page_has_a_row_for_every_input_and_output() -> None:
    code = Page(PIPELINES).code
    assert [name for name in (*ACTION["inputs"], *ACTION["outputs"]) if name not in code] == []


def test_the_component_takes_what_the_page_gives() -> None:
    blocks = [b.text for b in Page(PIPELINES).blocks if b.text.startswith("include:")]
    included = [each for text in blocks for each in yaml.safe_load(text)["include"]]
    assert [each["component"] for each in included] == [COMPONENT]
    for each in included:
        assert component(**each["inputs"])


def test_init_includes_the_component_for_the_workspace_that_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--region", "us-west-2", "--pipeline", "gitlab"]) == 0
    (each,) = yaml.safe_load(Path(".gitlab-ci.yml").read_text("utf-8"))["include"]
    assert each["component"] == COMPONENT
    assert each["inputs"] == {"workspace": "prod", "environment": "production"}
    assert "calendars-apply-prod" in component(**each["inputs"])
