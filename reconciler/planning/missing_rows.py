"""What is believed of a platform that has no row among a user's connections.

It is taken for not connected, like a row that says so: clients were seen to get lists without
rows, and nothing is sent on that belief. But it is thin evidence, so a plan names who counts as
converged by it, and a run does not take it for the effect of a call where more rows went than one.
"""

from collections.abc import Iterator

from reconciler.domain import CalendarUser, DesiredState, Platform
from reconciler.planning.action import Action, Disconnect
from reconciler.planning.plan import Notice, NoticeCode
from reconciler.planning.roster import Roster


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


def missing_rows(desired: DesiredState, roster: Roster) -> Iterator[Notice]:
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
