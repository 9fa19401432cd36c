"""The real Prometheus and its promtool, where they are installed."""

import shutil

import pytest

NOT_INSTALLED = "Prometheus is not installed"
HOW_TO_INSTALL = "apt-get install --no-install-recommends prometheus"


def program(name: str) -> str:
    """Where ``prometheus`` or ``promtool`` is; skips the test where it is not."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(NOT_INSTALLED)
    return found
