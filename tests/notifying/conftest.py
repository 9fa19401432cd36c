"""The project of the command line, and a receiver that it can notify."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import project
from tests.notifying.receiver import HMAC_KEY, Receiver

__all__ = ["project"]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as server:
        monkeypatch.setenv("HOOK_URL", server.hook)
        monkeypatch.setenv("HOOK_KEY", HMAC_KEY)
        yield server
