"""A stack in each granularity; without the CLI every scenario is skipped, and that is said."""

from pathlib import Path

import pytest

from tests.pulumi_provider.engine.stack import CLI, NOT_INSTALLED, Stack

needs_cli = pytest.mark.skipif(CLI is None, reason=NOT_INSTALLED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(needs_cli)


@pytest.fixture(params=["user", "fleet"])
def stack(tmp_path: Path, request: pytest.FixtureRequest) -> Stack:
    return Stack(tmp_path, request.param)


@pytest.fixture
def by_user(tmp_path: Path) -> Stack:
    return Stack(tmp_path, "user")
