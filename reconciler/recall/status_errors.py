"""What an answer's status means: nothing for 2xx, otherwise the error that says what to do.

Text that came over the network, made fit for an error message.
"""

import re
from datetime import datetime

from reconciler.domain import Secret
from reconciler.domain.secrets import redacted
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
    408: NoAnswer,  # a gateway's word that it waited in vain: what it had passed on is not known
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


def _unauthorised(call: HttpCall, detail: str, endpoint: Endpoint) -> RecallError:
    if call.token is not None:
        return UserTokenRefused(detail, status=401)
    hint = f"check the API key, and that it belongs to {endpoint.address}"
    return CredentialsRefused(detail, status=401, hint=hint)


LONGEST = 300

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\uf900-\ufffd]+")
_HTML = re.compile(r"\s*<")


def shown(text: str | bytes | bytearray, *secrets: Secret) -> str:
    """One bounded line of ``text``: no control characters, no page of HTML, none of the secrets.

    In no spelling; neither the beginning of a secret at the end of ``text``, which may have been
    cut there, nor anything that looks like a user token.
    """
    if not isinstance(text, str):
        text = bytes(text).decode(errors="replace")
    if _HTML.match(text):
        return "an HTML page"
    # Before the line is cut: a part of a secret would not be found any more.
    line = _UNPRINTABLE.sub(" ", redacted(text, *secrets, cut=True)).strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
