"""A Pulumi stack of the real CLI with a home and a backend of its own."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bench.environment import environment
from bench.pulumi_front.measured_command import MeasuredCommand, measure_command

CLI = "pulumi"
_PROJECT = """\
name: bench
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {environment}}}
config:
  workspace: {{type: string, default: bench}}
  configuration: {{type: string, default: reconciler.yaml}}
  granularity: {{type: string, default: {granularity}}}
  requirePreview: {{type: boolean, default: false}}
"""
OUR_PROGRAM = "from reconciler.pulumi_provider.declaration import main\n\nmain()\n"

Resource = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Inputs and outputs."""


class Stack:
    """The stack ``bench`` of the ``program`` in ``folder``, which may hold what it reads.

    Home and backend are in ``own``, which is this stack's alone.
    """

    def __init__(
        self, folder: Path, own: Path, program: str = OUR_PROGRAM, granularity: str = "user"
    ) -> None:
        self._folder = folder
        self._backend = own / "backend"
        self._environ = {
            **environment(),
            "PULUMI_HOME": str(own / "home"),
            "PULUMI_BACKEND_URL": self._backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "XDG_RUNTIME_DIR": str(own),
        }
        project = _PROJECT.format(environment=sys.prefix, granularity=granularity)
        (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
        (folder / "__main__.py").write_text(program, encoding="utf-8")

    def begin(self) -> None:
        """Make the stack, a new and empty one."""
        if self._backend.exists():
            shutil.rmtree(self._backend)
        self._backend.mkdir(parents=True)
        self.run("stack", "init", "bench")

    def run(self, *arguments: str, **variables: str) -> MeasuredCommand:
        """``pulumi ARGUMENTS``. Raises ``Failed`` unless it ends with 0."""
        command = [CLI, *arguments, "--non-interactive", "--color", "never"]
        return measure_command(command, self._folder, self._environ | variables)

    @property
    def state_size(self) -> int:
        """Bytes of the state as the backend keeps it."""
        return self._state.stat().st_size

    def resources(self) -> Mapping[str, Resource]:
        """What the state holds of each dynamic resource, by its name; the provider left out."""
        deployment = msgspec.json.decode(self._state.read_bytes())["checkpoint"]["latest"]
        return {
            resource["urn"].rpartition("::")[2]: (
                _without_provider(resource["inputs"]),
                _without_provider(resource["outputs"]),
            )
            for resource in deployment.get("resources", ())
            if resource["type"].startswith("pulumi-python:dynamic/")
        }

    @property
    def _state(self) -> Path:
        return self._backend / ".pulumi" / "stacks" / "bench" / "bench.json"


def _without_provider(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in properties.items() if name != "__provider"}
