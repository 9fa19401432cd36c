"""What the figures were measured on, as far as others can compare it."""

import os
import platform
import statistics
import tempfile
import time
from typing import Self

from msgspec import Struct


class Machine(Struct, frozen=True):
    """``load`` is the number of processes that wanted to run before the benchmark began, ``sync``
    the seconds until a page written to a temporary file is on its disk."""

    cores: int
    memory: int
    system: str
    python: str
    load: float
    sync: float

    @classmethod
    def described(cls) -> Self:
        """This machine, now."""
        return cls(
            cores=os.cpu_count() or 1,
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=f"{platform.system()} {platform.machine()}",
            python=f"{platform.python_implementation()} {platform.python_version()}",
            load=os.getloadavg()[0],
            sync=_sync(),
        )


def _sync() -> float:
    """The median of some."""
    seconds: list[float] = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
