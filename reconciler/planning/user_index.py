"""Who answers to an external id.

The planner, staleness and the executor's listing all ask here, so that "two rows with one id"
means the same wherever something is about to be done.

What is believed of a platform that has no row among a user's connections.

It is taken for not connected, like a row that says so: clients were seen to get lists without
rows, and nothing is sent on that belief. But it is thin evidence, so a plan names who counts as
converged by it, and a run does not take it for the effect of a call where more rows went than one.
"""

from collections.abc import Iterator

from reconciler.domain import CalendarUser, Connection, DesiredState, ObservedState, Platform
from reconciler.planning.action import Action, Disconnect
from reconciler.planning.canonical import canonical_json
from reconciler.planning.plan import Notice, NoticeCode


class UserIndex:
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


def listed_platforms(user: CalendarUser) -> frozenset[str]:
    """The platforms that ``user`` has a row of, connected or not."""
    return frozenset([connection.platform for connection in user.connections])


def has_no_row(action: Action, user: CalendarUser) -> bool:
    """Whether ``action`` is a disconnect of a platform of which ``user`` has no row."""
    return isinstance(action, Disconnect) and action.platform not in listed_platforms(user)


def is_cut_short(action: Action, before: frozenset[str], user: CalendarUser) -> bool:
    """Whether more of ``user`` is missing than the row that ``action`` may have taken away.

    ``before`` are the platforms that had rows. A disconnect takes no row but its own: an answer
    without another one is not whole, and does not say that the platform is disconnected.
    """
    if not isinstance(action, Disconnect) or not has_no_row(action, user):
        return False
    return bool(before - listed_platforms(user) - {action.platform})


def missing_rows(desired: DesiredState, roster: UserIndex) -> Iterator[Notice]:
    """Who counts as not connected to an unwanted platform although no row says so."""
    empty: list[str] = []
    without: dict[Platform, list[str]] = {platform: [] for platform in Platform}
    for name in sorted(desired.users):
        wanted = desired.users[name].platforms
        if wanted is None:
            continue
        unwanted = [platform for platform in Platform if platform not in wanted]
        for row in roster.rows(name):
            listed = listed_platforms(row)
            if unwanted and not listed:
                empty.append(name)
                continue
            for platform in unwanted:
                if platform not in listed:
                    without[platform].append(name)
    if empty:
        yield Notice(NoticeCode.CONNECTIONS_EMPTY, "connections", tuple(empty))
    for platform, users in without.items():
        if users:
            yield Notice(NoticeCode.PLATFORM_NOT_LISTED, platform.value, tuple(users))
