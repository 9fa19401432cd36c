"""A connection to PostgreSQL that never waits for ever.

The kernel notices a lost host. It does not notice a server that hangs, or one that is lost behind a
proxy. Only this module imports the driver.
"""

import time
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen

from reconciler.ledger.database import BUSY_TIMEOUT

_Result = TypeVar("_Result")

# Longer than the server's own limit, so that the server can report its error first.
_LONGEST: Final = BUSY_TIMEOUT + 3


class ServerConnection(psycopg.Connection[Any]):
    """A psycopg connection that closes itself when an answer takes too long.

    ``longest`` are the seconds that an answer may take; None means no limit.
    """

    longest: float | None = _LONGEST

    def wait(self, gen: PQGen[_Result], *arguments: Any, **options: Any) -> _Result:
        """As the driver's, with the limit."""
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
