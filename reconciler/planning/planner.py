"""Compares the desired with the observed state and makes the content of a plan."""

from collections.abc import Iterator, Sequence, Set

from msgspec import UNSET, Struct

from reconciler.domain import (
    PLATFORM_NAMES,
    CalendarUser,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    ObservedState,
    Platform,
    UnknownEmail,
)
from reconciler.planning.action import (
    Action,
    ActionReason,
    Disconnect,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.planning.canonical import desired_digest
from reconciler.planning.diff import (
    Difference,
    desired_shape,
    explain,
    matches_declaration,
    observed_shape,
    part_of,
    restrict,
)
from reconciler.planning.guards import Evidence, judge, unrecognised_rows
from reconciler.planning.history import History, contested
from reconciler.planning.holds import holds_of
from reconciler.planning.notices import (
    find_unmanaged,
    missing_rows,
    notices,
    remarks_on_declarations,
)
from reconciler.planning.plan import (
    Content,
    FleetCounts,
    HeldAction,
    HoldCause,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
    PlanConfiguration,
    PlanRule,
    PlanSource,
    Undetermined,
)
from reconciler.planning.protection import Protection
from reconciler.planning.rules import condition_of, sets_any
from reconciler.planning.selection import fleet_part
from reconciler.planning.suggestions import check_lookalikes, similar_users
from reconciler.planning.user_index import UserIndex, connection_order

_NO_DIFFERENCE = Difference((), (), ())


class Target(Struct, frozen=True):
    """The workspace that a plan is for: its name, and its API's address as its identity."""

    workspace: str
    base_url: str


def make_plan(
    target: Target,
    desired: DesiredState,
    observed: ObservedState,
    *,
    limits: Limits,
    protection: Protection,
    selectors: Sequence[str] | None = None,
    exclusion: Sequence[str] | None = None,
    history: History,
) -> Content:
    """The actions to do, what waits for a person, what is held, and what is unmanaged.

    ``selectors`` narrow actions, pending, blocked and undetermined to what they name, ``exclusion``
    to the rest (:mod:`selection`); guards on the whole fleet ignore both. Raises
    :class:`UnmatchedSelector`, and ``domain.InvalidInput`` for ids that look alike and are not all
    listed.
    """
    part = fleet_part(desired, selectors, exclusion, complete=observed.complete)
    user_index = UserIndex(observed)
    check_lookalikes(desired, observed, user_index, history.seen)
    comparison = _compare(target, desired, observed, user_index, protection, history)
    actions = [action for action in comparison.actions if part.covers_action(action)]
    evidence = evidence_of(
        desired, observed, limits, history, disconnects=_count_disconnects(actions)
    )
    return Content(
        format="reconciler/plan/v1",
        workspace=target.workspace,
        base_url=target.base_url,
        desired_digest=desired_digest(desired.declarations),
        configuration=_configuration(limits, protection),
        selection=None if selectors is None else tuple(sorted(set(selectors))),
        fleet=FleetCounts(
            declared=len(desired.users),
            observed=len(observed.users),
            connections=evidence.connections,
            converged=comparison.converged,
        ),
        problems=observed.problems,
        actions=tuple(actions),
        pending=tuple(p for p in comparison.pending if part.covers(p.user, p.platform)),
        blocked=tuple(b for b in comparison.blocked if part.covers_action(b.action)),
        undetermined=tuple(u for u in comparison.undetermined if part.may_cover(u.user)),
        unmanaged=find_unmanaged(desired, observed),
        notices=(
            *notices(observed, protection),
            *remarks_on_declarations(desired, observed),
            *missing_rows(desired, user_index),
            *comparison.notices,
        ),
        deselected=len(comparison.actions) - len(actions),
        guards=judge(evidence),
        exclusion=UNSET if exclusion is None else tuple(sorted(set(exclusion))),
        contested=evidence.contested or UNSET,
        sources=tuple(
            PlanSource(source.name, source.digest, source.rows)
            for source in desired.declarations.sources
        )
        or UNSET,
        rules=tuple(
            PlanRule(effect.rule.name, effect.rule.mode, len(effect.matched), effect.concerned)
            for effect in desired.effects
        )
        or UNSET,
        upcoming=desired.upcoming or UNSET,
    )


def evidence_of(
    desired: DesiredState,
    observed: ObservedState,
    limits: Limits,
    history: History,
    *,
    disconnects: int,
) -> Evidence:
    """The input of the guards for a plan of ``disconnects`` on this fleet."""
    return Evidence(
        declared=len(desired.declarations.users),
        observed=len(observed.users),
        connections=sum(
            1
            for user in observed.users
            if user.external_id in desired.users
            for connection in user.connections
            if connection.connected and connection.platform in PLATFORM_NAMES
        ),
        unrecognised_rows=unrecognised_rows(observed),
        problems=len(observed.problems),
        disconnects=disconnects,
        limits=limits,
        history=history,
        contested=contested(desired, history.ownership),
        rows={source.name: source.rows for source in desired.declarations.sources},
        rules=len(desired.declarations.rules),
        effects=desired.effects,
    )


class _Comparison:
    """The result of the comparison; each list is ordered by user."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.pending: list[Pending] = []
        self.blocked: list[HeldAction] = []
        self.undetermined: list[Undetermined] = []
        self.notices: list[Notice] = []
        self.converged = 0


def _compare(
    target: Target,
    desired: DesiredState,
    observed: ObservedState,
    user_index: UserIndex,
    protection: Protection,
    history: History,
) -> _Comparison:
    found = _Comparison()
    missing: list[DesiredUser] = []
    doubted = history.in_doubt
    for name in sorted(desired.users):
        user, rows = desired.users[name], user_index.rows(name)
        if rows:
            in_doubt = bool(doubted) and (name in doubted or any(row.id in doubted for row in rows))
            _compare_user(target, user, rows, protection, found, in_doubt=in_doubt)
        elif not observed.complete:
            found.undetermined.append(Undetermined(user.id))
        else:
            missing.append(user)
    if missing:
        _add_unknown_to_recall(missing, desired, observed, history.seen, found)
    return found


def _compare_user(
    target: Target,
    user: DesiredUser,
    rows: tuple[CalendarUser, ...],
    protection: Protection,
    found: _Comparison,
    *,
    in_doubt: bool,
) -> None:
    if len(rows) == 1 and matches_declaration(user, rows[0]):  # nearly every user
        found.converged += 1
        return
    differences = [_difference(user, row) for row in rows]
    # A user with two rows lacks a platform only if neither row has it.
    lacking = set.intersection(*(set(difference.connect) for difference in differences))
    found.pending.extend(
        Pending(user.id, platform, PendingReason.NOT_CONNECTED) for platform in sorted(lacking)
    )
    protected = any(protection.covers(row) for row in rows)
    may_be_protected = not protected and any(protection.may_cover(row) for row in rows)
    planned = [
        (action, row, difference)
        for row, difference in zip(rows, differences, strict=True)
        for action in _actions(target, user, row, difference)
    ]
    unknown = [
        (connection, row, _NO_DIFFERENCE)
        for row in rows
        for connection in _unknown_connections(target, user, row)
    ]
    if not (lacking or planned or unknown):
        found.converged += 1
    for action, row, difference in (*planned, *unknown):
        holds = holds_of(
            action,
            user,
            row,
            difference,
            protected=protected or may_be_protected,
            shared_id=len(rows) > 1,
            in_doubt=in_doubt,
        )
        if isinstance(action, UnknownConnection) or holds:
            cause = HoldCause.EMAIL_NOT_KNOWN if may_be_protected else UNSET
            found.blocked.append(HeldAction(action, holds, cause, user.conflicting or UNSET))
        else:
            found.actions.append(action)


def _difference(user: DesiredUser, row: CalendarUser) -> Difference:
    if matches_declaration(user, row):
        return _NO_DIFFERENCE
    return explain(desired_shape(user), observed_shape(user, row))


def _actions(
    target: Target, user: DesiredUser, row: CalendarUser, difference: Difference
) -> Iterator[Action]:
    requires, reason = _requirements(user, difference)
    rules = [rule for rule in user.rules if user.platforms_by_rules and rule.platforms is not None]
    for platform in difference.disconnect:
        connection = min(
            (c for c in row.connections if c.connected and c.platform == platform),
            key=connection_order,
        )
        yield Disconnect(
            workspace=target.workspace,
            user=user.id,
            recall_id=row.id,
            platform=platform,
            connection_id=connection.id,
            email=connection.email,
            requires_connected=requires,
            reason=reason,
            note=user.reason,
            rules=tuple(map(condition_of, rules)) or UNSET,
        )
    if difference.preferences and user.preferences is not None:
        wanted = part_of(user.preferences, difference.preferences)
        rules = [rule for rule in user.rules if sets_any(rule.preferences, difference.preferences)]
        yield UpdatePreferences(
            workspace=target.workspace,
            user=user.id,
            recall_id=row.id,
            preferences=wanted,
            seen=restrict(row.preferences, wanted) if row.preferences else None,
            reason=ActionReason.PREFERENCES_DIFFER,
            note=user.reason,
            rules=tuple(map(condition_of, rules)) or UNSET,
        )


def _unknown_connections(
    target: Target, user: DesiredUser, row: CalendarUser
) -> Iterator[UnknownConnection]:
    """Connections of ``row`` on unknown platforms, if ``user`` declares platforms."""
    if user.platforms is None:
        return
    for connection in sorted(row.connections, key=connection_order):
        if connection.connected and connection.platform not in PLATFORM_NAMES:
            yield UnknownConnection(
                workspace=target.workspace,
                user=user.id,
                recall_id=row.id,
                platform=connection.platform,
                connection_id=connection.id,
                email=connection.email,
                note=user.reason,
            )


def _requirements(
    user: DesiredUser, difference: Difference
) -> tuple[tuple[Platform, ...], ActionReason]:
    """The platforms that a disconnect of ``user`` requires to be connected, and its reason."""
    if not user.platforms:
        return (), ActionReason.NOTHING_WANTED
    if user.handover is Handover.IMMEDIATE:
        missing = bool(difference.connect)
        return (), (ActionReason.HANDOVER_IMMEDIATE if missing else ActionReason.UNWANTED_PLATFORM)
    return tuple(sorted(user.platforms)), ActionReason.UNWANTED_PLATFORM


def _add_unknown_to_recall(
    missing: Sequence[DesiredUser],
    desired: DesiredState,
    observed: ObservedState,
    seen: Set[str],
    found: _Comparison,
) -> None:
    """Add the users that Recall.ai does not list.

    Users with a wanted platform have to connect it. The others have nothing connected under that
    id. But a misspelt id must not look like a user who has left. So they count as converged only
    if they were listed once, and no listed id is similar.
    """
    similar = similar_users((user.id for user in missing), observed.users, desired.users, seen)
    for user in missing:
        alike = similar.get(user.id, ())
        if user.platforms:
            found.pending.extend(
                Pending(user.id, platform, PendingReason.UNKNOWN_TO_RECALL, alike)
                for platform in user.platforms
            )
        elif user.id in seen and not alike:
            found.converged += 1
            found.notices.append(Notice(NoticeCode.DECLARED_BUT_UNKNOWN, user.id))
        else:
            reason = PendingReason.NOT_FOUND
            found.pending.append(Pending(user.id, None, reason, alike, kind="not_found"))
    found.pending.sort(key=lambda pending: (pending.user, pending.platform or ""))


def _configuration(limits: Limits, protection: Protection) -> PlanConfiguration:
    default = protection.unknown_email is UnknownEmail.HOLD
    return PlanConfiguration(
        limits,
        tuple(sorted(set(protection.patterns))),
        UNSET if default else protection.unknown_email,
    )


def _count_disconnects(actions: Sequence[Action]) -> int:
    return sum(1 for action in actions if isinstance(action, Disconnect))
