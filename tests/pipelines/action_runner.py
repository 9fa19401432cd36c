"""A runner of the steps of our Action, as GitHub's is documented, without GitHub.

It reads ``action.yml``, evaluates its expressions, and gives each ``run`` the files and variables
that a runner gives. A step that ``uses`` another Action is noted and not run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from tests.docs.markdown import ROOT
from tests.pipelines.expressions import evaluate, interpolate

ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


class ActionRun(Struct):
    """What became of a run of the Action."""

    failed: bool
    outputs: dict[str, str]
    summary: str
    log: str
    used: list[str]
    steps: list[tuple[str, int]]


class ActionRunner:
    """Runs the Action in ``folder``, for pull request 7 of a repository at ``api``."""

    def __init__(self, folder: Path, api: str) -> None:
        self.folder = folder
        self.home = folder / "runner"
        self.home.mkdir()
        head = {"sha": "c0ffee", "repo": {"full_name": "acme/fleet"}}
        self.event: dict[str, Any] = {"pull_request": {"number": 7, "head": head}}
        self.api = api
        self.environ: dict[str, str] = {}

    def run(self, **inputs: str) -> ActionRun:
        """One use of the Action, with ``inputs`` whose hyphens are underscores here."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= ACTION["inputs"].keys()
        github = {"action_path": str(ROOT), "token": "ghs-recognisable-token"}
        contexts: dict[str, Any] = {"github": github, "inputs": {}, "steps": {}}
        for name, each in ACTION["inputs"].items():
            value = given.get(name, interpolate(each["default"], contexts))
            contexts["inputs"][name] = value
        run = ActionRun(failed=False, outputs={}, summary="", log="", used=[], steps=[])
        for number, step in enumerate(ACTION["runs"]["steps"]):
            condition = str(step.get("if", "success()"))
            if not any(call in condition for call in ("success()", "failure()", "always()")):
                condition = f"success() && ({condition})"
            if not evaluate(condition, contexts, failed=run.failed):
                continue
            if "uses" in step:
                run.used.append(step["uses"])
                continue
            outputs = self._step(number, step, contexts, run)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}
        for name, each in ACTION["outputs"].items():
            run.outputs[name] = interpolate(each["value"], contexts)
        return run

    def _step(
        self, number: int, step: Mapping[str, Any], contexts: Mapping[str, Any], run: ActionRun
    ) -> dict[str, str]:
        assert step["shell"] == "bash"
        script, outputs, summary, event = (
            self.home / f"{number}-{name}" for name in ("run.sh", "outputs", "summary", "event")
        )
        script.write_text(interpolate(step["run"], contexts), encoding="utf-8")
        event.write_text(json.dumps(self.event), encoding="utf-8")
        for file in (outputs, summary):
            file.write_text("", encoding="utf-8")
        environ = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "RUNNER_TEMP": str(self.home),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/fleet",
            "GITHUB_SERVER_URL": "https://git.example.com",
            "GITHUB_GRAPHQL_URL": f"{self.api}/graphql",
            "GITHUB_RUN_ID": "123",
            "GITHUB_SHA": "decaf",
            **self.environ,
            **{name: interpolate(str(v), contexts) for name, v in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder,
            env=environ,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
        )
        run.failed |= done.returncode != 0
        run.steps.append((step.get("id", str(number)), done.returncode))
        run.log += done.stdout
        run.summary += summary.read_text("utf-8")
        lines = outputs.read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)
