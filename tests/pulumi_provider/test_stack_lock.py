"""Where the lock of a Pulumi command is found, so that a cancel by another one is noticed."""

import json
from pathlib import Path

import pytest

from reconciler.pulumi_provider.cancellation import stack_lock

PID = 4711


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    """A backend in which two commands hold a stack each."""
    locks = tmp_path / ".pulumi/locks/organization/trial"
    for stack, pid in (("dev", PID), ("other", PID + 1)):
        (locks / stack).mkdir(parents=True)
        (locks / stack / f"{pid}.json").write_text(json.dumps({"pid": pid, "username": "me"}))
    (locks / "torn.json").write_text("{")
    (locks / "list.json").write_text("[]")
    return tmp_path


@pytest.fixture
def expected(backend: Path) -> Path:
    return backend / f".pulumi/locks/organization/trial/dev/{PID}.json"


def test_it_is_the_one_that_names_the_command(backend: Path, expected: Path) -> None:
    assert stack_lock({"PULUMI_BACKEND_URL": f"file://{backend}"}, PID) == expected
    assert stack_lock({"PULUMI_BACKEND_URL": f"file://{backend}"}, PID + 2) is None


def test_the_home_and_the_query_of_an_address_are_understood(
    backend: Path, expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(backend))
    assert stack_lock({"PULUMI_BACKEND_URL": "file://~"}, PID) == expected
    assert stack_lock({"PULUMI_BACKEND_URL": f"file://{backend}?no_tmp_dir=true"}, PID) == expected


def test_without_an_address_it_is_where_pulumi_is_logged_in(
    backend: Path, expected: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "credentials.json").write_text(json.dumps({"current": f"file://{backend}"}))
    assert stack_lock({"PULUMI_HOME": str(home)}, PID) == expected


@pytest.mark.parametrize("url", ["https://api.pulumi.com", "s3://bucket", "file:///no/such/folder"])
def test_elsewhere_there_is_none(url: str) -> None:
    assert stack_lock({"PULUMI_BACKEND_URL": url}, PID) is None


def test_where_nobody_is_logged_in_there_is_none(tmp_path: Path) -> None:
    assert stack_lock({"PULUMI_HOME": str(tmp_path)}, PID) is None
