"""The project that the command line is attacked in, with a ledger of either kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import LedgerPlace
from tests.cli.project import Project
from tests.security.attacked import Attacked


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)])
def place(request: pytest.FixtureRequest) -> LedgerPlace:
    found: LedgerPlace = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for variable in ("RECONCILER_CONFIG", "RECONCILER_WORKSPACE", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    project = Project(tmp_path / "work", capsys)
    yield project
    project.sandbox.close()


@pytest.fixture
def attacked(project: Project, place: LedgerPlace, monkeypatch: pytest.MonkeyPatch) -> Attacked:
    """With a run that died; no call is waited for for a minute."""
    monkeypatch.setattr(ApplySettings, "under_way", 2.0)
    return Attacked(project, place)
