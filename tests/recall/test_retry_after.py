"""Every form of ``Retry-After``."""

from datetime import UTC, datetime

import pytest

from reconciler.recall.retry_after import seconds_to_wait

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("12 parsecs", None),
        ("Fri, 99 Foo 2026 03:04:35 GMT", None),
        ("Fri, 02 Jan 99999999 03:04:35 GMT", None),
        ("0", 0.0),
        ("-5", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("+7", 7.0),
        ("1.5", 1.5),
        ("86400", 86400.0),
        ("9" * 200, float("9" * 200)),
        ("9" * 5000, None),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30.0),
        ("Fri, 02 Jan 2026 04:04:35 +0100", 30.0),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30.0),
        ("Fri, 02 Jan 2026 03:04:00 GMT", 0.0),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert seconds_to_wait(header, NOW) == seconds
