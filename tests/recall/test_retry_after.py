"""Every form of ``Retry-After``, and the clock that a date in it is measured by."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.recall.retries import seconds_to_wait, server_time

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
AHEAD, BEHIND = NOW + timedelta(minutes=10), NOW - timedelta(minutes=10)
IN_30_SECONDS = "Fri, 02 Jan 2026 03:04:35 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", 60.0),
        (" , ", 60.0),
        ("soon", 60.0),
        ("nan", 60.0),
        ("inf", 60.0),
        ("12 parsecs", 60.0),
        ("Fri, 99 Foo 2026 03:04:35 GMT", 60.0),
        ("Fri, 02 Jan 99999999 03:04:35 GMT", 60.0),
        ("1,000", 1000.0),
        ("5, 1,000", 1000.0),
        ("1 000", 1000.0),
        ("1, 5", 5.0),
        ("5s", 60.0),
        ("120s", 120.0),
        ("120 seconds", 120.0),
        ("5m", 300.0),
        ("2 Hours", 7200.0),
        ("2026-01-02T03:10:05Z", 360.0),
        ("2026-01-02T03:10:05", 360.0),
        ("2026-01-02T03:04:35Z", 60.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("+7", 7.0),
        ("1.5", 1.5),
        ("86400", 86400.0),
        ("9" * 200, float("9" * 200)),
        ("9" * 5000, math.inf),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30.0),
        ("Fri, 02 Jan 2026 04:04:35 +0100", 30.0),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30.0),
        ("Fri, 02 Jan 2026 03:04:00 GMT", 0.0),
    ],
)
def test_a_retry_after_is_never_read_as_less_than_it_may_mean(
    header: str | None, seconds: float | None
) -> None:
    headers = () if header is None else (header,)
    assert seconds_to_wait(headers, NOW, NOW) == seconds


@pytest.mark.parametrize("ours", [AHEAD, NOW, BEHIND])
def test_a_date_is_measured_by_the_clock_of_the_server_that_told_it(ours: datetime) -> None:
    assert seconds_to_wait((IN_30_SECONDS,), NOW, ours) == 30


@pytest.mark.parametrize(("ours", "seconds"), [(AHEAD, 60), (NOW, 60), (BEHIND, 630)])
def test_without_the_servers_clock_a_date_is_the_window_of_a_rate_limit_at_least(
    ours: datetime, seconds: float
) -> None:
    assert seconds_to_wait((IN_30_SECONDS,), None, ours) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("5", "9"), 9),
        (("9", "5"), 9),
        (("5, 9",), 9),
        (("soon", "9"), 60),
        (("soon", "90"), 90),
        (("-5", "soon"), 60),
        (("9", IN_30_SECONDS), 30),
        ((f"{IN_30_SECONDS}, 45",), 45),
        ((f"9, {IN_30_SECONDS}",), 30),
        (("Friday, 02-Jan-26 03:04:35 GMT, 9",), 30),
        (("soon", "later"), 60),
    ],
)
def test_of_several_values_the_longest_counts(headers: tuple[str, ...], seconds: float) -> None:
    assert seconds_to_wait(headers, NOW, NOW) == seconds


@pytest.mark.parametrize(
    ("dates", "moment"),
    [
        ((), None),
        (("yesterday",), None),
        (("Fri, 02 Jan 2026 03:04:05 GMT",), NOW),
        (("Fri, 02 Jan 2026 04:04:05 +0100",), NOW),
        (("Fri, 02 Jan 2026 03:04:05 -0000",), NOW),
        (("Mon, 01 Jan 99999999999999999999 00:00:00 GMT",), None),
        (("yesterday", "Fri, 02 Jan 2026 03:04:05 GMT"), NOW),
        (("Fri, 02 Jan 2026 03:14:05 GMT", "Fri, 02 Jan 2026 03:04:05 GMT"), NOW),
        (("Fri, 02 Jan 2026 03:14:05 GMT, Fri, 02 Jan 2026 03:04:05 GMT",), NOW),
    ],
)
def test_the_servers_clock_is_the_earliest_date_that_can_be_read(
    dates: tuple[str, ...], moment: datetime | None
) -> None:
    assert server_time(dates) == moment
