"""Desired and observed in, content of a plan out. Pure: no I/O, no clock."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.domain import (
    CalendarUser,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    ObservedState,
    Platform,
)
from reconciler.planning.action import Action, ActionReason, Disconnect, UpdatePreferences
from reconciler.planning.canonical import desired_digest
from reconciler.planning.diff import (
    Difference,
    desired_shape,
    explain,
    observed_shape,
    part_of,
    restrict,
)
from reconciler.planning.guards import Evidence, judge
from reconciler.planning.history import History
from reconciler.planning.notices import notices
from reconciler.planning.plan import (
    Blocked,
    Content,
    Fleet,
    Hold,
    Judged,
    Pending,
    PendingReason,
    Undetermined,
)
from reconciler.planning.protection import Protection
from reconciler.planning.selection import select
from reconciler.planning.similar import similar_users
from reconciler.planning.spared import spared

_NO_DIFFERENCE = Difference((), (), ())


class Target(Struct, frozen=True):
    """The workspace that a plan is for: its name, and the API's address as its identity."""

    workspace: str
    base_url: str


class Roster:
    """The observed calendar users by external id. Two may share one: that is ambiguous."""

    def __init__(self, observed: ObservedState) -> None:
        self._first: dict[str, CalendarUser] = {}
        self._several: dict[str, list[CalendarUser]] = {}
        for user in observed.users:
            name = user.external_id
            if name is None:
                continue
            first = self._first.setdefault(name, user)
            if first is not user:
                self._several.setdefault(name, [first]).append(user)

    def rows(self, user: str) -> tuple[CalendarUser, ...]:
        """Whoever answers to ``user``, ordered by Recall's id."""
        if user in self._several:
            return tuple(sorted(self._several[user], key=lambda row: row.id))
        row = self._first.get(user)
        return (row,) if row else ()


def make_plan(
    target: Target,
    desired: DesiredState,
    observed: ObservedState,
    *,
    limits: Limits,
    protected: Sequence[str] = (),
    selectors: Sequence[str] | None = None,
    history: History,
) -> Content:
    """What would have to be done, what waits for a person, what is held, what is left alone.

    ``selectors`` narrow actions, pending, blocked and undetermined to the users they name
    (:mod:`selection`); guards on the fleet as a whole do not see them. Raises
    :class:`UnmatchedSelector`.
    """
    chosen = None if selectors is None else select(desired, selectors)
    protection = Protection(tuple(protected))
    roster = Roster(observed)
    comparison = _compare(target, desired, observed, roster, protection)
    actions = [a for a in comparison.actions if chosen is None or a.user in chosen]
    evidence = evidence_of(
        desired, observed, roster, limits, history, disconnects=_count_disconnects(actions)
    )
    return Content(
        format="reconciler/plan/v1",
        workspace=target.workspace,
        base_url=target.base_url,
        desired_digest=desired_digest(desired),
        configuration=Judged(limits, tuple(sorted(set(protected)))),
        selection=None if selectors is None else tuple(sorted(set(selectors))),
        fleet=Fleet(
            declared=len(desired.users),
            observed=len(observed.users),
            connections=evidence.connections,
            converged=comparison.converged,
        ),
        problems=observed.problems,
        actions=tuple(actions),
        pending=tuple(p for p in comparison.pending if chosen is None or p.user in chosen),
        blocked=tuple(b for b in comparison.blocked if chosen is None or b.action.user in chosen),
        undetermined=tuple(
            u for u in comparison.undetermined if chosen is None or u.user in chosen
        ),
        spared=spared(desired, observed),
        notices=notices(observed, protection),
        deselected=len(comparison.actions) - len(actions),
        guards=judge(evidence),
    )


def evidence_of(
    desired: DesiredState,
    observed: ObservedState,
    roster: Roster,
    limits: Limits,
    history: History,
    *,
    disconnects: int,
) -> Evidence:
    """What the guards judge when ``disconnects`` calls would be made of this fleet."""
    return Evidence(
        declared=len(desired.users),
        observed=len(observed.users),
        connections=sum(
            1
            for user in desired.users
            for row in roster.rows(user)
            for connection in row.connections
            if connection.connected and connection.platform in _MANAGED
        ),
        problems=len(observed.problems),
        disconnects=disconnects,
        limits=limits,
        history=history,
    )


class _Comparison:
    """What comparing the two states brought up, each list ordered by user."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.pending: list[Pending] = []
        self.blocked: list[Blocked] = []
        self.undetermined: list[Undetermined] = []
        self.converged = 0


def _compare(
    target: Target,
    desired: DesiredState,
    observed: ObservedState,
    roster: Roster,
    protection: Protection,
) -> _Comparison:
    found = _Comparison()
    missing: list[DesiredUser] = []
    for _, user in sorted(desired.users.items()):
        rows = roster.rows(user.id)
        if rows:
            _compare_user(target, user, rows, protection, found)
        elif observed.complete:
            missing.append(user)
        else:
            found.undetermined.append(Undetermined(user.id))
    if missing:
        found.pending.extend(_unknown_to_recall(missing, desired, observed))
        found.pending.sort(key=lambda pending: (pending.user, pending.platform))
    return found


def _compare_user(
    target: Target,
    user: DesiredUser,
    rows: tuple[CalendarUser, ...],
    protection: Protection,
    found: _Comparison,
) -> None:
    differences = [_difference(user, row) for row in rows]
    if all(difference is _NO_DIFFERENCE for difference in differences):
        found.converged += 1
        return
    # Somebody with two rows lacks a platform only where neither row has it.
    lacking = set.intersection(*(set(difference.connect) for difference in differences))
    found.pending.extend(
        Pending(user.id, platform, PendingReason.NOT_CONNECTED) for platform in sorted(lacking)
    )
    protected = any(protection.covers(row) for row in rows)
    for row, difference in zip(rows, differences, strict=True):
        for action in _actions(target, user, row, difference):
            holds = tuple(_holds(user, action, row, difference, len(rows), protected=protected))
            if holds:
                found.blocked.append(Blocked(action, holds))
            else:
                found.actions.append(action)


def _difference(user: DesiredUser, row: CalendarUser) -> Difference:
    wanted, is_now = desired_shape(user), observed_shape(user, row)
    return _NO_DIFFERENCE if wanted == is_now else explain(wanted, is_now)


def _actions(
    target: Target, user: DesiredUser, row: CalendarUser, difference: Difference
) -> Iterator[Action]:
    requires, reason = _terms(user, difference)
    for platform in difference.disconnect:
        connection = row.connected(platform)
        yield Disconnect(
            workspace=target.workspace,
            user=user.id,
            recall_id=row.id,
            platform=platform,
            connection_id=connection.id if connection else None,
            email=connection.email if connection else None,
            requires_connected=requires,
            reason=reason,
            note=user.reason,
        )
    if difference.preferences and user.preferences is not None:
        wanted = part_of(user.preferences, difference.preferences)
        yield UpdatePreferences(
            workspace=target.workspace,
            user=user.id,
            recall_id=row.id,
            preferences=wanted,
            seen=restrict(row.preferences, wanted) if row.preferences else None,
            reason=ActionReason.PREFERENCES_DIFFER,
            note=user.reason,
        )


def _terms(user: DesiredUser, difference: Difference) -> tuple[tuple[Platform, ...], ActionReason]:
    """What a disconnect of ``user`` requires to be connected, and why it is done."""
    if not user.platforms:
        return (), ActionReason.NOTHING_WANTED
    if user.handover is Handover.IMMEDIATE:
        missing = bool(difference.connect)
        return (), (ActionReason.HANDOVER_IMMEDIATE if missing else ActionReason.UNWANTED_PLATFORM)
    return tuple(sorted(user.platforms)), ActionReason.UNWANTED_PLATFORM


def _holds(
    user: DesiredUser,
    action: Action,
    row: CalendarUser,
    difference: Difference,
    rows: int,
    *,
    protected: bool,
) -> Iterator[Hold]:
    if isinstance(action, Disconnect) and difference.connect and user.handover is Handover.WAIT:
        yield Hold.HANDOVER
    if protected:
        yield Hold.PROTECTED
    if rows > 1 or (isinstance(action, Disconnect) and _ambiguous(row, action.platform)):
        yield Hold.AMBIGUOUS_IDENTITY


def _ambiguous(row: CalendarUser, platform: Platform) -> bool:
    """A person has one calendar a platform; of two the call could not say which it means."""
    return sum(1 for c in row.connections if c.connected and c.platform == platform) > 1


def _unknown_to_recall(
    missing: Sequence[DesiredUser], desired: DesiredState, observed: ObservedState
) -> Iterator[Pending]:
    similar: Mapping[str, tuple[str, ...]] = similar_users(
        (user.id for user in missing), observed.users, desired.users
    )
    for user in missing:
        for platform in sorted(user.platforms or ()):
            yield Pending(
                user.id, platform, PendingReason.UNKNOWN_TO_RECALL, similar.get(user.id, ())
            )


def _count_disconnects(actions: Sequence[Action]) -> int:
    return sum(1 for action in actions if isinstance(action, Disconnect))


_MANAGED = frozenset(platform.value for platform in Platform)
