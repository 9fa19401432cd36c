"""One user explained, in machine-readable reports."""

from collections.abc import Mapping

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
from reconciler.planning import (
    Action,
    Contested,
    ExplainedLayer,
    GuardName,
    HeldAction,
    LayerState,
    Notice,
    Owned,
    Pending,
    Unmanaged,
)
from reconciler.reporting import json_ledger
from reconciler.reporting.documents import ExplanationReport
from reconciler.reporting.json_parts import ReportDocument
from reconciler.runs.history import MadeLink, PastOutcome, PendingSince


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


class ExplanationDocument(ReportDocument, frozen=True, tag="explanation", kw_only=True):
    """One user explained."""

    workspace: str
    base_url: str
    user: str
    complete: bool
    observed: tuple[ObservedUser, ...]
    layers: tuple[LayerEntry, ...]
    wanted: WantedState | None
    protected_by: tuple[str, ...]
    may_be_protected: bool
    owned: Owned | None
    contested: Contested | None
    converged: bool
    actions: tuple[Action, ...]
    blocked: tuple[HeldAction, ...]
    pending: tuple[Pending, ...]
    pending_since: Mapping[Platform, PendingSince]
    undetermined: bool
    unmanaged: tuple[Unmanaged, ...]
    notices: tuple[Notice, ...]
    refused_by: tuple[GuardName, ...]
    history: tuple[PastOutcome, ...]
    links: tuple[MadeLink, ...]
    memory: json_ledger.LedgerSection | None


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


def explanation_document(report: ExplanationReport) -> ExplanationDocument:
    """``report`` in its published form."""
    explained = report.explanation
    return ExplanationDocument(
        status=report.status,
        workspace=report.workspace,
        base_url=report.base_url,
        user=explained.user,
        complete=explained.complete,
        observed=tuple(map(observed_user, explained.rows)),
        layers=tuple(map(layer_entry, explained.layers)),
        wanted=wanted_state(explained.desired),
        protected_by=explained.protected_by,
        may_be_protected=explained.may_be_protected,
        owned=explained.owned,
        contested=explained.contested,
        converged=explained.converged,
        actions=explained.actions,
        blocked=explained.blocked,
        pending=explained.pending,
        pending_since=report.since,
        undetermined=explained.undetermined,
        unmanaged=explained.unmanaged,
        notices=explained.notices,
        refused_by=report.refused_by,
        history=report.history,
        links=report.links,
        memory=json_ledger.ledger_section(report.ledger),
    )
