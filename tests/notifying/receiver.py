"""A receiver on loopback, which verifies signatures as a user would, and how it is configured."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any, Final

from tests.recall.scripted_server import Reply, Request, Scripted, reply

HMAC_KEY: Final = "recognisable-hmac-key-0123456789abcdef"
PATH: Final = "/hook/recognisable-url-token-0123456789"


class Receiver(Scripted):
    """Takes notifications; answers 204, or what it is told to."""

    def __init__(self, *replies: Reply | Callable[[Request], Reply]) -> None:
        super().__init__(*(replies or (reply(204),)))

    @property
    def hook(self) -> str:
        return f"{self.url}{PATH}"

    def received(self) -> list[dict[str, Any]]:
        """The bodies that came, each with a signature that is right."""
        for request in self.requests:
            assert verify(request.headers["reconciler-signature"], request.body, HMAC_KEY)
        return [json.loads(request.body) for request in self.requests]

    def titles(self) -> list[tuple[str, str]]:
        return [(body["event"], body["title"]) for body in self.received()]


def verify(header: str, body: bytes, key: str) -> bool:
    """As the page says that a receiver does it."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    if abs(time.time() - int(parts["t"])) > 300:
        return False
    wanted = hmac.new(key.encode(), parts["t"].encode() + b"." + body, hashlib.sha256)
    return hmac.compare_digest(wanted.hexdigest(), parts["v1"])


WEBHOOK: Final = "notify: {hook: {webhook: {url: {env: HOOK_URL}, hmacKey: {env: HOOK_KEY}}, MORE}}"


def webhook(more: str = "privacy: ids") -> str:
    """A line for the configuration of a workspace."""
    return WEBHOOK.replace("MORE", more)
