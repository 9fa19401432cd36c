"""Sending a read or a token again: when, how often, and how long to wait between.

What changes anything is never sent through here. Loads tenacity; imported with the channel.
"""

from collections.abc import Callable
from typing import TypeVar

import tenacity

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
from reconciler.recall.patience import Patience
from reconciler.recall.settings import Settings

T = TypeVar("T")

_SHED = frozenset({502, 503, 504})


class Retries:
    """The attempts of a read or a token under ``settings``; ``random`` gives numbers in [0, 1)."""

    def __init__(self, settings: Settings, random: Callable[[], float]) -> None:
        self._settings = settings
        self._random = random

    def run(self, attempt: Callable[[], T], patience: Patience) -> T:
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
