"""Who declared whom last, and with which platforms: whom a user belongs to.

A run writes down what it changes in that, and nothing of what stays. The last word on a user is
that of the last run that was let through, so that what a run wrote and did not begin is nothing.

Which declared users were ever listed: who is missing now is gone, and not misspelt.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from reconciler.domain import Platform
from reconciler.ledger.integrity import refuse_foreign_rows
from reconciler.ledger.schema import declared_users, runs, seen_users
from reconciler.ledger.upsert import insert_many
from reconciler.planning import Owned, Ownership


class Scope(NamedTuple):
    """Where users belong to somebody: a workspace, by its name, at one address."""

    workspace: str
    address: str


def read_ownership(connection: Connection, scope: Scope, owner: str) -> Ownership | None:
    """Who belongs to others than ``owner``; None where no run has recorded an owner."""
    owners = set(
        connection.execute(select(runs.c.owner).where(*_that_count(scope)).distinct()).scalars()
    )
    if not owners:
        return None
    if owners == {owner}:  # as nearly everywhere
        return Ownership(owner, {})
    last = _last_words(connection, scope)
    return Ownership(owner, {user: of for user, of in last.items() if of.owner != owner})


def declare(
    connection: Connection,
    scope: Scope,
    run: int,
    owner: str,
    declared: Mapping[str, frozenset[Platform]],
) -> None:
    """Let ``declared`` belong to ``owner``, by the run of this number.

    For the transaction that lets the run through. Who is not declared any more stays with
    whoever declared him last.
    """
    last = _last_words(connection, scope)
    changed = [
        (run, user, ",".join(_in_order(platforms)))
        for user, platforms in declared.items()
        if last.get(user) != Owned(owner, _in_order(platforms))
    ]
    insert_many(connection, declared_users, ("run", "user", "platforms"), changed)


@refuse_foreign_rows()
def _last_words(connection: Connection, scope: Scope) -> dict[str, Owned]:
    """What the last run that spoke of a user said of him."""
    rows = connection.execute(
        select(declared_users.c.user, runs.c.owner, declared_users.c.platforms)
        .join(runs, runs.c.number == declared_users.c.run)
        .where(*_that_count(scope))
        .order_by(runs.c.number)
    )
    return {user: Owned(owner, _unpacked(platforms)) for user, owner, platforms in rows}


def _that_count(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """The runs there that were let through, and say on whose behalf they acted."""
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
"""Users that one statement asks for: some databases take no more than 999 values."""


def read_seen(connection: Connection, scope: Scope, asked: Collection[str]) -> frozenset[str]:
    """Those of ``asked`` who were seen there."""
    return frozenset(_found(connection, scope, sorted(asked)))


def record_seen(connection: Connection, scope: Scope, seen: Collection[str]) -> None:
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
