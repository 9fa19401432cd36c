"""Protection: the users that the configuration excludes from every action, by patterns.

In a pattern ``*`` matches any text. We match in linear time and without regular expressions: one
with many ``*`` could take for ever on a hostile id.
"""

from collections.abc import Iterable

from reconciler.domain import CalendarUser, Connection, UnknownEmail
from reconciler.planning.suggestions import normalised


class Wildcard:
    """Literal text in which ``*`` matches any text, also none."""

    def __init__(self, pattern: str) -> None:
        self._first, *self._rest = pattern.split("*")

    def matches(self, text: str) -> bool:
        """Whether the pattern matches all of ``text``."""
        if not self._rest:
            return text == self._first
        *middle, last = self._rest
        if not text.startswith(self._first):
            return False
        at = len(self._first)
        for part in middle:
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return len(text) - len(last) >= at and text.endswith(last)


class Protection:
    """The ``protected`` patterns of a workspace.

    We compare a pattern with the external id and with the e-mail of every connection, ignoring
    case, outer space and Unicode form. One match protects the user. ``unknown_email`` decides about
    users with an unknown e-mail that a pattern could match.
    """

    def __init__(
        self, patterns: tuple[str, ...], unknown_email: UnknownEmail = UnknownEmail.HOLD
    ) -> None:
        self.patterns = patterns
        self.unknown_email = unknown_email
        self._wildcards = tuple(Wildcard(normalised(pattern)) for pattern in patterns)
        self._needs_emails = unknown_email is UnknownEmail.HOLD and any(
            _may_match_an_email(pattern) for pattern in patterns
        )

    def covers(self, user: CalendarUser) -> bool:
        """Whether the id or an e-mail of ``user`` matches a pattern."""
        if not self._wildcards:
            return False
        return any(pattern.matches(name) for name in names(user) for pattern in self._wildcards)

    def may_cover(self, user: CalendarUser) -> bool:
        """Whether an unknown e-mail of ``user`` might match: then they are held too."""
        return self._needs_emails and _email_unknown(user)

    def matching(self, rows: Iterable[CalendarUser]) -> tuple[str, ...]:
        """The patterns that cover one of ``rows``."""
        known = {name for row in rows for name in names(row)}
        both = zip(self.patterns, self._wildcards, strict=True)
        return tuple(text for text, pattern in both if any(map(pattern.matches, known)))

    def unmatched(self, users: tuple[CalendarUser, ...]) -> tuple[str, ...]:
        """The patterns without ``*`` that match none of ``users``: likely typing errors.

        If the e-mail of any user is unknown, patterns that could be an e-mail are left out.
        """
        literal = [pattern for pattern in self.patterns if "*" not in pattern]
        if not literal:
            return ()
        # Ids and e-mails are mostly equal: each text is normalised once.
        texts = {connection.email for user in users for connection in user.connections}
        texts.update([user.external_id for user in users])
        known = {normalised(text) for text in texts if text}
        if any(_lacks_email(row) for user in users for row in user.connections):
            literal = [pattern for pattern in literal if not _may_match_an_email(pattern)]
        return tuple(sorted({p for p in literal if normalised(p) not in known}))


def names(user: CalendarUser) -> list[str]:
    """What a pattern is compared with: external id and e-mails, normalised."""
    found = [normalised(c.email) for c in user.connections if c.email]
    if user.external_id is not None:
        found.append(normalised(user.external_id))
    return found


def _email_unknown(user: CalendarUser) -> bool:
    return any(map(_lacks_email, user.connections))


def _lacks_email(row: Connection) -> bool:
    return row.connected and not (row.email and row.email.strip())


def _may_match_an_email(pattern: str) -> bool:
    """Whether it could be an e-mail; literal text without an ``@`` cannot."""
    looks = normalised(pattern)
    return "*" in looks or "@" in looks
