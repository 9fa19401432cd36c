"""A Pulumi stack of the real CLI in a folder of its own, without an account or a network."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reconciler.sandbox import SandboxState
from tests.pulumi_provider.engine.virtualenv import make_virtualenv
from tests.pulumi_provider.fleet_folder import FleetFolder

CLI: Final = shutil.which("pulumi") if shutil.which("pulumi-language-python") else None
NOT_INSTALLED: Final = "the Pulumi CLI is not installed"
HOW_TO_INSTALL: Final = "install it from https://www.pulumi.com/docs/iac/download-install/"

PROJECT: Final = """\
name: trial
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {virtualenv}}}
config:
  workspace: {{type: string, default: trial}}
  configuration: {{type: string, default: reconciler.yaml}}
  granularity: {{type: string, default: user}}
  requirePreview: {{type: boolean, default: false}}
"""
PROGRAM: Final = "from reconciler.pulumi_provider.declaration import main\n\nmain()\n"

Resources = dict[str, tuple[dict[str, Any], dict[str, Any]]]


class Stack(FleetFolder):
    """The stack ``dev``, once it was made or has begun; what the last command printed is in
    ``out``."""

    def __init__(self, folder: Path, granularity: str, originals: "Originals") -> None:
        super().__init__(folder / "project")
        self._originals = originals
        self.out = ""
        self.cli = CLI
        self.granularity = granularity
        self.backend = folder / "backend"
        self.backend.mkdir()
        self.environment = {
            **os.environ,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_STACK": "dev",
            "XDG_RUNTIME_DIR": str(folder),
        }
        self.records = folder / f"reconciler-{os.getuid()}"
        self.write("Pulumi.yaml", PROJECT.format(virtualenv=originals.virtualenv))
        self.write("__main__.py", PROGRAM)

    def init(self) -> None:
        """Make the stack in its backend."""
        assert self.run("stack", "init", "dev", "--no-select") == 0, self.out
        if self.granularity != "user":
            assert self.run("config", "set", "granularity", self.granularity) == 0, self.out

    def begin(self, updates: int = 0) -> None:
        """Be a copy of a stack after so many updates, with its state, ledger and sandbox."""
        original = self._originals.after(self.granularity, updates)
        self.sandbox.close()
        for mine, its in ((self.folder, original.folder), (self.backend, original.backend)):
            shutil.rmtree(mine)
            shutil.copytree(its, mine)
        self.sandbox = SandboxState.open(self.folder / "state/sandbox.db")
        self.address = original.address

    def begin_converged(self) -> None:
        """Be as after an update: the plan that it did is still among the inputs."""
        self.begin(updates=1)

    def begin_at_rest(self) -> None:
        """Be as after a second update, which has cleared the plan from the inputs."""
        self.begin(updates=2)

    def command(self, *arguments: str) -> list[str]:
        assert self.cli
        color = ["--color", "never"]
        return [self.cli, *arguments, *color, "--non-interactive"]

    def reconciler(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line of this tool, run in the stack's folder."""
        return subprocess.run(
            [sys.executable, "-c", "from reconciler.cli import main; main()", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """The exit status of ``pulumi ARGUMENTS``. Whatever it is, no traceback is printed."""
        ended = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.out = ended.stdout
        self.no_traceback(self.out)
        return ended.returncode

    @staticmethod
    def no_traceback(text: str) -> None:
        for sign in ("Traceback", "KeyboardInterrupt", 'File "'):
            assert sign not in text, text

    def urn(self, user: str) -> str:
        """The resource that ``user`` is, or is a part of."""
        name = (
            f"CalendarUser::trial/{user}" if self.granularity == "user" else "CalendarFleet::trial"
        )
        return f"urn:pulumi:dev::trial::pulumi-python:dynamic/reconciler:{name}"

    def preview(self, *arguments: str, **environment: str) -> int:
        return self.run("preview", *arguments, environment=environment)

    def up(self, *arguments: str, **environment: str) -> int:
        return self.run("up", "--yes", *arguments, environment=environment)

    def converge(self) -> None:
        """An `up` that is expected to do everything."""
        assert self.up("--skip-preview") == 0, self.out

    def resources(self) -> Resources:
        """Inputs and outputs of our resources in the state, by the last part of their URN."""
        assert self.run("stack", "export") == 0
        found = json.loads(self.out)["deployment"].get("resources", ())
        return {
            resource["urn"].rpartition("::")[2]: (resource["inputs"], resource["outputs"])
            for resource in found
            if "reconciler:Calendar" in resource["type"]
        }


class Originals:
    """Stacks that are made once, below ``folder``, and copied into the tests."""

    def __init__(self, folder: Path) -> None:
        self.virtualenv: Final = folder / "virtualenv"
        make_virtualenv(self.virtualenv)
        self._folder = folder
        self._made: dict[tuple[str, int], Stack] = {}

    def after(self, granularity: str, updates: int) -> Stack:
        """One that was updated so many times, each of which did everything."""
        key = granularity, updates
        if key not in self._made:
            stack = Stack(self._folder / f"{granularity}-{updates}", granularity, self)
            if updates:
                stack.begin(updates - 1)
                stack.converge()
            else:
                stack.init()
            stack.sandbox.close()
            self._made[key] = stack
        return self._made[key]
