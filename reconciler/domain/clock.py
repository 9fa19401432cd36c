"""Time as something that is passed in."""

import threading
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The two clocks of a machine and the only way to wait, so that tests can own time."""

    def now(self) -> datetime:
        """The wall clock, in UTC; for people and files, never for measuring."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start; for measuring."""

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        """Sleep for ``seconds``, or less when ``wake`` is set; True when it was."""
