"""The times that an answer tells: ``Retry-After`` and, to measure it by, the server's clock.

Our own clock says nothing about a server's: either may be minutes off. So a date is measured
against the ``Date`` of the very answer that it came with, and what is doubtful is taken for longer.

Sending a read or a token again: when, how often, and how long to wait between.

What changes anything is never sent through here. Loads tenacity; imported with the channel.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from reconciler.domain.time import Deadline
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
from reconciler.recall.settings import ClientSettings

_SECONDS = re.compile(r"[+-]?\d+(\.\d*)?")
# "1,000" is a list of 1 and 0, or a thousand.
_GROUPED = re.compile(r"(?<![\d.])\d{1,3}([,'_ ]\d{3})+(?!\d)")
_SEPARATOR = re.compile(r"[,'_ ]")
_WITH_A_UNIT = re.compile(r"(\d+(?:\.\d*)?)\s*([A-Za-z]+)\.?")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
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

    The longest of several, and of the ways to read one; None where there is no such header.
    ``told_at`` is the server's clock when it answered. Where that is not known a date is measured
    by ``now``, our own. Such a date, and what is neither seconds nor an HTTP date, is not taken
    for less than the window of a rate limit, after which every limit of the API is new.
    """
    told = tuple(headers)
    if not told:
        return None
    waits = [_wait(text, told_at, now) for text in _values(told) if text] or [WINDOW]
    for header in told:
        waits += (float(_SEPARATOR.sub("", match[0])) for match in _GROUPED.finditer(header))
    return max(0.0, *waits)


def _wait(text: str, told_at: datetime | None, now: datetime) -> float:
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = _moment(text)
    if moment is not None and told_at is not None:
        return (moment - told_at).total_seconds()
    if moment is None:
        moment = _iso_moment(text)
    if moment is not None:
        return max(WINDOW, (moment - (told_at or now)).total_seconds())
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
    # "-0000" in an HTTP date: UTC, of which the local offset is not known.
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
    """The attempts of a read or a token under ``settings``; ``random`` gives numbers in [0, 1)."""

    def __init__(self, settings: ClientSettings, random: Callable[[], float]) -> None:
        self._settings = settings
        self._random = random

    def run(self, attempt: Callable[[], T], patience: Deadline) -> T:
        """The result of the first attempt that succeeds, or the error of the last one.

        Raises RecallError, Interrupted, DeadlinePassed.
        """
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._settings.attempts),
            retry=tenacity.retry_if_exception(self._worth_another),
            wait=self._delay,
            sleep=patience.wait,
            reraise=True,
        )(attempt)

    def _worth_another(self, error: BaseException) -> bool:
        if not isinstance(error, RecallError):
            return False
        if (error.retry_after or 0.0) > self._settings.retry_after_cap:
            return False
        if isinstance(error, ServerError):
            return error.status in _SHED
        if isinstance(error, TlsFailed | TooSlow):
            return False
        return isinstance(error, Conflict | Throttled | NotReached | NotSentInTime | NoAnswer)

    def _delay(self, state: tenacity.RetryCallState) -> float:
        """Exponential backoff with jitter, but never shorter than the server asked."""
        error = state.outcome.exception() if state.outcome else None
        told = (error.retry_after or 0.0) if isinstance(error, RecallError) else 0.0
        step = min(
            self._settings.backoff_cap, self._settings.backoff * 2.0 ** (state.attempt_number - 1)
        )
        jitter = self._random() * step / 2
        return max(told + jitter, step / 2 + jitter)
