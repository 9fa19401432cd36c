"""What the figures were measured on, as far as others can compare it."""

import os
import platform
from typing import Self

from msgspec import Struct


class Machine(Struct, frozen=True):
    """``load`` is the number of processes that wanted to run before the benchmark began."""

    cores: int
    memory: int
    system: str
    python: str
    load: float

    @classmethod
    def described(cls) -> Self:
        """This machine, now."""
        return cls(
            cores=os.cpu_count() or 1,
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=f"{platform.system()} {platform.machine()}",
            python=f"{platform.python_implementation()} {platform.python_version()}",
            load=os.getloadavg()[0],
        )
