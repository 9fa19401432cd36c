"""What workspaces in a thousand files cost a command that is about one of them."""

import statistics
import tempfile
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.environment import RECONCILER, environment
from bench.measured_process import MeasuredProcess, measure

TARGET: Final = 1.0
"""Seconds of processor time that reading a thousand workspace files may take."""
TARGET_FILES: Final = 1_000

_MAIN: Final = """\
apiVersion: reconciler/v1
defaults:
  region: us-west-2
  apiKey: {file: "keys/{workspace}"}
  manifests: [manifests/]
  limits: {maxDisconnects: 5}
workspaces: {include: [workspaces/*.yaml]}
"""
_WORKSPACE: Final = """\
apiVersion: reconciler/v1
name: tenant-{number:05}
protected: [ceo@tenant-{number}.example.com]
limits: {{maxDisconnectPercent: 9}}
"""
_MANIFEST: Final = "apiVersion: reconciler/v1\nusers: [{id: a@example.com}]\n"


class ConfigurationFigures(Struct, frozen=True):
    """Runs of ``validate`` with so many workspace ``files``, and in turns with one."""

    files: int
    many: tuple[MeasuredProcess, ...]
    one: tuple[MeasuredProcess, ...]

    @property
    def reading(self) -> float:
        """The median of the seconds of processor time that the other files add."""
        pairs = zip(self.many, self.one, strict=True)
        return statistics.median(many.cpu - one.cpu for many, one in pairs)


def measure_configuration(files: int, repetitions: int) -> ConfigurationFigures:
    """Run both in turns, so often."""
    many: list[MeasuredProcess] = []
    one: list[MeasuredProcess] = []
    with tempfile.TemporaryDirectory() as name:
        large, small = Path(name) / "many", Path(name) / "one"
        _write(large, files)
        _write(small, 1)
        for _ in range(repetitions):
            many.append(_measure(large))
            one.append(_measure(small))
    return ConfigurationFigures(files, tuple(many), tuple(one))


def _measure(folder: Path) -> MeasuredProcess:
    command = [RECONCILER, "validate", "--workspace", "tenant-00000"]
    return measure(command, folder, environment())


def _write(folder: Path, files: int) -> None:
    for below in ("workspaces", "manifests"):
        (folder / below).mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(_MAIN, encoding="utf-8")
    (folder / "manifests/people.yaml").write_text(_MANIFEST, encoding="utf-8")
    for number in range(files):
        path = folder / f"workspaces/{number:05}.yaml"
        path.write_text(_WORKSPACE.format(number=number), encoding="utf-8")
