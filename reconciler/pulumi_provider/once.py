"""Something that many threads need and one makes: or fails to, for all of them."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from reconciler.pulumi_provider.saying import Failed
from reconciler.reporting.wording import stacks

T = TypeVar("T")


class Once(Generic[T]):
    """The value of ``make``, made when it is first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._failed = False

    def get(self) -> T:
        """The value. Raises :class:`Failed`: with the reason for who is first, so that it is said
        once and not for each of a thousand resources."""
        with self._lock:
            if self._failed:
                raise Failed(stacks.FOR_THE_SAME_REASON)
            if not self._made:
                try:
                    self._made.append(self._make())
                except Failed:
                    self._failed = True
                    raise
            return self._made[0]
