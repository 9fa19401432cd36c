"""A program that runs in the test's own process, in a folder of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.pulumi_provider import declaration
from tests.pulumi_provider.fleet_folder import FleetFolder
from tests.pulumi_provider.mocked_program import Program


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(declaration, "_declared", [])
    made: list[asyncio.AbstractEventLoop] = []
    new_loop = asyncio.new_event_loop

    def remembered() -> asyncio.AbstractEventLoop:
        made.append(new_loop())
        return made[-1]

    # The SDK's mocks make one in each thread, and close none.
    monkeypatch.setattr(asyncio, "new_event_loop", remembered)
    loop = remembered()
    asyncio.set_event_loop(loop)
    program = Program(FleetFolder(tmp_path), loop)
    yield program
    loop.run_until_complete(loop.shutdown_default_executor())
    for one in made:
        one.close()
    asyncio.set_event_loop(None)
    for declared in declaration._declared:
        declared.open.close()
