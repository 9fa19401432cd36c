"""A copy of a Pulumi project of this repository, with a home and a backend of its own."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.markdown import ROOT
from tests.pulumi_provider.engine.stack import CLI, NOT_INSTALLED

needs_cli: Final = pytest.mark.skipif(CLI is None, reason=NOT_INSTALLED)

OF_A_PROJECT: Final = ("manifests", "sandbox", "reconciler.yaml", "Pulumi.yaml", "__main__.py")

EXAMPLE: Final = ROOT / "docs" / "example-program"


def copied(origin: Path, folder: Path) -> Path:
    """The project ``origin`` in a folder below ``folder``, with this environment as its own."""
    project = folder / "project"
    project.mkdir()
    for name in OF_A_PROJECT:
        if (origin / name).is_dir():
            shutil.copytree(origin / name, project / name)
        else:
            shutil.copy(origin / name, project)
    (project / ".venv").symlink_to(sys.prefix)
    return project


def repository(folder: Path) -> Path:
    """The repository, as far as its own Pulumi project needs it."""
    return copied(ROOT, folder)


def example(folder: Path) -> Path:
    """The example of an own program."""
    return copied(EXAMPLE, folder)


def environment(folder: Path) -> dict[str, str]:
    """Variables for commands that leave nothing outside of ``folder``."""
    (folder / "backend").mkdir()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")},
        "PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "XDG_RUNTIME_DIR": str(folder),
    }
