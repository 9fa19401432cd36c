"""What can be the name or the address of a host."""

import re

from reconciler.domain import ip_address

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
# No name ends in a number: such a host is an IPv4 address, or nothing.
_NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")


def is_host(text: str) -> bool:
    """Whether ``text`` is a name in lower case, or an address without brackets."""
    return bool(ip_address(text)) or (bool(_NAME.fullmatch(text)) and not _NUMERIC.fullmatch(text))


def in_url(host: str) -> str:
    """``host`` as a URL writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
