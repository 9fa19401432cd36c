"""One user explained, in words: sections of lines, the same for every layout."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reconciler.domain import CalendarUser, DesiredUser, LayerKind, Platform, Preferences, rfc3339
from reconciler.planning import ExplainedLayer, Explanation, LayerState
from reconciler.reporting.documents import ExplanationReport
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand, prose
from reconciler.reporting.wording import changes, connect_link, facts, guards
from reconciler.reporting.wording import pending as waiting

Section = tuple[str, list[Phrase]]

LAYERS: Final[Mapping[LayerKind, str]] = {
    LayerKind.ENTRY: "entry",
    LayerKind.ROW: "row of the source ",
    LayerKind.SOURCE: "source ",
    LayerKind.GROUP: "group ",
    LayerKind.DEFAULTS: "defaults",
    LayerKind.RULE: "rule ",
}
LAYER_STATES: Final[Mapping[LayerState, str]] = {
    LayerState.COUNTS: "",
    LayerState.NOT_YET: "does not count yet",
    LayerState.ENDED: "has ended, so it does not count",
    LayerState.REPORTS: "only reports (`mode: report`)",
    LayerState.OVERRULED: "does not apply, because an entry or a row comes first",
    LayerState.CONFLICTS: "disagrees with another rule, so what it asks for is held",
    LayerState.LIST_INCOMPLETE: "does not apply to an incomplete list",
}


def title(report: ExplanationReport) -> Phrase:
    """Who is explained, and where."""
    return (
        Foreign(report.explanation.user),
        " in workspace ",
        Foreign(report.workspace),
        " at ",
        Foreign(report.base_url),
    )


def sections(report: ExplanationReport) -> Iterator[Section]:
    """What is observed, every layer, what counts, and what would be and was done."""
    explained = report.explanation
    yield "Recall.ai lists", list(_observed(explained))
    yield (
        "The manifests say",
        [_layer(each) for each in explained.layers]
        or [("nothing: no entry, row or rule names the user",)],
    )
    yield "So they want", list(_wanted(explained))
    if remarks := list(_remarks(report)):
        yield "Also", remarks
    yield "A plan made now would", list(_planned(report))
    if report.history:
        yield (
            "Earlier runs",
            [facts.past(past) for past in report.history],
        )
    if report.links:
        yield (
            "Connect links",
            [
                (Foreign(made.at), f" {made.platform}: made by ", *connect_link.maker(made))
                for made in report.links
            ],
        )


def _observed(explained: Explanation) -> Iterator[Phrase]:
    if not explained.complete:
        yield ("an incomplete list: what is missing from it is unknown",)
    elif not explained.rows:
        yield ("no calendar user with this id",)
    for row in explained.rows:
        yield ("calendar user ", Foreign(row.id), ": ", *_connections(row))
        if row.preferences is not None:
            yield ("preferences: ", *_preferences(row.preferences))


def _connections(row: CalendarUser) -> Phrase:
    parts: list[str | Foreign | ShellCommand] = []
    for connection in row.connections:
        state = " connected" if connection.connected else " not connected"
        parts += [", " if parts else "", Foreign(connection.platform), state]
        if connection.email:
            parts += [" (", Foreign(connection.email), ")"]
    return tuple(parts) or ("no connections are listed",)


def _layer(each: ExplainedLayer) -> Phrase:
    """``group sales at groups.yaml:4:3: platforms google; gives platforms``"""
    layer = each.layer
    named = layer.kind not in (LayerKind.ENTRY, LayerKind.DEFAULTS)
    name = (Foreign(layer.name),) if named else ()
    sets = _sets(layer.platforms, layer.handover, layer.reason, layer.preferences)
    said: list[str | Foreign | ShellCommand] = [LAYERS[layer.kind], *name]
    said += [" at ", Foreign(str(layer.place)), ": ", *(sets or ("sets nothing",))]
    if layer.window is not None:
        start, end = layer.window.start, layer.window.end
        said.append("; counts")
        said.append(f" from {rfc3339(start)}" if start else "")
        said.append(f" until {rfc3339(end)}" if end else "")
    if each.state is not LayerState.COUNTS:
        said.append(f"; {LAYER_STATES[each.state]}")
    if each.gives:
        said.append(f"; gives {', '.join(each.gives)}")
    return tuple(said)


def _sets(
    platforms: Iterable[Platform] | None,
    handover: str | None,
    reason: str | None,
    preferences: Preferences | None,
) -> Phrase:
    parts: list[Phrase] = []
    if platforms is not None:
        names = ", ".join(sorted(platforms))
        parts.append((f"`platforms: [{names}]`",))
    if handover is not None:
        parts.append((f"`handover: {handover}`",))
    if reason:
        parts.append(("reason ", prose(reason)))
    if preferences is not None:
        parts.append(("preferences ", *_preferences(preferences)))
    return _joined(parts)


def _joined(parts: Iterable[Phrase]) -> Phrase:
    joined: list[str | Foreign | ShellCommand] = []
    for part in parts:
        joined += [", " if joined else "", *part]
    return tuple(joined)


def _preferences(preferences: Preferences) -> Phrase:
    return _joined(
        (f"{name} ", changes.preference_value(value))
        for name, value in preferences.present().items()
    )


def _wanted(explained: Explanation) -> Iterator[Phrase]:
    wanted = explained.desired
    if wanted is None:
        declared = bool(explained.layers)
        yield (
            "nothing now: no declaration counts, so nobody touches the user"
            if declared
            else "nothing: nobody touches the user",
        )
        return
    if wanted.platforms is None:
        yield ("nothing of the connections: they are not managed",)
    elif not wanted.platforms:
        yield ("nothing connected",)
    else:
        yield (f"connected: {', '.join(sorted(wanted.platforms))}",)
    yield from _details(wanted)


def _details(wanted: DesiredUser) -> Iterator[Phrase]:
    if wanted.platforms:
        yield (f"`handover: {wanted.handover}`",)
    if wanted.reason:
        yield ("reason: ", prose(wanted.reason))
    if wanted.preferences is not None:
        yield ("preferences: ", *_preferences(wanted.preferences))


def _remarks(report: ExplanationReport) -> Iterator[Phrase]:
    explained = report.explanation
    if explained.protected_by:
        patterns = _joined((Foreign(pattern),) for pattern in explained.protected_by)
        yield ("protected by the configuration: ", *patterns)
    if explained.may_be_protected and not explained.protected_by:
        yield ("an unknown e-mail may be a protected one (`protectedUnknownEmail: hold`)",)
    if explained.owned is not None:
        yield ("belongs to ", Foreign(explained.owned.owner))
    if explained.contested is not None:
        yield guards.disagreement(explained.contested)
    for notice in explained.notices:
        yield changes.remark(notice)
    unknown = waiting.without_history(report.ledger)
    if unknown is not None and (explained.pending or report.ledger.detail):
        yield unknown
    if report.refused_by:
        yield (f"the whole plan is refused now, by {' and '.join(report.refused_by)}",)


def _planned(report: ExplanationReport) -> Iterator[Phrase]:
    explained = report.explanation
    for action in explained.actions:
        yield (f"{changes.what(action)}: ", *changes.why(action))
    for held in explained.blocked:
        yield (f"not {changes.what(held.action)}: ", *changes.why_held(held))
    for pending in explained.pending:
        if pending.platform is None:
            yield ("do nothing: ", *changes.why_pending(pending))
            continue
        since = report.since.get(pending.platform)
        at: Phrase = () if since is None else (" (since ", Foreign(since.at), ")")
        yield (f"wait for {pending.platform}", *at, ": ", *changes.why_pending(pending))
    if explained.undetermined:
        yield ("do nothing: the user is ", changes.UNDETERMINED)
    for entry in explained.unmanaged:
        yield (
            "leave alone ",
            *changes.connected(entry),
            f": {changes.SPARED_REASONS[entry.reason]}",
        )
    nothing = not (explained.actions or explained.blocked or explained.pending)
    if explained.converged and not explained.unmanaged:
        yield ("do nothing: the user is as declared",)
    elif nothing and not (explained.unmanaged or explained.undetermined):
        yield ("do nothing",)
