"""Remarks that every plan makes: likely slips in the configuration, identities that look double."""

from reconciler.domain import ObservedState
from reconciler.planning.plan import Notice, NoticeCode
from reconciler.planning.protection import Protection
from reconciler.planning.suggestions import normalised


def notices(observed: ObservedState, protection: Protection) -> tuple[Notice, ...]:
    """What a reader should know of ``observed``. Nobody "matches nobody" in half a list."""
    unmatched = protection.unmatched(observed.users) if observed.complete else ()
    return (
        *(Notice(NoticeCode.PROTECTED_MATCHES_NOBODY, pattern) for pattern in unmatched),
        *_shared_emails(observed),
    )


def _shared_emails(observed: ObservedState) -> list[Notice]:
    """E-mails connected under several calendar users: one person, two identities, two bots."""
    owner: dict[str, str] = {}
    several: dict[str, set[str]] = {}
    for user in observed.users:
        name = user.external_id or user.id
        for connection in user.connections:
            if not connection.connected or not connection.email:
                continue
            email = normalised(connection.email)
            first = owner.setdefault(email, name)
            if first != name:
                several.setdefault(email, {first}).add(name)
    return [
        Notice(NoticeCode.EMAIL_UNDER_SEVERAL_USERS, email, tuple(sorted(users)))
        for email, users in sorted(several.items())
    ]
