"""The declared users of a workspace by id, and whether several declarations of one user agree."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from reconciler.domain import DesiredUser, Diagnostic, SourceLocation, Window
from reconciler.manifest.source import quoted

MOST_CONTRADICTIONS: Final = 10
"""Rows of a source that are named because they contradict another declaration."""

_PLATFORMS: Final = "platforms"
_HANDOVER: Final = "handover"
_PREFERENCES: Final = "preferences."


class UserRegister:
    """Takes declarations, entries before rows. Contradictions are added to ``diagnostics``.

    ``users`` has the first declaration of each id, ``others`` the further ones that say more.
    """

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self._diagnostics = diagnostics
        self.users: dict[str, DesiredUser] = {}
        self.others: dict[str, list[DesiredUser]] = {}
        self._contradictions: dict[str, int] = {}
        self._broken: dict[str, SourceLocation] = {}
        self._with_rows: set[str] = set()  # of the broken ones

    def add_broken(self, user_id: str, place: SourceLocation) -> None:
        """Add the readable id of an entry that cannot be used."""
        self._refuse_second(user_id, place)
        self._broken.setdefault(user_id, place)

    def add(self, user: DesiredUser) -> None:
        """Add a declaration of a user, unless it contradicts an earlier one."""
        first = self.users.setdefault(user.id, user)
        if user.id in self._broken:
            if first is user:
                del self.users[user.id]
            if user.source is None or user.id not in self._with_rows:
                self._refuse_second(user.id, user.place)
            if user.source is not None:
                self._with_rows.add(user.id)
            return
        if first is user:
            return
        earlier = (first, *self.others.get(user.id, ()))
        for other in earlier:
            if not _overlap(other, user):
                continue
            if other.source is None and user.source is None:
                self._refuse_second(user.id, user.place)
                return
            for field in _contradictions(other, user):
                if not any(_decides(entry, field, other, user) for entry in earlier):
                    self._refuse_contradiction(user, other, field)
                    return
        if not any(_says_as_much(other, user) for other in earlier):
            self.others.setdefault(user.id, []).append(user)

    def lookalikes(self) -> tuple[tuple[str, ...], ...]:
        """Groups of ids that look the same."""
        if len({_folded(user_id) for user_id in self.users}) == len(self.users):
            return ()
        groups: dict[str, list[str]] = {}
        for user in sorted(self.users.values(), key=lambda user: user.place):
            groups.setdefault(_folded(user.id), []).append(user.id)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    def check_contradictions(self) -> None:
        """Add an error for the contradictions that were too many to be named."""
        for source, number in self._contradictions.items():
            if number > MOST_CONTRADICTIONS:
                more = number - MOST_CONTRADICTIONS
                what = f"{more} more rows of {quoted(source)} contradict other declarations"
                self._diagnostics.append(Diagnostic(None, what, "look at the whole export"))

    def _refuse_contradiction(self, user: DesiredUser, other: DesiredUser, field: str) -> None:
        source = user.source or ""
        number = self._contradictions[source] = self._contradictions.get(source, 0) + 1
        if number <= MOST_CONTRADICTIONS:
            self._error(
                user.place,
                f"{quoted(user.id)} has other `{field}` at {other.place}:"
                f" {_value(other, field)}, not {_value(user, field)}",
                "correct one of them, or let an entry win with `sources: override`",
            )

    def _refuse_second(self, user_id: str, place: SourceLocation) -> None:
        user = self.users.get(user_id)
        first = user.place if user else self._broken.get(user_id)
        if first is not None:
            self._error(
                place,
                f"{quoted(user_id)} is declared twice, first at {first}",
                "keep one entry for each id",
            )

    def _error(self, place: SourceLocation, message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(place, message, hint))


def _overlap(one: DesiredUser, other: DesiredUser) -> bool:
    """Whether both count at some moment."""
    return not (one.window or Window()).within(other.window).empty


def _contradictions(one: DesiredUser, other: DesiredUser) -> Iterator[str]:
    """The fields that two declarations set differently; none if an entry may contradict."""
    if one.overrides_sources or other.overrides_sources:
        return
    if one.platforms is not None and other.platforms is not None:
        if one.platforms != other.platforms:
            yield _PLATFORMS
        elif one.handover is not other.handover:
            yield _HANDOVER
    if one.preferences is not None and other.preferences is not None:
        values = other.preferences.present()
        for name, value in one.preferences.present().items():
            if name in values and values[name] != value:
                yield f"{_PREFERENCES}{name}"


def _value(user: DesiredUser, field: str) -> str:
    """What ``user`` has in ``field``, as a manifest would say it."""
    if field == _PLATFORMS:
        return f"`[{', '.join(sorted(user.platforms or ()))}]`"
    if field == _HANDOVER:
        return f"`{user.handover}`"
    value = getattr(user.preferences, field.removeprefix(_PREFERENCES))
    return quoted(value) if isinstance(value, str) else f"`{str(value).lower()}`"


def _decides(entry: DesiredUser, field: str, one: DesiredUser, other: DesiredUser) -> bool:
    """Whether ``entry`` says what holds wherever ``one`` and ``other`` contradict each other."""
    shared = (one.window or Window()).within(other.window)
    if not entry.overrides_sources or shared.within(entry.window) != shared:
        return False
    if field in (_PLATFORMS, _HANDOVER):
        return entry.platforms is not None
    preferences = entry.preferences
    return preferences is not None and field.removeprefix(_PREFERENCES) in preferences.present()


def _says_as_much(one: DesiredUser, other: DesiredUser) -> bool:
    """Whether ``other`` adds nothing to ``one``: the row of a person who has several.

    One of another source adds that source: the user can be selected by both.
    """
    return (
        one.window == other.window
        and one.source == other.source
        and one.platforms == other.platforms
        and one.preferences == other.preferences
        and one.takes_rules >= other.takes_rules
    )


def _folded(user_id: str) -> str:
    if user_id.isascii():
        return user_id.lower().strip()
    folded = unicodedata.normalize("NFKC", user_id).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
