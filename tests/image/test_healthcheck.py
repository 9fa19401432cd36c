"""Where the image's health check asks, by the command line of the first process."""

import importlib.util
from types import ModuleType

import pytest

from tests.docs.markdown import ROOT


@pytest.fixture(scope="module")
def healthcheck() -> ModuleType:
    path = ROOT / "deploy/image/healthcheck.py"
    spec = importlib.util.spec_from_file_location("healthcheck", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("reconciler watch", "127.0.0.1:9464"),
        ("docker-init -- reconciler watch --interval 5m", "127.0.0.1:9464"),
        ("reconciler watch --listen 0.0.0.0:9000", "127.0.0.1:9000"),
        ("reconciler watch --listen=10.1.2.3:9000 -w prod", "10.1.2.3:9000"),
        ("reconciler watch --listen [::]:9000", "[::1]:9000"),
        ("reconciler watch --listen ::1:9000", "[::1]:9000"),
    ],
)
def test_a_watch_is_asked_where_it_listens(
    healthcheck: ModuleType, command: str, asked: str
) -> None:
    assert healthcheck.listening(command.split()) == asked


@pytest.mark.parametrize("command", ["reconciler apply", "reconciler watch --once", "pause"])
def test_a_command_that_does_not_listen_is_not_asked(healthcheck: ModuleType, command: str) -> None:
    assert healthcheck.listening(command.split()) is None
