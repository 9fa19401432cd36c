"""A connection to PostgreSQL that waits for no answer for ever.

The kernel notices a host that is gone. It does not notice a server that stands still, nor what is
gone behind a proxy. The one module that needs the driver.
"""

import time
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen

from reconciler.ledger.database import BUSY_TIMEOUT

_Result = TypeVar("_Result")

# Longer than the server itself may take, so that its own words are heard where it has any.
_LONGEST: Final = BUSY_TIMEOUT + 3


class ServerConnection(psycopg.Connection[Any]):
    """A connection of psycopg that is closed when an answer takes too long.

    ``longest`` is how many seconds an answer may take; None for a statement that may need more.
    """

    longest: float | None = _LONGEST

    def wait(self, gen: PQGen[_Result], *arguments: Any, **options: Any) -> _Result:
        """As the driver's, but for the bound."""
        return super().wait(self._bounded(gen), *arguments, **options)

    def _bounded(self, gen: PQGen[_Result]) -> PQGen[_Result]:
        began = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and self.longest and time.monotonic() - began > self.longest:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {self.longest:.0f} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: _Result = end.value
            return result
