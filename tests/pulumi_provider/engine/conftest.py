"""A stack in each granularity; without the CLI every scenario is skipped, and that is said.

`make test` runs a sample: for each rule the scenario that is marked so, with one resource a user.
"""

from pathlib import Path

import pytest

from tests.pulumi_provider.engine.stack import CLI, NOT_INSTALLED, Originals, Stack

needs_cli = pytest.mark.skipif(CLI is None, reason=NOT_INSTALLED)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(needs_cli)
            if item.get_closest_marker("sample") is None:
                item.add_marker(pytest.mark.exhaustive)


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Originals:
    return Originals(tmp_path_factory.mktemp("originals"))


@pytest.fixture(params=["user", pytest.param("fleet", marks=pytest.mark.exhaustive)])
def stack(tmp_path: Path, request: pytest.FixtureRequest, originals: Originals) -> Stack:
    """A new stack."""
    stack = Stack(tmp_path, request.param, originals)
    stack.begin()
    return stack


@pytest.fixture
def by_user(tmp_path: Path, originals: Originals) -> Stack:
    """A new stack with a resource for each user."""
    stack = Stack(tmp_path, "user", originals)
    stack.begin()
    return stack
