"""The page of a large plan: its size, and how long a browser takes to open, filter and sort it."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from playwright.sync_api import Browser, Page

from reconciler.reporting import Format, render
from tests.browser.chromium import running_browser
from tests.browser.fleets import fleet

SIZE_TARGET: Final = 30_000_000
"""Bytes of a page of a hundred thousand rows."""
OPEN_TARGET: Final = 2.0
"""Seconds until such a page shows its rows."""

_SHOWN: Final = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


class PageFigures(Struct, frozen=True):
    """A page of ``rows``: its bytes, seconds to write it, and for each visit the seconds until its
    rows are shown, until a filter has been applied and until a column is sorted."""

    rows: int
    size: int
    written: float
    opened: tuple[float, ...]
    filtered: tuple[float, ...]
    sorted: tuple[float, ...]


def measure_page(rows: int, repetitions: int) -> PageFigures:
    """The page of a plan of ``rows`` entries, visited so often."""
    report = fleet(rows)
    started = time.perf_counter()
    text = render(report, Format.HTML)
    written = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as name, running_browser() as browser:
        file = Path(name) / "page.html"
        file.write_text(text, encoding="utf-8")
        visits = [_visit(browser, file, rows) for _ in range(repetitions)]
    opened, filtered, by_column = zip(*visits, strict=True)
    return PageFigures(rows, len(text.encode()), written, opened, filtered, by_column)


def median(seconds: Sequence[float]) -> float:
    """The median of some visits."""
    return statistics.median(seconds)


def _visit(browser: Browser, file: Path, rows: int) -> tuple[float, float, float]:
    page = browser.new_page()
    started = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_selector(".line")
    opened = time.perf_counter() - started
    filtered = _seconds(
        page,
        "const kind = document.querySelector('#filter-kind'); kind.selectedIndex = 2;"
        " kind.dispatchEvent(new Event('change'));",
    )
    if page.locator("#count").inner_text() != f"{rows // 10 * 2:,} of {rows:,} rows":
        raise AssertionError(page.locator("#count").inner_text())
    page.get_by_role("button", name="Clear").click()
    by_column = _seconds(page, "document.querySelectorAll('.head button')[1].click();")
    page.close()
    return opened, filtered, by_column


def _seconds(page: Page, action: str) -> float:
    """How long ``action`` takes until its effect is on the screen."""
    taken: float = page.evaluate(
        f"(async () => {{ const began = performance.now(); {action}"
        f" await {_SHOWN}; return performance.now() - began; }})()"
    )
    return taken / 1000
