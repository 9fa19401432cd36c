"""Delivers to a service that Apprise knows. It loads Apprise, which only such a target needs.

Apprise and what it uses log URLs, with the tokens in them: their loggers are silenced here, before
the first URL is parsed.
"""

import logging
import warnings
from typing import Final

from apprise import Apprise, AppriseAsset
from apprise.common import NotifyFormat, NotifyType

from reconciler.domain import DeliveryCause, Secret

for _name in ("apprise", "urllib3", "requests", "requests_oauthlib"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

with warnings.catch_warnings():
    # Loading its services imports what Python will drop one day: nothing that a user can mend.
    warnings.simplefilter("ignore")
    Apprise.instantiate("json://localhost")

_KINDS: Final = {False: NotifyType.WARNING, True: NotifyType.SUCCESS}


def _asset() -> AppriseAsset:
    """Settings of ours: no threads, no files, no redirects to hosts that nobody named."""
    # With a timeout of its own it sends from a pool, and the process waits for those threads.
    asset = AppriseAsset(async_mode=False, service_timeout=0)
    asset.app_id = "calendar-reconciler"
    asset.app_desc = "Calendar reconciler"
    asset.http_redirects = False
    return asset


def is_known(url: Secret) -> bool:
    """Whether Apprise can deliver to ``url``, as far as that is known without sending."""
    return Apprise.instantiate(url.reveal(), asset=_asset()) is not None


def deliver(url: Secret, title: str, body: str, *, good: bool) -> DeliveryCause | None:
    """Send one message, once; None if the service accepted it.

    Apprise does not say why a service did not, so nothing is sent again: it may have arrived.
    """
    sender = Apprise(asset=_asset())
    sender.add(url.reveal())
    accepted = sender.notify(
        body=body or title,
        title=title if body else "",
        body_format=NotifyFormat.TEXT,
        notify_type=_KINDS[good],
    )
    return None if accepted else DeliveryCause.NOT_ACCEPTED
