"""A clock that runs faster than the machine's: hours of rate limits in minutes."""

import threading
import time
from datetime import UTC, datetime, timedelta

from reconciler.domain.time import LONGEST_WAIT


class ScaledClock:
    """``speed`` seconds a real second, from now on; implements ``reconciler.domain.Clock``."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began = datetime.now(UTC)
        self._began_monotonic = time.monotonic()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began_monotonic) * self._speed

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        return wake.wait(min(seconds, LONGEST_WAIT) / self._speed)
