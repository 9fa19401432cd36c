"""The project that the command line is tested in."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.project import Project


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    for variable in (
        "RECONCILER_CONFIG",
        "RECONCILER_WORKSPACE",
        "RECONCILER_LINK_BASE",
        "NO_COLOR",
    ):
        monkeypatch.delenv(variable, raising=False)
    project = Project(tmp_path, capsys)
    yield project
    project.sandbox.close()


@pytest.fixture
def unused_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
