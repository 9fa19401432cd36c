"""What a plan reports and does not act on: unmanaged users, and remarks on likely mistakes."""

from collections.abc import Iterator

from reconciler.domain import CalendarUser, DesiredState, ObservedState, Platform
from reconciler.planning.plan import Notice, NoticeCode, Unmanaged, UnmanagedReason
from reconciler.planning.protection import Protection
from reconciler.planning.suggestions import normalised
from reconciler.planning.user_index import UserIndex, listed_platforms


def notices(observed: ObservedState, protection: Protection) -> tuple[Notice, ...]:
    """Remarks on ``observed``. In an incomplete list no pattern counts as matching nobody."""
    unmatched = protection.unmatched(observed.users) if observed.complete else ()
    return (
        *(Notice(NoticeCode.PROTECTED_MATCHES_NOBODY, pattern) for pattern in unmatched),
        *_shared_emails(observed),
    )


def remarks_on_declarations(desired: DesiredState, observed: ObservedState) -> Iterator[Notice]:
    """Sources and exceptions of rules in force that mean nobody: likely typing errors."""
    for source in desired.declarations.sources:
        if not source.rows:
            yield Notice(NoticeCode.SOURCE_SELECTS_NOBODY, source.name)
    excepted = {pattern for effect in desired.effects for pattern in effect.rule.excepted}
    for pattern in Protection(tuple(excepted)).unmatched(observed.users):
        yield Notice(NoticeCode.EXCEPT_MATCHES_NOBODY, pattern)


def _shared_emails(observed: ObservedState) -> list[Notice]:
    """E-mails connected under several calendar users: one person with two identities and bots."""
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


def missing_rows(desired: DesiredState, user_index: UserIndex) -> Iterator[Notice]:
    """The users that count as not connected to an unwanted platform although no row says so."""
    every = frozenset(Platform)
    empty: list[str] = []
    without: dict[Platform, list[str]] = {platform: [] for platform in Platform}
    for name in sorted(desired.users):
        wanted = desired.users[name].platforms
        if wanted is None or wanted == every:
            continue
        for row in user_index.rows(name):
            listed = listed_platforms(row)
            if listed >= every:  # nearly every row
                continue
            if not listed:
                empty.append(name)
                continue
            for platform in every - wanted - listed:
                without[platform].append(name)
    if empty:
        yield Notice(NoticeCode.CONNECTIONS_EMPTY, "connections", tuple(empty))
    for platform, users in without.items():
        if users:
            yield Notice(NoticeCode.PLATFORM_NOT_LISTED, platform.value, tuple(users))


def find_unmanaged(desired: DesiredState, observed: ObservedState) -> tuple[Unmanaged, ...]:
    """The calendar users with a connection that no manifest manages, and why; ordered by id."""
    found: list[Unmanaged] = []
    for user in observed.users:
        declared = None if user.external_id is None else desired.users.get(user.external_id)
        if declared is None:
            reason = (
                UnmanagedReason.NO_EXTERNAL_ID
                if user.external_id is None
                else UnmanagedReason.UNMANAGED_USER
            )
            found.append(Unmanaged(user.external_id, user.id, _connected(user), reason))
        elif declared.platforms is None and (platforms := _connected(user)):
            # A rule that sets preferences alone does not make anybody known to the manifests.
            by_rules_alone = any(rule.place == declared.place for rule in declared.rules)
            reason = (
                UnmanagedReason.UNMANAGED_USER
                if by_rules_alone
                else UnmanagedReason.UNMANAGED_CONNECTIONS
            )
            found.append(Unmanaged(declared.id, user.id, platforms, reason))
    found.sort(key=_order)
    return tuple(found)


def _order(entry: Unmanaged) -> tuple[str, str, tuple[str, ...], str]:
    return entry.user or "", entry.recall_id, entry.platforms, entry.reason


def _connected(user: CalendarUser) -> tuple[str, ...]:
    return tuple(sorted({c.platform for c in user.connections if c.connected}))
