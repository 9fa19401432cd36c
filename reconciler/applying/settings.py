"""The times and numbers that acting goes by."""

from typing import Final

from msgspec import Struct

REREAD_MAX_AGE: Final = 5.0
"""Seconds after which a re-read no longer says how the user is."""

INTENT_GOOD_FOR: Final = 2.0
"""Seconds, from before its record was begun, within which the call of an intent has to leave."""

LIST_MAX_AGE: Final = 10.0
"""Seconds after which a list is too old to mint a token on, unless lists take long."""

LIST_MAX_AGE_EVER: Final = 300.0
"""Seconds after which a list is too old however long lists take."""

STOP_GRACE: Final = 10.0
"""Seconds that a read-back goes on after the run was told to stop."""

READ_BACK_THREADS: Final = 2
"""Threads that only read back: a few reads a second are all that the budgets allow."""


class ApplySettings(Struct, frozen=True):
    """How a run acts.

    ``workers`` calls are under way at once; users who are only read back do not count.
    ``max_failures`` outcomes ``failed`` and ``unknown`` are borne; one more stops the run.
    ``read_back`` is how many seconds after the call the effect may take to show. ``calls`` is how
    often a call is sent that is answered "not now". A ``Retry-After`` of more than
    ``retry_after_cap`` seconds stops the run. The server may still be working on a call for
    ``call_limit`` seconds after it left, also when nobody waits for the answer any more. A token is
    minted only on a list that is younger than ``list_max_age`` seconds.
    """

    workers: int = 4
    max_failures: int = 5
    read_back: float = 60.0
    calls: int = 5
    retry_after_cap: float = 120.0
    call_limit: float = 60.0
    list_max_age: float = LIST_MAX_AGE

    @property
    def under_way(self) -> float:
        """Seconds after its intent for which a call without a conclusive answer may be under way.

        It may leave until the intent expires, the server may work on it for ``call_limit``, and
        the effect may take ``read_back`` to show. Intents are recorded in whole seconds.
        """
        return 1.0 + INTENT_GOOD_FOR + self.call_limit + self.read_back
