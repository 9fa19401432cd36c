"""What is to be said of calls, plans and readings, before anything is judged."""

from fnmatch import fnmatchcase

from reconciler.planning import Action, Disconnect, Plan, UpdatePreferences
from tests.chaos.network import Exchange
from tests.chaos.readings import Listing, Reading, Row, connected, emails
from tests.chaos.world import Acting, Force, World, wanted


def acting(exchange: Exchange) -> Acting:
    assert isinstance(exchange.process, Acting)
    return exchange.process


def lineage(process: Acting, world: World) -> list[Acting]:
    """The process, and those that it continues, the first first."""
    found = [process]
    while found[0].resumed is not None:
        before = world.process_of(found[0].resumed)
        if before is None or before in found:
            break
        found.insert(0, before)
    return found


def family(process: Acting, world: World) -> list[Acting]:
    """Every process that acts by the plan that this one acts by: those that applied the same plan
    file, and all that resume one of them."""
    first = lineage(process, world)[0]
    return [
        other
        for other in world.processes
        if (root := lineage(other, world)[0]) is first
        or (first.saved is not None and root.saved is first.saved)
    ]


def plan_in_force(process: Acting, world: World) -> Plan | None:
    """The plan that the operator of the process let act: as it was shown when it was saved, as it
    was approved just now, or that of the run that is resumed."""
    first = lineage(process, world)[0]
    if first.saved is not None:
        return first.saved.plan
    return None if first.approved is None else first.approved.plan


def asked_for(force: Force) -> dict[str, object]:
    """What the manifests ask for, whatever they look like; not what rows of sources say."""
    found: dict[str, object] = {f"source {kind}": True for kind in force.rows}
    for name in force.names:
        declared = force.declared(name)
        assert declared is not None
        if declared.by == "row":
            continue
        platforms = wanted(declared)
        found[name] = (
            declared.by,
            platforms,
            bool(platforms) and declared.immediate,
            declared.bot_name,
        )
    return found


def brief(exchange: Exchange) -> str:
    return f"{exchange.process.name} {exchange.endpoint} {exchange.subject} {exchange.sent()}"


def same(action: Action, exchange: Exchange) -> bool:
    body = exchange.sent()
    if isinstance(action, Disconnect):
        return exchange.endpoint == "disconnect" and body == {"platform": action.platform.value}
    reported = {"preferences": action.preferences.present()}
    return exchange.endpoint == "update_user" and body == reported


def protected_by(row: Row, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern matches the user, or may match an e-mail that the row does not tell."""
    untold = any(c["connected"] and not c["email"] for c in row["connections"])
    if untold and any("@" in pattern or "*" in pattern for pattern in patterns):
        return True
    names = [*emails(row), *([row["external_id"]] if row["external_id"] else [])]
    return any(fnmatchcase(name.lower(), pattern.lower()) for name in names for pattern in patterns)


def known_rows(process: Acting, recall_id: str | None) -> list[Row]:
    """The user as the process knows him: from its list, and as read last."""
    rows = [] if process.planned_by is None else process.planned_by.rows
    found = [row for row in rows if row["id"] == recall_id]
    reading = process.readings.last(recall_id or "")
    return found if reading is None else [*found, reading.row]


def forbids(row: Row, action: Action, process: Acting) -> str | None:
    """Why ``action`` may not be done to the user as read; None where it may."""
    if row["external_id"] != action.user:
        return "another user"
    if isinstance(action, UpdatePreferences):
        return _update_forbidden(row, action)
    rows = connected(row, action.platform.value)
    if [c["id"] for c in rows] != [action.connection_id]:
        return f"connected are {rows}"
    declared = process.force.declared(action.user)
    platforms = frozenset[str]() if declared is None else wanted(declared) or frozenset[str]()
    waits = declared is not None and not declared.immediate
    missing = sorted(p for p in platforms if not connected(row, p))
    if waits and missing:
        return f"{missing} not connected"
    return None


def _update_forbidden(row: Row, action: UpdatePreferences) -> str | None:
    now = row["preferences"] or {}
    seen = action.seen.present() if action.seen is not None else {}
    return None if all(now.get(k) == v for k, v in seen.items()) else "preferences moved"


def done(action: Action, row: Row) -> bool:
    """Whether the user as read shows the action as done."""
    if row["id"] != action.recall_id:
        return False
    if isinstance(action, UpdatePreferences):
        now = row["preferences"] or {}
        return all(now.get(k) == v for k, v in action.preferences.present().items())
    ours = action.connection_id
    return not any(
        ours is None or c["id"] in (None, ours) for c in connected(row, action.platform.value)
    )


def readings_of(process: Acting, action: Action) -> list[Reading]:
    """Every reading of the action's user by the process."""
    alone = [r for r in process.readings.users if r.row["id"] == action.recall_id]
    return alone + [
        Reading(row, listing.asked_at, listing.read_at)
        for listing in process.readings.lists
        if listing.whole
        for row in _only(listing, action)
    ]


def _only(listing: Listing, action: Action) -> list[Row]:
    rows = listing.of(action.user)
    return rows if len(rows) == 1 else []
