"""What an answer's status means: nothing for 2xx, otherwise the error that says what to do."""

from datetime import datetime

from reconciler.domain import Secret
from reconciler.recall.calls import Answer, Call
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
from reconciler.recall.retry_after import seconds_to_wait
from reconciler.recall.untrusted import shown

_KINDS: dict[int, type[RecallError]] = {
    402: OutOfCredit,
    403: Blocked,
    404: NotFound,
    405: NotFound,
    408: NoAnswer,  # a gateway's word that it waited in vain: what it had passed on is not known
    409: Conflict,
    429: Throttled,
}


def refusal(
    call: Call,
    answer: Answer,
    endpoint: Endpoint,
    now: datetime,
    retry_after_cap: float,
    secrets: tuple[Secret, ...],
) -> RecallError | None:
    """The error that ``answer`` to ``call`` stands for; None for 2xx.

    ``now`` is our own clock, for a ``Retry-After`` of an answer that does not tell the server's.
    No error shows any of ``secrets``.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    detail = f"{call.name}: HTTP {status}"
    if status == 403:
        # The firewall's page, not the API's words.
        return Blocked(detail, status=status)
    if body := shown(answer.body, *secrets):
        detail += f": {body}"
    if status == 401:
        return _unauthorised(call, detail, endpoint)
    told = seconds_to_wait(answer.retry_after, answer.server_time, now)
    if status == 429 and told is not None and told > retry_after_cap:
        beyond = f"it asks to wait {told:.0f} s, more than the {retry_after_cap:g} s at most waited"
        return ThrottledBeyondCap(detail, status=status, hint=beyond, retry_after=told)
    redirected = "redirects are not followed; check the address of the API"
    hint = redirected if status < 400 else None
    return _kind(status)(detail, status=status, hint=hint, retry_after=told)


def _kind(status: int) -> type[RecallError]:
    if status in _KINDS:
        return _KINDS[status]
    if 400 <= status < 500:
        return Rejected
    return ServerError if status >= 500 else UnexpectedAnswer


def _unauthorised(call: Call, detail: str, endpoint: Endpoint) -> RecallError:
    if call.token is not None:
        return UserTokenRefused(detail, status=401)
    hint = f"check the API key, and that it belongs to {endpoint.address}"
    return CredentialsRefused(detail, status=401, hint=hint)
