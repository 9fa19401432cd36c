"""Time spent in named phases of a run whose code knows nothing of it."""

import time
from collections.abc import Callable
from types import ModuleType
from typing import ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class Stopwatch:
    """Seconds by phase. A phase inside another one counts as itself and not as the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = time.monotonic()

    def time(self, phase: str, place: ModuleType | type, name: str) -> None:
        """Let every call of ``name`` in ``place`` (a module or a class) count as ``phase``."""
        setattr(place, name, self._timed(phase, getattr(place, name)))

    def add(self, phase: str, seconds: float) -> None:
        """Count ``seconds`` that were measured elsewhere."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds

    def _timed(
        self, phase: str, function: Callable[_Parameters, _Result]
    ) -> Callable[_Parameters, _Result]:
        def timed(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
            self._turn()
            self._open.append(phase)
            try:
                return function(*args, **kwargs)
            finally:
                self._turn()
                self._open.pop()

        return timed

    def _turn(self) -> None:
        """Book the time since the last turn on the innermost phase."""
        now = time.monotonic()
        if self._open:
            self.add(self._open[-1], now - self._since)
        self._since = now
