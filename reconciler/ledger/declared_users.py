"""Owners of users, the users that were ever listed, and the rows of sources.

A user belongs to the owner that last declared them in an accepted run. A run records only what it
changes, and a run that was not accepted counts for nothing. A declared user who was listed once and
is missing now has left; one who was never listed may be misspelt.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from reconciler.domain import Platform
from reconciler.ledger.rows import insert_many, refuse_foreign_rows
from reconciler.ledger.schema import declared_users, runs, seen_users, source_rows
from reconciler.planning import Owned, Ownership


class Scope(NamedTuple):
    """Where ownership applies: a workspace, by its name, at one address."""

    workspace: str
    address: str


def read_ownership(connection: Connection, scope: Scope, owner: str) -> Ownership | None:
    """The users that belong to other owners than ``owner``; None if no owner is recorded."""
    owners = set(
        connection.execute(select(runs.c.owner).where(*_counting_runs(scope)).distinct()).scalars()
    )
    if not owners:
        return None
    if owners == {owner}:  # nearly always
        return Ownership(owner, {})
    last = _last_declarations(connection, scope)
    return Ownership(owner, {user: of for user, of in last.items() if of.owner != owner})


def declare(
    connection: Connection,
    scope: Scope,
    run: int,
    owner: str,
    declared: Mapping[str, frozenset[Platform]],
) -> None:
    """Record that ``declared`` belong to ``owner``, by the run with this number.

    Call it in the transaction that accepts the run. Users that are no longer declared stay with the
    owner that declared them last.
    """
    last = _last_declarations(connection, scope)
    changed = [
        (run, user, ",".join(_in_order(platforms)))
        for user, platforms in declared.items()
        if last.get(user) != Owned(owner, _in_order(platforms))
    ]
    insert_many(connection, declared_users, ("run", "user", "platforms"), changed)


@refuse_foreign_rows()
def _last_declarations(connection: Connection, scope: Scope) -> dict[str, Owned]:
    """The last declaration of each user."""
    rows = connection.execute(
        select(declared_users.c.user, runs.c.owner, declared_users.c.platforms)
        .join(runs, runs.c.number == declared_users.c.run)
        .where(*_counting_runs(scope))
        .order_by(runs.c.number)
    )
    return {user: Owned(owner, _unpacked(platforms)) for user, owner, platforms in rows}


def _counting_runs(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """The accepted runs there that recorded an owner."""
    return (
        runs.c.workspace == scope.workspace,
        runs.c.address == scope.address,
        runs.c.accepted,
        runs.c.owner.is_not(None),
    )


@cache
def _in_order(platforms: frozenset[Platform]) -> tuple[Platform, ...]:
    return tuple(sorted(platforms))


@cache
def _unpacked(packed: str) -> tuple[Platform, ...]:
    return tuple(Platform(name) for name in packed.split(",")) if packed else ()


_AT_ONCE: Final = 500
"""Users in one statement: some databases take no more than 999 values."""


def read_seen(connection: Connection, scope: Scope, asked: Collection[str]) -> frozenset[str]:
    """The users of ``asked`` that were listed there once."""
    return frozenset(_found(connection, scope, sorted(asked)))


def record_seen(connection: Connection, scope: Scope, seen: Collection[str]) -> None:
    """Record that ``seen`` were listed there."""
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


@refuse_foreign_rows()
def read_rows(connection: Connection, scope: Scope) -> dict[str, int]:
    """The rows of each source in the last accepted run there that read it, by its name."""
    found = connection.execute(
        select(source_rows.c.source, source_rows.c.rows)
        .join(runs, runs.c.number == source_rows.c.run)
        .where(
            runs.c.workspace == scope.workspace, runs.c.address == scope.address, runs.c.accepted
        )
        .order_by(runs.c.number)
    )
    return {row.source: row.rows for row in found}


def record_rows(connection: Connection, run: int, rows: Mapping[str, int]) -> None:
    """Record the rows of the sources that the run with this number read."""
    insert_many(
        connection,
        source_rows,
        ("run", "source", "rows"),
        [(run, name, count) for name, count in rows.items()],
    )
