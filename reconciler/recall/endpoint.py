"""Where a workspace's API is, and with which key: the one value that both clients are made from."""

import hashlib
import hmac
import re
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput, Secret, ip_address, is_loopback, key_fault

REGIONS: tuple[str, ...] = ("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1")

_PRINTABLE_ASCII = re.compile(r"[!-~]+")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*|[0-9a-f:.]+")
_PORTS = {"https": 443, "http": 80}


class Endpoint(Struct, frozen=True):
    """The API of one workspace. Made by the three functions below, which check what they get.

    ``address`` is its identity in plans and records: ``https://us-west-2.recall.ai`` or
    ``sandbox:<id>``, never an ephemeral port. ``url`` is where bytes go, without a slash at
    its end; it equals the address but for a sandbox. ``key`` is the workspace's API key.
    ``own_url`` says that the URL was configured: what answers there may be a proxy, and the links
    in its answers may name the host behind it.
    """

    address: str
    url: str
    key: Secret
    own_url: bool = False

    def fingerprint(self) -> str:
        """Tells keys apart without telling the key: 16 hex digits of a keyed HMAC-SHA256."""
        message = f"reconciler/v1\n{self.address}".encode()
        return hmac.new(self.key.reveal().encode(), message, hashlib.sha256).digest()[:8].hex()

    @property
    def loopback(self) -> bool:
        """Whether its bytes stay on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")


def region_endpoint(region: str, key: Secret) -> Endpoint:
    """The endpoint of a Recall.ai region; raises InvalidInput for one that does not exist."""
    if region not in REGIONS:
        raise _invalid(f"unknown region {region[:80]!r}", f"one of {', '.join(REGIONS)}")
    url = f"https://{region}.recall.ai"
    return Endpoint(address=url, url=url, key=_usable(key))


def base_url_endpoint(base_url: str, key: Secret) -> Endpoint:
    """The endpoint at a URL of one's own: ``https://host[:port]``, or ``http`` on loopback.

    Raises InvalidInput for anything else: credentials never travel in the clear.
    """
    url = _checked_url(base_url)
    return Endpoint(address=url, url=url, key=_usable(key), own_url=True)


def sandbox_endpoint(id: str, url: str, key: Secret) -> Endpoint:  # noqa: A002 the state file's word
    """The endpoint of a sandbox with the id of its state file, served at ``url`` for now."""
    return Endpoint(address=f"sandbox:{id}", url=_checked_url(url), key=_usable(key))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, defaults filled in; raises ValueError for a malformed one."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)


def fits_a_header(value: str) -> bool:
    """Whether a key or token can be sent as it is: printable ASCII without spaces, not empty."""
    return _PRINTABLE_ASCII.fullmatch(value) is not None


def _checked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _invalid_url(text, "https://host or https://host:port") from None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not _is_host(host) or _has_more(parts):
        raise _invalid_url(text, "https://host or https://host:port, without path or user")
    if parts.scheme == "http" and not is_loopback(host):
        raise _invalid_url(text, "https; http is for loopback only")
    shown = f"[{host}]" if ":" in host else host
    if port is None or port == _PORTS[parts.scheme]:
        return f"{parts.scheme}://{shown}"
    return f"{parts.scheme}://{shown}:{port}"


def _is_host(host: str) -> bool:
    if not _HOST.fullmatch(host):
        return False
    if ":" in host or host.rpartition(".")[2].isdigit():
        # Only an address looks so, and HTTP libraries take it for one.
        return ip_address(host) is not None
    return True


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)


def _usable(key: Secret) -> Secret:
    # What a header cannot carry would fail later, in libraries whose errors quote the value.
    if fault := key_fault(key.reveal()):
        raise _invalid(f"the API key {fault.problem}", fault.hint)
    return key


def _invalid_url(text: str, hint: str) -> InvalidInput:
    # A URL may carry a password: only its end is told.
    return _invalid(f"unusable base URL {text.rpartition('@')[2][:80]!r}", hint)


def _invalid(message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(None, message, hint))
