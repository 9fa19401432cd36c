"""Who answers to an external id.

The planner, staleness and the executor's listing all ask here, so that "two rows with one id"
means the same wherever something is about to be done.
"""

from reconciler.domain import CalendarUser, Connection, ObservedState
from reconciler.planning.canonical import canonical_json


class Roster:
    """The observed calendar users by external id. Two rows may share one: that is ambiguous."""

    def __init__(self, observed: ObservedState) -> None:
        self._first: dict[str, CalendarUser] = {}
        self._several: dict[str, list[CalendarUser]] = {}
        for user in observed.users:
            name = user.external_id
            if name is None:
                continue
            if name in self._first:
                self._several.setdefault(name, [self._first[name]]).append(user)
            else:
                self._first[name] = user

    def rows(self, user: str) -> tuple[CalendarUser, ...]:
        """Whoever answers to ``user``, in an order that does not depend on the list's."""
        if user in self._several:
            return tuple(sorted(self._several[user], key=_row_order))
        row = self._first.get(user)
        return (row,) if row else ()


def connection_order(connection: Connection) -> bytes:
    """A sort key that ties only connections that are equal, so that the API's order is no input."""
    return canonical_json(connection)


def _row_order(row: CalendarUser) -> tuple[str, bytes]:
    connections = sorted(row.connections, key=connection_order)
    return row.id, canonical_json([connections, row.preferences])
