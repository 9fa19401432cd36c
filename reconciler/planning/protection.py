"""Whom the configuration protects: nothing of them is ever touched."""

from reconciler.domain import CalendarUser
from reconciler.planning.similar import normalised
from reconciler.planning.wildcard import Wildcard


class Protection:
    """The ``protected`` patterns of a workspace.

    A pattern is literal text in which ``*`` stands for anything; it is compared, ignoring case,
    outer space and Unicode form, with the external id and with the e-mail of every connection.
    One match protects the user.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns
        self._wildcards = tuple(Wildcard(normalised(pattern)) for pattern in patterns)

    def covers(self, user: CalendarUser) -> bool:
        """Whether any name of ``user`` matches."""
        if not self._wildcards:
            return False
        return any(pattern.matches(name) for name in names(user) for pattern in self._wildcards)

    def unmatched(self, users: tuple[CalendarUser, ...]) -> tuple[str, ...]:
        """The patterns without ``*`` that name none of ``users``: likely a slip of the pen."""
        literal = [pattern for pattern in self.patterns if "*" not in pattern]
        if not literal:
            return ()
        known = {name for user in users for name in names(user)}
        return tuple(sorted({p for p in literal if normalised(p) not in known}))


def names(user: CalendarUser) -> list[str]:
    """What a pattern is held against: external id and e-mails, normalised."""
    found = [normalised(c.email) for c in user.connections if c.email]
    if user.external_id is not None:
        found.append(normalised(user.external_id))
    return found
