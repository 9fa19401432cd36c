"""Who may see the pages of the watch with personal data, and which requests it answers at all.

On loopback everybody on this machine may; elsewhere, only who has the bearer token. Once a token is
configured, it is asked for everywhere.
"""

import hmac
import re
from typing import Final

from msgspec import Struct

from reconciler.config.secret_source import SecretKind
from reconciler.domain import Secret, SecretFault, is_header_safe, is_loopback

_SHORTEST: Final = 16
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/?#\\\s]+))(?::[0-9]*)?")
_MADE_SO: Final = "make one with `openssl rand -hex 32`"


def _fault(text: str) -> SecretFault | None:
    if len(text) < _SHORTEST:
        return SecretFault(f"is shorter than {_SHORTEST} characters", _MADE_SO)
    if not is_header_safe(text):
        problem = "holds spaces, line ends or characters that are not ASCII"
        return SecretFault(problem, _MADE_SO)
    return None


WATCH_TOKEN: Final = SecretKind("token of the watch", _fault)


class Refusal(Struct, frozen=True):
    """An answer that refuses a request: its HTTP status, and what to do."""

    status: int
    text: str
    challenge: bool = False


class Access(Struct, frozen=True):
    """Decides about requests; ``local`` says that only this machine reaches the server."""

    local: bool
    token: Secret | None

    def to_anything(self, host: str) -> Refusal | None:
        """Whether a request for ``host`` is refused, as its header names it.

        A browser may be led here by a page whose name leads to loopback (DNS rebinding).
        """
        if self.local and not _names_this_machine(host):
            return Refusal(421, "The Host header names another machine.")
        return None

    def to_personal_data(self, authorization: str) -> Refusal | None:
        """Whether a request with this header is refused a page with personal data."""
        if self.token is None:
            if self.local:
                return None
            text = "This page holds personal data: set `watch: {token: …}` in the configuration."
            return Refusal(403, text)
        scheme, _, given = authorization.partition(" ")
        expected = self.token.reveal().encode()
        same = hmac.compare_digest(given.strip().encode(errors="surrogateescape"), expected)
        if scheme.lower() == "bearer" and same:
            return None
        return Refusal(401, "This page needs the bearer token of the watch.", challenge=True)


def _names_this_machine(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback((found[1] or found[2]).lower())
