"""Looks up calendar users by external id, and says what a missing connection row means.

The planner, the check for staleness and the executor all use this index, so that "two rows with one
id" means the same everywhere.

A platform without a row counts as not connected, like a row that says so: some lists leave such
rows out, and we send nothing because of one. It is weak evidence, though. So a plan names the users
that count as converged because of it. And a run does not take it for the effect of a call when more
rows are missing than one.
"""

from reconciler.domain import CalendarUser, Connection, ObservedState
from reconciler.planning.action import Action, Disconnect
from reconciler.planning.canonical import canonical_json


class UserIndex:
    """The observed calendar users by external id. Two rows with one id are ambiguous."""

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
        """The rows with the external id ``user``, in an order that does not depend on the list."""
        if user in self._several:
            return tuple(sorted(self._several[user], key=_row_order))
        row = self._first.get(user)
        return (row,) if row else ()


def connection_order(connection: Connection) -> bytes:
    """A sort key that differs for different connections, so that the API's order is no input."""
    return canonical_json(connection)


def _row_order(row: CalendarUser) -> tuple[str, bytes]:
    connections = sorted(row.connections, key=connection_order)
    return row.id, canonical_json([connections, row.preferences])


def listed_platforms(user: CalendarUser) -> frozenset[str]:
    """The platforms that ``user`` has a row for, connected or not."""
    return frozenset([connection.platform for connection in user.connections])


def has_no_row(action: Action, user: CalendarUser) -> bool:
    """Whether ``action`` disconnects a platform that ``user`` has no row for."""
    return isinstance(action, Disconnect) and action.platform not in listed_platforms(user)


def is_cut_short(action: Action, before: frozenset[str], user: CalendarUser) -> bool:
    """Whether more rows of ``user`` are missing than the one that ``action`` may remove.

    ``before`` are the platforms that had rows. A disconnect removes no row but its own. An answer
    that lacks another row is incomplete, and does not prove that the platform is disconnected.
    """
    if not isinstance(action, Disconnect) or not has_no_row(action, user):
        return False
    return bool(before - listed_platforms(user) - {action.platform})
