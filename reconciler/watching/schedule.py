"""When the next cycle begins: one interval after the last, a little later by chance, never sooner.

Several watches that were started together would otherwise all list at the same moment, for ever.
"""

import math
import re
from typing import Final

from reconciler.domain import RateLimits

JITTER: Final = 0.1
"""By how much of the interval a cycle may begin later."""

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def duration(text: str) -> float:
    """``15m``, ``90s``, ``1h`` or ``1d`` in seconds. Raises ``ValueError`` for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration: write a number and s, m, h or d, such as 15m")
    return float(found[1]) * _SECONDS[found[2]]


def shortest_interval(limits: RateLimits) -> float:
    """Seconds between two lists that keep to the share of the rate limit of lists."""
    return 60.0 / limits.shared(limits.list)


def pause(began: float, ended: float, interval: float, retry_after: float, chance: float) -> float:
    """Seconds to wait after a cycle that ``began`` and ``ended`` at these moments.

    A cycle that took longer than the interval leaves out the ones that it missed. ``chance`` is a
    number in [0, 1).
    """
    slots = math.floor((ended - began) / interval) + 1
    due = began + (slots + chance * JITTER) * interval
    return max(due - ended, retry_after)
