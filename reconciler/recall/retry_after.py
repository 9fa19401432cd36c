"""The times that an answer tells: ``Retry-After`` and, to measure it by, the server's clock.

Our own clock says nothing about a server's: either may be minutes off. So a date is measured
against the ``Date`` of the very answer that it came with, and what is doubtful is taken for longer.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.recall.budget import WINDOW

_SECONDS = re.compile(r"[+-]?\d{1,300}(\.\d*)?")
# Gateways join several values of a header by commas, and a date has one itself: "Fri, 02 Jan …".
_NEXT_VALUE = re.compile(r",(?!\s*\d{1,2}[\s-][A-Za-z])")


def server_time(dates: Iterable[str]) -> datetime | None:
    """The server's clock (UTC) by the ``Date`` headers of an answer; None where none is readable.

    The earliest of several: measured from it, no wait comes out too short.
    """
    return min(filter(None, map(_moment, _values(dates))), default=None)


def seconds_to_wait(
    headers: Iterable[str], told_at: datetime | None, now: datetime
) -> float | None:
    """The seconds that the ``Retry-After`` headers of an answer ask to wait, never negative.

    The longest of several; None when they say nothing usable. ``told_at`` is the server's clock
    when it answered. Where that is not known a date is measured by ``now``, our own, and not
    taken for less than the window of a rate limit, after which every limit of the API is new.
    """
    waits: list[float] = []
    for text in _values(headers):
        if _SECONDS.fullmatch(text):
            waits.append(float(text))
        elif (moment := _moment(text)) is None:
            continue
        elif told_at is not None:
            waits.append((moment - told_at).total_seconds())
        else:
            waits.append(max(WINDOW, (moment - now).total_seconds()))
    return max(0.0, *waits) if waits else None


def _values(headers: Iterable[str]) -> list[str]:
    return [value.strip() for header in headers for value in _NEXT_VALUE.split(header)]


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    # "-0000" in an HTTP date: UTC, of which the local offset is not known.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
