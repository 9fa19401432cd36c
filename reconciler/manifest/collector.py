"""Python's garbage collector, kept from looking through a fleet of a hundred thousand users.

Used here while manifests are read, and by the command that plans and then ends.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection: a fleet makes no cycles, and every look through it takes long.

    Best left when the fleet is no longer referred to: the first look comes right after.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
