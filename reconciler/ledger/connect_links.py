"""Which connect links were made: for which user and platform, by which account, and when.

A link is a secret that only its reader may have, so nothing of it is here.
"""

from sqlalchemy import Connection, insert, select

from reconciler.domain import Platform
from reconciler.ledger.declared_users import Scope
from reconciler.ledger.rows import refuse_foreign_rows
from reconciler.ledger.schema import connect_links
from reconciler.runs import MadeLink


def add_link(connection: Connection, scope: Scope, user: str, link: MadeLink) -> None:
    """Record that ``link`` is made for ``user``; before anybody sees it."""
    connection.execute(
        insert(connect_links).values(
            workspace=scope.workspace,
            address=scope.address,
            user=user,
            platform=link.platform.value,
            who=link.who,
            host=link.host,
            at=link.at,
        )
    )


@refuse_foreign_rows()
def read_links(connection: Connection, scope: Scope, user: str, limit: int) -> tuple[MadeLink, ...]:
    """The last links that were made for ``user`` there, newest first."""
    columns = connect_links.c
    last = (
        select(columns.platform, columns.who, columns.host, columns.at)
        .where(
            columns.workspace == scope.workspace,
            columns.address == scope.address,
            columns.user == user,
        )
        .order_by(columns.number.desc())
        .limit(limit)
    )
    return tuple(
        MadeLink(Platform(row.platform), row.who, row.host, row.at)
        for row in connection.execute(last)
    )
