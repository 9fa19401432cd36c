"""The objects of every source, rendered once."""

from functools import cache

import pytest

from tests.kubernetes.objects import SOURCES, Object

_objects = cache(lambda source: SOURCES[source]())


@pytest.fixture(params=list(SOURCES))
def objects(request: pytest.FixtureRequest) -> list[Object]:
    found: list[Object] = _objects(request.param)
    return found
