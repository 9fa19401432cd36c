from pathlib import Path

import pytest

from tests.config.file import File


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> File:
    monkeypatch.chdir(tmp_path)
    return File(tmp_path / "reconciler.yaml")
