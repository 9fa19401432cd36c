"""Hosts, and the URL of an API in the one form that plans and records name it by."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PORTS: Final = {"https": 443, "http": 80}

_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
# No name ends in a number: such a host is an IPv4 address or nothing.
_NUMERIC: Final = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")


class UnusableUrl(Exception):
    """A URL that cannot be used. Says what is wrong with it without showing the URL."""


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """``host`` as an address; None for a name, and for text that only looks like an address."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether bytes sent to ``host`` stay on this machine. Asks no name server."""
    address = ip_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_host(text: str) -> bool:
    """Whether ``text`` is a host name in lower case, or an address without brackets."""
    return bool(ip_address(text)) or (bool(_NAME.fullmatch(text)) and not _NUMERIC.fullmatch(text))


def in_url(host: str) -> str:
    """``host`` as a URL writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def normalised_base_url(text: str) -> str:
    """``https://host`` or ``https://host:port`` in lower case; ``http`` for loopback only.

    Raises :class:`UnusableUrl`.
    """
    parts, host, port = _split(text)
    if parts.query or parts.fragment or parts.path.strip("/"):
        raise UnusableUrl("holds a path, a query or a fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnusableUrl("is http and not on loopback: the API key would travel in the clear")
    suffix = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{in_url(host)}{suffix}"


def check_browser_url(text: str) -> None:
    """Raise :class:`UnusableUrl` unless a browser with a secret may be sent to ``text``.

    That is any ``https://`` URL, and ``http://`` on loopback, without a fragment.
    """
    parts, host, _ = _split(text)
    if "#" in text:
        raise UnusableUrl("holds a fragment: a `#` and what follows it")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnusableUrl("is http and not on loopback: what it carries would travel in the clear")


def _split(text: str) -> tuple[SplitResult, str, int | None]:
    """The parts of a web URL, its host in lower case, and its port if it names one."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UnusableUrl("holds spaces or characters that are not ASCII")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnusableUrl("is no URL") from None
    if parts.scheme not in _PORTS:
        raise UnusableUrl("does not begin with https://")
    if "@" in parts.netloc:
        raise UnusableUrl("holds a user or a password")
    if not is_host(host):
        raise UnusableUrl("names no host")
    return parts, host, port


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of ``url``, with the scheme's default port filled in.

    Raises ValueError for a malformed URL.
    """
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)
