"""The error that an answer's status means, and what to do about it."""

from datetime import datetime

from reconciler.domain import Secret
from reconciler.domain.text import excerpt
from reconciler.recall.calls import HttpAnswer, HttpCall
from reconciler.recall.endpoint import Endpoint
from reconciler.recall.errors import (
    Blocked,
    Conflict,
    CredentialsRefused,
    NoAnswer,
    NotFound,
    OutOfCredit,
    RecallError,
    Rejected,
    ServerError,
    Throttled,
    ThrottledBeyondCap,
    UnexpectedAnswer,
    UserTokenRefused,
)
from reconciler.recall.retries import seconds_to_wait

_KINDS: dict[int, type[RecallError]] = {
    402: OutOfCredit,
    403: Blocked,
    404: NotFound,
    405: NotFound,
    408: NoAnswer,  # a gateway waited in vain; it may have passed the call on
    409: Conflict,
    429: Throttled,
}


def refusal(
    call: HttpCall,
    answer: HttpAnswer,
    endpoint: Endpoint,
    now: datetime,
    retry_after_cap: float,
    secrets: tuple[Secret, ...],
) -> RecallError | None:
    """The error for ``answer`` to ``call``; None for 2xx.

    ``now`` is our own clock, for a ``Retry-After`` in an answer without a ``Date``. No error shows
    any of ``secrets``.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    detail = f"{call.name}: HTTP {status}"
    if status == 403:
        # The body is the firewall's page, not the API's answer.
        return Blocked(detail, status=status)
    if body := excerpt(answer.body, *secrets):
        detail += f": {body}"
    if status == 401:
        return _unauthorised(call, detail, endpoint)
    wait = seconds_to_wait(answer.retry_after, answer.server_time, now)
    if status == 429 and wait is not None and wait > retry_after_cap:
        beyond = f"it asks for a wait of {wait:.0f} s; the limit is {retry_after_cap:g} s"
        return ThrottledBeyondCap(detail, status=status, hint=beyond, retry_after=wait)
    redirected = "redirects are not followed; check the address of the API"
    hint = redirected if status < 400 else None
    return _kind(status)(detail, status=status, hint=hint, retry_after=wait)


def _kind(status: int) -> type[RecallError]:
    if status in _KINDS:
        return _KINDS[status]
    if 400 <= status < 500:
        return Rejected
    return ServerError if status >= 500 else UnexpectedAnswer


def _unauthorised(call: HttpCall, detail: str, endpoint: Endpoint) -> RecallError:
    if call.token is not None:
        return UserTokenRefused(detail, status=401)
    hint = f"check the API key, and that it belongs to {endpoint.address}"
    return CredentialsRefused(detail, status=401, hint=hint)
