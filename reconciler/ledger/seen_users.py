"""Which declared users were ever listed: who is missing now is gone, and not misspelt."""

from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from reconciler.ledger.declared_users import Scope
from reconciler.ledger.inserting import insert_many
from reconciler.ledger.schema import seen_users

_AT_ONCE: Final = 500
"""Users that one statement asks for: some databases take no more than 999 values."""


def read_seen(connection: Connection, scope: Scope, asked: Collection[str]) -> frozenset[str]:
    """Those of ``asked`` who were seen there."""
    return frozenset(_found(connection, scope, sorted(asked)))


def take_down_seen(connection: Connection, scope: Scope, seen: Collection[str]) -> None:
    """Remember that ``seen`` were listed there."""
    known = set(connection.execute(select(seen_users.c.user).where(*_there(scope))).scalars())
    new = [(*scope, user) for user in sorted(seen) if user not in known]
    insert_many(connection, seen_users, ("workspace", "address", "user"), new)


def _found(connection: Connection, scope: Scope, asked: list[str]) -> Iterator[str]:
    for first in range(0, len(asked), _AT_ONCE):
        some = asked[first : first + _AT_ONCE]
        those = select(seen_users.c.user).where(*_there(scope), seen_users.c.user.in_(some))
        yield from connection.execute(those).scalars()


def _there(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return seen_users.c.workspace == scope.workspace, seen_users.c.address == scope.address
