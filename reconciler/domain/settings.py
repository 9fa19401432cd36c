"""Small nouns of the configuration that other rooms need."""

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from reconciler.domain.count import Count


class Limits(Struct, frozen=True):
    """Limits on one run. All must hold; ``None`` is no limit, ``0`` none allowed in any fleet.

    ``max_disconnect_percent`` is of the connected google and microsoft rows of the declared
    users, ``max_fleet_shrink_percent`` of the calendar users that were declared, and of those that
    were listed, when a run was last accepted: how many of them may be missing now.
    """

    max_disconnects: Count | None = 10
    max_disconnect_percent: Count | None = 20
    max_fleet_shrink_percent: Count | None = 30


class UnknownEmail(StrEnum):
    """Whether a connected row without an e-mail holds its user back, or counts for nothing."""

    HOLD = "hold"
    IGNORE = "ignore"


COMMAND_LINE: Final = "the command line"


def stack_owner(stack: str) -> str:
    """The Pulumi stack ``ORGANIZATION/PROJECT/STACK`` as an owner."""
    return f"stack {stack}"


class SqliteFile(Struct, frozen=True):
    """An SQLite file; ``path`` is absolute."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


class PostgresqlDatabase(Struct, frozen=True):
    """A PostgreSQL database by its URL, which holds no password: libpq's environment does."""

    url: str

    def __str__(self) -> str:
        return self.url


LedgerPlace: TypeAlias = SqliteFile | PostgresqlDatabase


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
