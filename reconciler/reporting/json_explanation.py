"""One user explained, as a part of machine-readable reports."""

from msgspec import Struct

from reconciler.domain import (
    CalendarUser,
    Connection,
    DesiredUser,
    Handover,
    LayerKind,
    Platform,
    Preferences,
    rfc3339,
)
from reconciler.planning import ExplainedLayer, LayerState


class LayerEntry(Struct, frozen=True):
    """What one part of the manifests says of the user; null where it says nothing."""

    kind: LayerKind
    name: str
    place: str
    state: LayerState
    gives: tuple[str, ...]
    platforms: tuple[Platform, ...] | None
    handover: Handover | None
    reason: str | None
    preferences: Preferences | None
    begins: str | None
    ends: str | None


class WantedState(Struct, frozen=True):
    """What the manifests want of the user now; ``platforms`` are null if they are not managed."""

    platforms: tuple[Platform, ...] | None
    handover: Handover
    reason: str | None
    preferences: Preferences | None
    group: str | None
    source: str | None
    rules: tuple[str, ...]
    conflicting: tuple[str, ...]


class ObservedUser(Struct, frozen=True):
    """A calendar user as the list shows them."""

    recall_id: str
    external_id: str | None
    connections: tuple[Connection, ...]
    preferences: Preferences | None


def observed_user(row: CalendarUser) -> ObservedUser:
    """``row`` by our names."""
    return ObservedUser(row.id, row.external_id, row.connections, row.preferences)


def layer_entry(each: ExplainedLayer) -> LayerEntry:
    """A layer by our names."""
    layer, window = each.layer, each.layer.window
    return LayerEntry(
        kind=layer.kind,
        name=layer.name,
        place=str(layer.place),
        state=each.state,
        gives=each.gives,
        platforms=None if layer.platforms is None else tuple(sorted(layer.platforms)),
        handover=layer.handover,
        reason=layer.reason,
        preferences=layer.preferences,
        begins=rfc3339(window.start) if window and window.start else None,
        ends=rfc3339(window.end) if window and window.end else None,
    )


def wanted_state(wanted: DesiredUser | None) -> WantedState | None:
    """What is wanted by our names; None if nothing is declared."""
    if wanted is None:
        return None
    return WantedState(
        platforms=None if wanted.platforms is None else tuple(sorted(wanted.platforms)),
        handover=wanted.handover,
        reason=wanted.reason,
        preferences=wanted.preferences,
        group=wanted.group,
        source=wanted.source,
        rules=tuple(rule.name for rule in wanted.rules),
        conflicting=wanted.conflicting,
    )
