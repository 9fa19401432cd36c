"""Delivers JSON to a webhook, signed so that the receiver knows who sent it, what and when.

The signature is HMAC-SHA256 over the time, a full stop and the body:
``Reconciler-Signature: t=1790000000,v1=<hexadecimal>``. A receiver that was sent an ``id`` before
has the notification already: we send again after every failure that leaves this open.
"""

import hashlib
import hmac
import logging
from typing import Final

import httpx

import reconciler
from reconciler.domain import Clock, Deadline, DeadlinePassed, DeliveryCause
from reconciler.notifying.targets import ReadyWebhook

# It logs URLs at INFO.
logging.getLogger("httpx").setLevel(logging.WARNING)

SIGNATURE: Final = "Reconciler-Signature"
ATTEMPTS: Final = 4
CALL_SECONDS: Final = 5.0
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0


def deliver(
    webhook: ReadyWebhook, body: bytes, clock: Clock, deadline: Deadline
) -> DeliveryCause | None:
    """Send ``body`` until the receiver takes it, a few times at most; None if it did.

    Of an answer only the head is read.
    """
    cause: DeliveryCause | None = None
    pause = _FIRST_PAUSE
    with httpx.Client(timeout=CALL_SECONDS, follow_redirects=False) as client:
        for attempt in range(ATTEMPTS):
            if attempt:
                try:
                    deadline.wait(pause)
                except DeadlinePassed:
                    break
                pause *= 2
            cause, asked = _send(client, webhook, body, clock)
            if cause in (None, DeliveryCause.REDIRECTED, DeliveryCause.REJECTED):
                break
            pause = max(pause, min(asked, _LONGEST_PAUSE))
    return cause


def signature(key: str, at: int, body: bytes) -> str:
    """The header for ``body``, sent at ``at`` (seconds since 1970)."""
    mac = hmac.new(key.encode(), b"%d." % at + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def _send(
    client: httpx.Client, webhook: ReadyWebhook, body: bytes, clock: Clock
) -> tuple[DeliveryCause | None, float]:
    """Why it failed, and how many seconds the receiver asks us to wait."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"calendar-reconciler/{reconciler.__version__}",
        SIGNATURE: signature(webhook.hmac_key.reveal(), int(clock.now().timestamp()), body),
    }
    try:
        with client.stream("POST", webhook.url.reveal(), content=body, headers=headers) as answer:
            return _cause(answer.status_code), _asked(answer.headers.get("Retry-After", ""))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol):
        return DeliveryCause.NOT_REACHED, 0.0
    except (httpx.HTTPError, httpx.InvalidURL):
        return DeliveryCause.NO_ANSWER, 0.0


def _cause(status: int) -> DeliveryCause | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return DeliveryCause.REDIRECTED
    if status == 429 or status >= 500:
        return DeliveryCause.OVERLOADED
    return DeliveryCause.REJECTED


def _asked(retry_after: str) -> float:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
