"""Something that many threads need and one makes: or fails to, for all of them."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from reconciler.pulumi_provider.saying import Failed

T = TypeVar("T")


class Once(Generic[T]):
    """The value of ``make``, made when it is first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._failed: str | None = None

    def get(self) -> T:
        """The value. Raises :class:`Failed`, with the same words for everybody."""
        with self._lock:
            if self._failed is None and not self._made:
                try:
                    self._made.append(self._make())
                except Failed as failed:
                    self._failed = str(failed)
            if self._failed is not None:
                raise Failed(self._failed)
            return self._made[0]
