"""A runner of the jobs of our GitLab component, as GitLab's is documented, without GitLab.

It reads the template, puts the inputs in, merges what a job extends, asks its rules, and runs its
scripts with the variables of a pipeline.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from tests.docs.markdown import ROOT

TEMPLATE: Final = ROOT / "templates/reconciler/template.yml"
_INPUT: Final = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")
_CONDITION: Final = re.compile(r'\$(\w+) == (?:\$(\w+)|"(\w+)")')
MERGE_REQUEST: Final = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "GITLAB_NOTE_TOKEN": "glpat-recognisable-token",
}
PUSH: Final = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
SCHEDULE: Final = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}


class ComponentJob(Struct):
    """How a job ended."""

    status: int
    log: str


class ComponentRunner:
    """Runs jobs of the component in ``folder``; its GitLab is at ``api``."""

    def __init__(self, folder: Path, api: str) -> None:
        self.folder = folder
        self.api = api

    def jobs(self, variables: dict[str, str], **inputs: str) -> dict[str, dict[str, Any]]:
        """The jobs that a pipeline with ``variables`` has, as the runner gets them."""
        every = component(**inputs)
        there = self._variables(variables)
        return {
            name: job
            for name, job in ((name, _extended(job, every)) for name, job in every.items())
            if not name.startswith(".") and any(_holds(r["if"], there) for r in job["rules"])
        }

    def run(self, job: dict[str, Any], variables: dict[str, str]) -> ComponentJob:
        """Run a job. The tool is installed where the job looks for it."""
        tools = self.folder / ".calendars-venv/bin"
        tools.mkdir(parents=True, exist_ok=True)
        python = tools / "python"
        python.unlink(missing_ok=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        python.chmod(0o700)
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]} | self._variables(variables) | job["variables"],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
        )
        return ComponentJob(done.returncode, done.stdout)

    def _variables(self, given: dict[str, str]) -> dict[str, str]:
        return {
            "LANG": "C.UTF-8",
            "CI_DEFAULT_BRANCH": "main",
            "CI_API_V4_URL": f"{self.api}/api/v4",
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_URL": "https://git.example.com/acme/fleet",
            "CI_JOB_ID": "123",
            "CI_JOB_URL": "https://git.example.com/acme/fleet/-/jobs/123",
            "CI_COMMIT_SHA": "c0ffee",
            **given,
        }


def component(**inputs: str) -> dict[str, Any]:
    """The template with ``inputs``, whose hyphens are underscores here, in their places."""
    head, jobs = yaml.safe_load_all(TEMPLATE.read_text("utf-8"))
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    declared = head["spec"]["inputs"]
    assert given.keys() <= declared.keys()
    values = {name: given.get(name, each.get("default")) for name, each in declared.items()}
    assert None not in values.values()

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {filled(name): filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return list(map(filled, value))
        if isinstance(value, str):
            return _INPUT.sub(lambda found: values[found[1]], value)
        return value

    result: dict[str, Any] = filled(jobs)
    return result


def _extended(job: dict[str, Any], every: dict[str, Any]) -> dict[str, Any]:
    below = every.get(job.get("extends", ""), {})
    merged = {"variables": below.get("variables", {}) | job.get("variables", {})}
    result: dict[str, Any] = below | job | merged
    return result


def _holds(condition: str, variables: dict[str, str]) -> bool:
    """Whether a rule holds: equalities, joined by ``&&``."""
    for part in condition.split(" && "):
        found = _CONDITION.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is more than this runner knows")
        right = variables.get(found[2]) if found[2] else found[3]
        if variables.get(found[1]) != right:
            return False
    return True
