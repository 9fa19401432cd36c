"""Retries of reads and of tokens: when, how often, and how long to wait between attempts.

Calls that change anything never come through here. A server may ask us to wait (``Retry-After``).
Our clock and the server's may differ by minutes, so we measure a date against the ``Date`` of the
same answer, and in doubt we wait longer. This module loads tenacity; the clients import it late.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar

import tenacity

from reconciler.domain.time import Deadline
from reconciler.recall.endpoint import ClientSettings
from reconciler.recall.errors import (
    Conflict,
    NoAnswer,
    NotReached,
    NotSentInTime,
    RecallError,
    ServerError,
    Throttled,
    TlsFailed,
    TooSlow,
)
from reconciler.recall.rate_limiter import WINDOW

_SECONDS = re.compile(r"[+-]?\d+(\.\d*)?")
# "1,000" is a list of 1 and 0, or a thousand.
_GROUPED = re.compile(r"(?<![\d.])\d{1,3}([,'_ ]\d{3})+(?!\d)")
_SEPARATOR = re.compile(r"[,'_ ]")
_WITH_A_UNIT = re.compile(r"(\d+(?:\.\d*)?)\s*([A-Za-z]+)\.?")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Gateways join the values of a header with commas, and a date has a comma: "Fri, 02 Jan …".
_NEXT_VALUE = re.compile(r",(?!\s*\d{1,2}[\s-][A-Za-z])")


def server_time(dates: Iterable[str]) -> datetime | None:
    """The server's time (UTC) from the ``Date`` headers of an answer; None if none is readable.

    We take the earliest of several, so that no wait is too short.
    """
    return min(filter(None, map(_moment, _values(dates))), default=None)


def seconds_to_wait(
    headers: Iterable[str], server_now: datetime | None, now: datetime
) -> float | None:
    """The seconds that the ``Retry-After`` headers of an answer ask us to wait, never negative.

    We take the longest of several headers, and of several ways to read one; None without a header.
    ``server_now`` is the server's time of the answer. Without it we measure a date by ``now``, our
    own clock. Such a date, and text that is neither seconds nor an HTTP date, counts as at least
    one window of a rate limit: after that, every limit of the API is fresh.
    """
    values = tuple(headers)
    if not values:
        return None
    waits = [_wait(text, server_now, now) for text in _values(values) if text] or [WINDOW]
    for header in values:
        waits += (float(_SEPARATOR.sub("", match[0])) for match in _GROUPED.finditer(header))
    return max(0.0, *waits)


def _wait(text: str, server_now: datetime | None, now: datetime) -> float:
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = _moment(text)
    if moment is not None and server_now is not None:
        return (moment - server_now).total_seconds()
    if moment is None:
        moment = _iso_moment(text)
    if moment is not None:
        return max(WINDOW, (moment - (server_now or now)).total_seconds())
    if number := _WITH_A_UNIT.fullmatch(text):
        return max(WINDOW, float(number[1]) * _UNITS.get(number[2][0].lower(), 1))
    return WINDOW


def _values(headers: Iterable[str]) -> list[str]:
    return [value.strip() for header in headers for value in _NEXT_VALUE.split(header)]


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    # "-0000" in an HTTP date means UTC with an unknown local offset.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


T = TypeVar("T")

_SHED = frozenset({502, 503, 504})


class Retries:
    """Repeats a read or a token as ``settings`` allow; ``random`` gives numbers in [0, 1).

    An attempt gets its number, from 1.
    """

    def __init__(self, settings: ClientSettings, random: Callable[[], float]) -> None:
        self._settings = settings
        self._random = random

    def run(self, attempt: Callable[[int], T], deadline: Deadline) -> T:
        """The result of the first attempt that succeeds.

        Raises RecallError (the last attempt's), Cancelled, DeadlinePassed.
        """
        numbers = count(1)
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._settings.attempts),
            retry=tenacity.retry_if_exception(self._worth_another),
            wait=self._delay,
            sleep=deadline.wait,
            reraise=True,
        )(lambda: attempt(next(numbers)))

    def _worth_another(self, error: BaseException) -> bool:
        if not isinstance(error, RecallError):
            return False
        if (error.retry_after or 0.0) > self._settings.timeouts.retry_after_cap:
            return False
        if isinstance(error, ServerError):
            return error.status in _SHED
        if isinstance(error, TlsFailed | TooSlow):
            return False
        return isinstance(error, Conflict | Throttled | NotReached | NotSentInTime | NoAnswer)

    def _delay(self, state: tenacity.RetryCallState) -> float:
        """Exponential backoff with jitter, never shorter than the server asked for."""
        error = state.outcome.exception() if state.outcome else None
        asked = (error.retry_after or 0.0) if isinstance(error, RecallError) else 0.0
        step = min(
            self._settings.backoff_cap, self._settings.backoff * 2.0 ** (state.attempt_number - 1)
        )
        jitter = self._random() * step / 2
        return max(asked + jitter, step / 2 + jitter)
