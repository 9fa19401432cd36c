"""A Pulumi stack of the real CLI in a folder of its own, without an account or a network."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.pulumi_provider.fleet_folder import FleetFolder

CLI: Final = shutil.which("pulumi") if shutil.which("pulumi-language-python") else None
NOT_INSTALLED: Final = "the Pulumi CLI is not installed"
HOW_TO_INSTALL: Final = "install it from https://www.pulumi.com/docs/iac/download-install/"

PROJECT: Final = """\
name: trial
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {environment}}}
config:
  workspace: {{type: string, default: trial}}
  configuration: {{type: string, default: reconciler.yaml}}
  granularity: {{type: string, default: user}}
  requirePreview: {{type: boolean, default: false}}
"""
PROGRAM: Final = "from reconciler.pulumi_provider.program import main\n\nmain()\n"

Resources = dict[str, tuple[dict[str, Any], dict[str, Any]]]


class Stack(FleetFolder):
    """The stack ``dev``; what the last command printed is in ``out``."""

    def __init__(self, folder: Path, granularity: str) -> None:
        super().__init__(folder / "project")
        self.out = ""
        self.cli = CLI
        self.granularity = granularity
        (folder / "backend").mkdir()
        self.environment = {
            **os.environ,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "XDG_RUNTIME_DIR": str(folder),
        }
        self.notes = folder / f"reconciler-{os.getuid()}"
        self.write("Pulumi.yaml", PROJECT.format(environment=sys.prefix))
        self.write("__main__.py", PROGRAM)
        assert self.run("stack", "init", "dev") == 0, self.out
        if granularity != "user":
            assert self.run("config", "set", "granularity", granularity) == 0, self.out

    def command(self, *arguments: str) -> list[str]:
        assert self.cli
        color = ["--color", "never"]
        return [self.cli, *arguments, *color, "--non-interactive"]

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
            timeout=300,
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

    def come_to_rest(self) -> None:
        """As :meth:`converge`; the next `up` clears the plan that was done from the inputs."""
        self.converge()
        self.converge()

    def resources(self) -> Resources:
        """Inputs and outputs of our resources in the state, by the last part of their URN."""
        assert self.run("stack", "export") == 0
        found = json.loads(self.out)["deployment"].get("resources", ())
        return {
            resource["urn"].rpartition("::")[2]: (resource["inputs"], resource["outputs"])
            for resource in found
            if "reconciler:Calendar" in resource["type"]
        }
