"""The URL of an API of one's own, in the one form that plans and records know it by."""

from urllib.parse import urlsplit

from reconciler.config.host import in_url, is_host
from reconciler.domain import is_loopback

_PORTS = {"https": 443, "http": 80}


class UnusableUrl(Exception):
    """A base URL that cannot be used; says what is wrong with it without telling the URL."""


def normalised_base_url(text: str) -> str:
    """``https://host`` or ``https://host:port`` in lower case; ``http`` for loopback only.

    Raises :class:`UnusableUrl`.
    """
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
    if parts.query or parts.fragment or parts.path.strip("/"):
        raise UnusableUrl("holds a path, a query or a fragment")
    if not is_host(host):
        raise UnusableUrl("names no host")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnusableUrl("is http and not on loopback: the API key would travel in the clear")
    suffix = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{in_url(host)}{suffix}"
