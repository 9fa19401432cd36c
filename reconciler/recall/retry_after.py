"""The ``Retry-After`` header: seconds or an HTTP date, and whatever else servers send."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[+-]?\d{1,300}(\.\d*)?")


def seconds_to_wait(header: str | None, now: datetime) -> float | None:
    """The seconds that ``header`` asks to wait, never negative; None when it says nothing usable.

    ``now`` is the wall clock in UTC, against which a date is measured.
    """
    if header is None:
        return None
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return max(0.0, float(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        # "-0000" in an HTTP date: UTC, of which the local offset is not known.
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
