"""A real browser for tests of pages: the system's own, never one that was downloaded.

Where there is none, the tests that need it are skipped, and the end of the test run says so.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOT_INSTALLED = "no browser is installed"
HOW_TO_INSTALL = "apt-get install chromium (or your system's package of Chromium or Chrome)"

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """The browser's program, if there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def running_browser() -> "Iterator[Browser]":
    """A browser without a window. Ends with the block: its event loop must not outlive it, because
    other tests of the same process have theirs. Without a browser the test is skipped."""
    program = executable()
    if program is None:
        pytest.skip(NOT_INSTALLED)
    from playwright.sync_api import sync_playwright  # late: every test run knows this module

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()
