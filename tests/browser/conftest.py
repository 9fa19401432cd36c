"""Fixtures of the tests in a real browser: every page that they open has to behave."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from reconciler.reporting import Report
from tests.browser.chromium import running_browser
from tests.browser.visit import Scheme, Visit, visit

Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report. At the end the page must have asked for nothing but itself, broken no policy
    and complained of nothing."""
    visits: list[Visit] = []

    def opens(
        report: Report,
        *,
        scheme: Scheme = "light",
        phone: bool = False,
        script: bool = True,
        still: bool = False,
    ) -> Visit:
        found = visit(
            browser, tmp_path, report, scheme=scheme, phone=phone, script=script, still=still
        )
        visits.append(found)
        return found

    yield opens
    for each in visits:
        assert each.requests == [each.file.as_uri()]
        assert each.complaints == []
        assert not each.script or each.violations == []
        each.page.context.close()
