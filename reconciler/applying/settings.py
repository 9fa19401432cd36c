"""Times and numbers of a run that acts."""

from typing import Final

from msgspec import Struct

REREAD_MAX_AGE: Final = 5.0
"""Seconds after which a re-read is too old to act on."""

INTENT_GOOD_FOR: Final = 2.0
"""Seconds within which the call of an intent must leave, counted from before it was recorded."""

LIST_MAX_AGE: Final = 10.0
"""Seconds after which a list is too old to mint a token on, unless lists take long."""

LIST_MAX_AGE_EVER: Final = 300.0
"""Seconds after which a list is too old, however long lists take."""

STOP_GRACE: Final = 10.0
"""Seconds that a read-back goes on after the run was cancelled."""

READ_BACK_THREADS: Final = 2
"""Threads that only read back. The rate budgets allow a few reads a second, so two are enough."""


class ApplySettings(Struct, frozen=True):
    """How a run acts.

    ``workers``: calls under way at once, not counting users who are only read back.
    ``max_failures``: how many outcomes may be ``failed`` or ``unknown``; one more stops the run.
    ``read_back``: seconds after the call within which the effect has to show.
    ``calls``: how often a call is sent that gets the answer "not now".
    ``retry_after_cap``: a ``Retry-After`` of more seconds stops the run.
    ``call_limit``: seconds for which the server may work on a call after it left, even when nobody
    waits for the answer any more.
    ``list_max_age``: seconds for which a token may be minted on a list.
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

        The call may leave until the intent expires, the server may work on it for ``call_limit``,
        and the effect may take ``read_back`` to show. Intents are recorded in whole seconds.
        """
        return 1.0 + INTENT_GOOD_FOR + self.call_limit + self.read_back
