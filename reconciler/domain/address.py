"""Which hosts are this machine: the one rule behind "http, and serving, on loopback only"."""

import ipaddress


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that ``host`` is; None for a name, and for what only looks like an address."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether what is sent to ``host`` stays on this machine. Asks no name server."""
    address = ip_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
