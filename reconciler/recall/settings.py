"""How patiently the client treats one call: timeouts, retries and bounds.

The engine maps configuration onto it; the reader and the writer obey it.
"""

from msgspec import Struct

MEBIBYTE = 1024 * 1024


class ClientSettings(Struct, frozen=True):
    """The client's timeouts (seconds), retries and bounds (bytes, pages).

    ``read_timeout`` and ``list_timeout`` bound the silence between two pieces of an answer (a
    list may take its time to begin), ``call_total`` and ``list_total`` a whole call, so that an
    answer that drips ends too; ``listing_total`` bounds all pages of a list and the waits between
    them (1 800 pages at half the rate limit), so that pages without end do. ``attempts`` counts
    all attempts of a read or a token. A ``Retry-After`` above ``retry_after_cap`` is not waited
    for. The n-th backoff is drawn from the upper half of ``backoff`` doubled n-1 times, at most
    ``backoff_cap``.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    call_total: float = 60.0
    list_timeout: float = 120.0
    list_total: float = 600.0
    listing_total: float = 3600.0
    retry_after_cap: float = 120.0
    attempts: int = 5
    backoff: float = 0.5
    backoff_cap: float = 30.0
    max_answer_bytes: int = MEBIBYTE
    max_list_bytes: int = 1024 * MEBIBYTE
    max_pages: int = 10_000
