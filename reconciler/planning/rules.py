"""Rules: which calendar users each selects, and what it declares for them.

A rule sees the list alone. What an entry or a row of a source says of a user comes first. A rule
may set platforms only for somebody that neither names, or where one of them says `rules: apply`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import accumulate
from typing import Final

from msgspec import UNSET, structs

from reconciler.domain import (
    PREFERENCE_FIELDS,
    CalendarUser,
    Connection,
    DesiredState,
    DesiredUser,
    Handover,
    ObservedState,
    Platform,
    Preferences,
    Rule,
    RuleEffect,
    RuleMode,
)
from reconciler.planning.action import RuleCondition
from reconciler.planning.diff import matches_declaration
from reconciler.planning.protection import Protection, Wildcard
from reconciler.planning.suggestions import normalised

_FEW: Final = 1_000
"""Up to so many users are asked one by one whether they are excepted."""


def condition_of(rule: Rule) -> RuleCondition:
    """The condition of ``rule``."""
    return RuleCondition(rule.name, rule.match, rule.excepted)


def still_matches(condition: RuleCondition, user: CalendarUser) -> bool:
    """Whether ``user`` alone fulfils ``condition``; `unmanaged` is a matter of the manifests."""
    match = condition.match
    if match.connected and not any(user.connected(platform) for platform in match.connected):
        return False
    if match.id is not None and not (
        user.external_id is not None and _pattern(match.id).matches(normalised(user.external_id))
    ):
        return False
    emails = [normalised(c.email) for c in user.connections if c.connected and c.email]
    if match.email is not None and not any(map(_pattern(match.email).matches, emails)):
        return False
    return not _excepts(Protection(condition.excepted), user)


def _excepts(exceptions: Protection, user: CalendarUser) -> bool:
    """Whether ``user`` is excepted; an e-mail that is not known may be."""
    return exceptions.covers(user) or exceptions.may_cover(user)


def with_disconnected(user: CalendarUser, disconnected: Iterable[Connection]) -> CalendarUser:
    """``user`` as rules see them in a run that has ``disconnected`` these connections of theirs.

    The connections count as they were before. A platform that is connected again counts as it is.
    """
    connected = {c.platform for c in user.connections if c.connected}
    ours = [connection for connection in disconnected if connection.platform not in connected]
    return structs.replace(user, connections=(*user.connections, *ours)) if ours else user


def _pattern(text: str) -> Wildcard:
    return Wildcard(normalised(text))


def apply_rules(
    desired: DesiredState,
    rules: Sequence[Rule],
    observed: ObservedState,
    disconnected: Mapping[str, Sequence[Connection]],
) -> DesiredState:
    """``desired`` with the users that the enforced ``rules`` declare, and the effect of each rule.

    ``observed`` is a complete list. ``disconnected`` has, by the id of the calendar user, what an
    interrupted run disconnected: its plan still holds for them when it goes on.
    """
    listed = _Listed(observed, disconnected)
    users: dict[str, DesiredUser] = dict(desired.users)
    effects: list[RuleEffect] = []
    enforced: dict[str, list[Rule]] = {}
    # Their entry is misspelt. It comes first all the same.
    meant = listed.meant(desired)
    for rule in rules:
        matched = listed.matched(rule, desired, meant)
        if rule.mode is RuleMode.ENFORCE:
            for name in (name for name in matched if name not in meant):
                enforced.setdefault(name, []).append(rule)
        alone = _ruled("", None, [rule])  # the same for all that nobody declares
        concerned, kept = [], []
        for name in matched:
            declared = desired.users.get(name)
            if declared is None:
                ruled = None if name in meant else alone
            else:
                ruled = _ruled(name, declared, [rule])
            if (declared is not None or name in meant) and _is_kept_away(rule, ruled):
                kept.append(name)
            if _concerns(ruled, listed.rows[name]):
                concerned.append(name)
        effects.append(
            RuleEffect(
                rule,
                matched,
                tuple(concerned),
                len(listed.rows),
                tuple(kept),
                takes_all_away(rule) and listed.all_reached(rule, matched),
            )
        )
    for name, for_user in enforced.items():
        ruled = _ruled(name, desired.users.get(name), for_user)
        if ruled is not None:
            users[name] = ruled
    if enforced:
        users = {name: users[name] for name in sorted(users)}
    return structs.replace(desired, users=users, effects=tuple(effects))


def takes_all_away(rule: Rule) -> bool:
    """Whether the rule acts, and wants nothing connected."""
    return rule.mode is RuleMode.ENFORCE and rule.platforms == frozenset()


def _is_kept_away(rule: Rule, ruled: DesiredUser | None) -> bool:
    """Whether a declared user gets nothing from ``rule``, or not its platforms; ``ruled`` is the
    user with what the rule adds."""
    return ruled is None or (rule.platforms is not None and not ruled.platforms_by_rules)


def _concerns(ruled: DesiredUser | None, rows: Iterable[CalendarUser]) -> bool:
    return ruled is not None and any(not matches_declaration(ruled, row) for row in rows)


class _Gathered:
    """Texts, and for each the external id that it is of."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.names: list[str] = []


class _Listed:
    """The users of a list, with the names that patterns are compared with made once."""

    def __init__(
        self, observed: ObservedState, disconnected: Mapping[str, Sequence[Connection]]
    ) -> None:
        self.rows: dict[str, list[CalendarUser]] = {}
        self._seen = self.rows if not disconnected else {}
        self._without_email: set[str] = set()
        self._connected: dict[Platform, Set[str]] = {}
        emails, former = _Gathered(), _Gathered()
        texts, names = emails.texts, emails.names
        for user in observed.users:
            name = user.external_id
            if name is None:
                continue  # nothing can be done for them
            if name in self.rows:
                self.rows[name].append(user)
            else:
                self.rows[name] = [user]
            seen = user
            if disconnected:
                seen = with_disconnected(user, disconnected.get(user.id, ()))
                self._seen.setdefault(name, []).append(seen)
            for c in seen.connections:
                email = c.email
                if not c.connected:
                    if email:
                        former.texts.append(email)
                        former.names.append(name)
                elif email:
                    texts.append(email)
                    names.append(name)
                    if email.isspace():
                        self._without_email.add(name)
                else:
                    self._without_email.add(name)
        ids = list(self.rows)
        self._ids = _Names(ids, ids)
        self._emails, self._former_emails = (
            _Names(gathered.texts, gathered.names) for gathered in (emails, former)
        )

    def meant(self, desired: DesiredState) -> Set[str]:
        """The undeclared ids of users who surely are declared under an id that is not listed: one
        that looks the same, or that is their e-mail."""
        unlisted = {normalised(name) for name in desired.users if name not in self.rows}
        found = self._ids.among(unlisted) | self._emails.among(unlisted)
        return found - desired.users.keys()

    def matched(self, rule: Rule, desired: DesiredState, meant: Set[str]) -> tuple[str, ...]:
        """The external ids that ``rule`` selects, ordered; ``meant`` are declared misspelt."""
        match = rule.match
        found: Set[str] | None = None
        if match.id is not None:
            found = self._ids.matching(match.id)
        if match.email is not None:
            by_email = self._emails.matching(match.email)
            found = by_email if found is None else found & by_email
        if match.unmanaged:
            found = (self.rows.keys() if found is None else found) - desired.users.keys() - meant
        if match.connected and found is None:
            found = self._connected_to(match.connected)
        elif match.connected:
            found = {name for name in found or () if self._is_connected(name, match.connected)}
        selected = self.rows.keys() if found is None else found
        if rule.excepted:
            selected = selected - self._excepted(rule, selected)
        return tuple(sorted(selected))

    def all_reached(self, rule: Rule, matched: Iterable[str]) -> bool:
        """Whether everybody with a connection is ``matched``, or left out by ``rule``."""
        exceptions, reached = Protection(rule.excepted), set(matched)
        return all(
            name in reached
            or not self._is_connected(name, Platform)
            or any(_excepts(exceptions, row) for row in rows)
            for name, rows in self._seen.items()
        )

    def _connected_to(self, platforms: Iterable[Platform]) -> Set[str]:
        """Who has one of ``platforms`` connected."""
        for platform in platforms:
            if platform not in self._connected:
                self._connected[platform] = {
                    name for name in self._seen if self._is_connected(name, (platform,))
                }
        return frozenset().union(*(self._connected[platform] for platform in platforms))

    def _is_connected(self, name: str, platforms: Iterable[Platform]) -> bool:
        return any(row.connected(p) for row in self._seen[name] for p in platforms)

    def _excepted(self, rule: Rule, selected: Set[str]) -> Set[str]:
        """Who of ``selected``, and perhaps of others, ``rule`` leaves out."""
        exceptions = Protection(rule.excepted)
        if len(selected) <= _FEW:
            return {
                name
                for name in selected
                if any(_excepts(exceptions, row) for row in self._seen[name])
            }
        found = {
            name
            for name in self._without_email
            if any(exceptions.may_cover(row) for row in self._seen[name])
        }
        return found.union(
            *(
                names.matching(pattern)
                for pattern in rule.excepted
                for names in (self._ids, self._emails, self._former_emails)
            )
        )


class _Names:
    """Names as patterns see them, each of an external id; made once, searched for many patterns.

    All of them are one text, because searching that is many times as fast as asking each name.
    """

    def __init__(self, texts: Sequence[str], names: Sequence[str]) -> None:
        self._compared = _compared(texts)
        self._names = names
        lines = [f"{compared}\n" for compared in self._compared]
        self._text = "\n" + "".join(lines)
        self._starts = list(accumulate(map(len, lines), initial=1))

    def among(self, compared: Set[str]) -> set[str]:
        """The external ids of the names that are in ``compared``."""
        if compared.isdisjoint(self._compared):
            return set()
        return {
            name for text, name in zip(self._compared, self._names, strict=True) if text in compared
        }

    def matching(self, pattern: str) -> set[str]:
        """The external ids of the names that ``pattern`` matches."""
        text = normalised(pattern)
        # A name that matches has this in it, between two line feeds. It is looked at again, because
        # names may have line feeds, too.
        needle = max(f"\n{text}\n".split("*"), key=len)
        wildcard, found = Wildcard(text), set()
        at = self._text.find(needle)
        while 0 <= at < len(self._text) - 1:
            index = bisect_right(self._starts, at + 1) - 1
            if wildcard.matches(self._compared[index]):
                found.add(self._names[index])
            at = self._text.find(needle, self._starts[index + 1] - 1)
        return found


def _compared(texts: Sequence[str]) -> list[str]:
    """``texts`` normalised: nearly always at once, in a fraction of the time."""
    joined = "\n".join(texts)
    if joined.isascii():
        found = [text.strip() for text in joined.lower().split("\n")]
        if len(found) == len(texts):  # none of them has a line feed
            return found
    return [normalised(text) for text in texts]


def preferences_over(near: Preferences | None, far: Preferences | None) -> Preferences | None:
    """The fields of ``near``, and those of ``far`` that it has not."""
    if near is None or far is None:
        return far if near is None else near
    return structs.replace(far, **near.present())


def _ruled(name: str, declared: DesiredUser | None, rules: Sequence[Rule]) -> DesiredUser | None:
    """The user with what ``rules`` add to the declaration; None if they add nothing.

    Rules that disagree are named in ``conflicting``. What the user then gets is the strictest of
    them, so that everything that may be lost is shown, and held.
    """
    platforms_from = [rule for rule in rules if rule.platforms is not None]
    if declared is not None and (declared.platforms is not None or not declared.takes_rules):
        if not any(rule.preferences for rule in rules):
            return None
        platforms_from = []
    own = None if declared is None else declared.preferences
    added = [name for name in PREFERENCE_FIELDS if not _sets(own, name)]
    preferences_from = [rule for rule in rules if sets_any(rule.preferences, added)]
    giving = [rule for rule in rules if rule in platforms_from or rule in preferences_from]
    if not giving:
        return None
    preferences = own
    for rule in preferences_from:
        preferences = preferences_over(preferences, rule.preferences)
    disagree = _disagreeing(platforms_from, preferences_from, added)
    base = declared or DesiredUser(name, None, Handover.WAIT, None, None, None, giving[0].place)
    ruled = structs.replace(
        base,
        reason=base.reason or giving[0].reason,
        preferences=preferences,
        rules=tuple(giving),
        conflicting=tuple(rule.name for rule in giving if rule.name in disagree),
    )
    if not platforms_from:
        return ruled
    strictest = min(platforms_from, key=lambda rule: len(rule.platforms or ()))
    return structs.replace(
        ruled,
        platforms=frozenset.intersection(
            *(rule.platforms or frozenset() for rule in platforms_from)
        ),
        handover=strictest.handover,
        reason=base.reason or strictest.reason,
        place=strictest.place,
        platforms_by_rules=True,
    )


def sets_any(preferences: Preferences | None, fields: Iterable[str]) -> bool:
    """Whether ``preferences`` has a value for one of ``fields``."""
    return any(_sets(preferences, name) for name in fields)


def _sets(preferences: Preferences | None, name: str) -> bool:
    return preferences is not None and getattr(preferences, name) is not UNSET


def disagree(one: Rule, other: Rule) -> bool:
    """Whether the two set the same field differently."""
    both = (one, other)
    platforms_from = [rule for rule in both if rule.platforms is not None]
    return bool(_disagreeing(platforms_from, both, PREFERENCE_FIELDS))


def _disagreeing(
    platforms_from: Sequence[Rule], preferences_from: Sequence[Rule], added: Iterable[str]
) -> set[str]:
    """The names of the rules that set the same field differently."""
    found: set[str] = set()
    if len({(rule.platforms, rule.handover) for rule in platforms_from}) > 1:
        found.update(rule.name for rule in platforms_from)
    for name in added:
        setters = [rule for rule in preferences_from if _sets(rule.preferences, name)]
        if len({getattr(rule.preferences, name) for rule in setters}) > 1:
            found.update(rule.name for rule in setters)
    return found
