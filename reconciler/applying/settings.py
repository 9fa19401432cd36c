"""The times and numbers that acting goes by."""

from typing import Final

from msgspec import Struct

REREAD_MAX_AGE: Final = 5.0
"""Seconds after which a re-read no longer says how the user is."""

INTENT_GOOD_FOR: Final = 2.0
"""Seconds, from before its record was begun, within which the call of an intent has to leave."""

LISTING_MAX_AGE: Final = 300.0
"""Seconds after which a list is too old to mint a token on."""

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
    ``retry_after_cap`` seconds stops the run.
    """

    workers: int = 4
    max_failures: int = 5
    read_back: float = 60.0
    calls: int = 5
    retry_after_cap: float = 120.0
