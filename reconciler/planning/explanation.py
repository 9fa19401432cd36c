"""Explains one user: what is observed, every layer that speaks of them, and what would be done.

Everything is taken from the plan that would be made now, so that an explanation says the same.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import UNSET, Struct

from reconciler.domain import (
    PREFERENCE_FIELDS,
    CalendarUser,
    DesiredState,
    DesiredUser,
    Layer,
    LayerKind,
    ObservedState,
    Rule,
    RuleMode,
    Window,
)
from reconciler.planning.action import Action
from reconciler.planning.history import Contested, Owned, Ownership
from reconciler.planning.plan import Content, HeldAction, Notice, Pending, Unmanaged
from reconciler.planning.protection import Protection
from reconciler.planning.rules import condition_of, still_matches
from reconciler.planning.selection import UnmatchedSelector
from reconciler.planning.suggestions import differing, most_similar, normalised


class LayerState(StrEnum):
    """Whether a layer counts now, or why it does not."""

    COUNTS = "counts"
    NOT_YET = "not_yet"  # its dates lie ahead
    ENDED = "ended"  # its dates have passed
    REPORTS = "reports"  # a rule whose mode is `report`
    OVERRULED = "overruled"  # a rule, and an entry or a row comes first
    CONFLICTS = "conflicts"  # a rule that disagrees with another one
    LIST_INCOMPLETE = "list_incomplete"  # a rule, and the list is incomplete


class ExplainedLayer(Struct, frozen=True):
    """A layer, whether it counts, and which fields of the user it ``gives``."""

    layer: Layer
    state: LayerState
    gives: tuple[str, ...] = ()


class Explanation(Struct, frozen=True):
    """Everything about one ``user``.

    ``rows`` are those of a list that may not be ``complete``. ``desired`` is None if nothing is
    declared now. ``protected_by`` are the patterns that match, or may match an unknown e-mail if it
    ``may_be_protected``. ``owned`` says to which other owner the user belongs. The rest is what the
    plan has about the user; ``unmanaged`` and ``notices`` are the remarks on them.
    """

    user: str
    rows: tuple[CalendarUser, ...]
    complete: bool
    layers: tuple[ExplainedLayer, ...]
    desired: DesiredUser | None
    protected_by: tuple[str, ...]
    may_be_protected: bool
    owned: Owned | None
    actions: tuple[Action, ...]
    pending: tuple[Pending, ...]
    blocked: tuple[HeldAction, ...]
    undetermined: bool
    unmanaged: tuple[Unmanaged, ...]
    notices: tuple[Notice, ...]
    contested: Contested | None

    @property
    def converged(self) -> bool:
        """Whether the user is as declared."""
        return self.desired is not None and not (
            self.actions or self.pending or self.blocked or self.undetermined
        )


def explanation_of(
    user: str,
    content: Content,
    desired: DesiredState,
    observed: ObservedState,
    protection: Protection,
    ownership: Ownership | None,
    now: datetime,
) -> Explanation:
    """What ``content``, made of all this, has about ``user``: an external id, or Recall's own id of
    a calendar user without one.

    Raises :class:`UnmatchedSelector` for somebody who is neither declared nor listed.
    """
    rows = tuple(row for row in observed.users if row.external_id == user)
    if not rows:
        rows = tuple(r for r in observed.users if r.id == user and r.external_id is None)
    declarations = desired.declarations
    if not rows and user not in declarations.users:
        raise UnmatchedSelector(_nobody(user, desired, observed))
    wanted = desired.users.get(user)
    states = [
        *((layer, _state_of(layer, declarations.layers, now)) for layer in declarations.layers),
        *_rule_layers(user, rows, desired, observed, now),
    ]
    ids = {row.id for row in rows}
    return Explanation(
        user=user,
        rows=rows,
        complete=observed.complete,
        layers=tuple(_explained(states, wanted)),
        desired=wanted,
        protected_by=protection.matching(rows),
        may_be_protected=any(map(protection.may_cover, rows)),
        owned=None if ownership is None else ownership.others.get(user),
        actions=tuple(action for action in content.actions if action.user == user),
        pending=tuple(pending for pending in content.pending if pending.user == user),
        blocked=tuple(blocked for blocked in content.blocked if blocked.action.user == user),
        undetermined=any(entry.user == user for entry in content.undetermined),
        unmanaged=tuple(entry for entry in content.unmanaged if entry.recall_id in ids),
        notices=tuple(n for n in content.notices if user in (n.subject, *n.users)),
        contested=next((c for c in content.contested or () if c.user == user), None),
    )


def _nobody(user: str, desired: DesiredState, observed: ObservedState) -> str:
    """The error for a ``user`` that nobody is, with who may be meant."""
    said = f"no manifest declares {user!r}, and Recall.ai does not list them"
    for row in observed.users:
        if row.id == user:
            return f"{said}: it is Recall's own id of {row.external_id!r}"
    known = {*desired.declarations.users, *(row.external_id or row.id for row in observed.users)}
    if alike := sorted(name for name in known if normalised(name) == normalised(user)):
        return f"{said}; did you mean {alike[0]!r}{differing(user, alike[0])}?"
    by_email = sorted(
        {
            row.external_id or row.id
            for row in observed.users
            for connection in row.connections
            if connection.email and normalised(connection.email) == normalised(user)
        }
    )
    if by_email:
        return f"{said}; it is an e-mail of {', '.join(map(repr, by_email[:3]))}"
    similar = most_similar(user, sorted(known))
    if not similar:
        return said
    meant = ", ".join(f"{name!r}{differing(user, name)}" for name in similar)
    return f"{said}; did you mean {meant}?"


def _state_of(layer: Layer, layers: Sequence[Layer], now: datetime) -> LayerState:
    """Whether the declaration of ``layer`` counts; its first layer has the window."""
    return _by_window(
        next(first.window for first in layers if first.declaration == layer.declaration), now
    )


def _by_window(window: Window | None, now: datetime) -> LayerState:
    if window is None or window.covers(now):
        return LayerState.COUNTS
    ahead = window.start is not None and now < window.start and not window.empty
    return LayerState.NOT_YET if ahead else LayerState.ENDED


def _rule_layers(
    user: str,
    rows: Sequence[CalendarUser],
    desired: DesiredState,
    observed: ObservedState,
    now: datetime,
) -> Iterator[tuple[Layer, LayerState]]:
    """The rules that match the user, whether they count or not."""
    wanted = desired.users.get(user)
    by_rules_alone = wanted is None or any(rule.place == wanted.place for rule in wanted.rules)
    for rule in desired.declarations.rules:
        matches = any(still_matches(condition_of(rule), row) for row in rows)
        if matches and (by_rules_alone or not rule.match.unmanaged):
            yield _layer_of(rule), _state_of_rule(rule, wanted, now, complete=observed.complete)


def _state_of_rule(
    rule: Rule, wanted: DesiredUser | None, now: datetime, *, complete: bool
) -> LayerState:
    by_window = _by_window(rule.window, now)
    if by_window is not LayerState.COUNTS:
        return by_window
    if rule.mode is RuleMode.REPORT:
        return LayerState.REPORTS
    if not complete:
        return LayerState.LIST_INCOMPLETE
    if wanted is None or rule not in wanted.rules:
        return LayerState.OVERRULED
    return LayerState.CONFLICTS if rule.name in wanted.conflicting else LayerState.COUNTS


def _layer_of(rule: Rule) -> Layer:
    return Layer(
        LayerKind.RULE,
        rule.name,
        rule.place,
        0,
        rule.platforms,
        None if rule.platforms is None else rule.handover,
        rule.reason,
        rule.preferences,
        rule.window,
    )


def _explained(
    states: Sequence[tuple[Layer, LayerState]], wanted: DesiredUser | None
) -> Iterator[ExplainedLayer]:
    """The layers with what each gives: a field comes from the first layer that sets it so."""
    left = {"platforms", "handover", "reason", *PREFERENCE_FIELDS}
    for layer, state in states:
        gives: list[str] = []
        if wanted is not None and state in (LayerState.COUNTS, LayerState.CONFLICTS):
            gives = [name for name in _given(layer, wanted) if name in left]
            left.difference_update(gives)
        yield ExplainedLayer(layer, state, tuple(gives))


def _given(layer: Layer, wanted: DesiredUser) -> Iterator[str]:
    """The fields that ``layer`` sets as they are in ``wanted``."""
    is_rule = layer.kind is LayerKind.RULE
    if layer.platforms is not None and is_rule is wanted.platforms_by_rules:
        yield "platforms"
    if layer.handover is not None and layer.handover is wanted.handover:
        yield "handover"
    if layer.reason and layer.reason == wanted.reason:
        yield "reason"
    for name in PREFERENCE_FIELDS:
        own = UNSET if layer.preferences is None else getattr(layer.preferences, name)
        if own is not UNSET and own == getattr(wanted.preferences, name):
            yield name
