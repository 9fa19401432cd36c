"""Why something is planned, waits, is held or is left alone; and what changed since a plan."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import UNSET, UnsetType

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import (
    Action,
    ActionReason,
    Content,
    Disconnect,
    FleetCounts,
    GuardChange,
    HeldAction,
    Hold,
    HoldCause,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
    PlanChanges,
    Stale,
    UnknownConnection,
    Unmanaged,
    UnmanagedReason,
    UpdatePreferences,
)
from reconciler.planning.selection import PLATFORM_PREFIX
from reconciler.planning.suggestions import differing
from reconciler.reporting.documents import LastPlan
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand, counted, listed, prose
from reconciler.reporting.wording.guards import JUDGEMENTS
from reconciler.reporting.wording.outcomes import meaning

ACTION_REASONS: Final[Mapping[ActionReason, str]] = {
    ActionReason.UNWANTED_PLATFORM: "not among the wanted platforms",
    ActionReason.NOTHING_WANTED: "the manifest wants nothing connected (`platforms: []`)",
    ActionReason.HANDOVER_IMMEDIATE: (
        "not among the wanted platforms, and `handover: immediate` does not wait for them"
    ),
    ActionReason.PREFERENCES_DIFFER: "the declared preferences differ",
}

HOLDS: Final[Mapping[Hold, str]] = {
    Hold.HANDOVER: "held until the wanted platform is connected (`handover: wait`)",
    Hold.PROTECTED: "held because `protected` in the configuration matches the user",
    Hold.AMBIGUOUS_IDENTITY: (
        "held because several calendar users share this id, or the user has several connections "
        "of one platform; resolve this at Recall.ai"
    ),
    Hold.UNKNOWN_PLATFORM: (
        "held because this version does not know the platform and cannot disconnect it; upgrade, "
        "or ask Recall.ai"
    ),
    Hold.IN_DOUBT: (
        "held because an earlier call for this user may still be under way, or its result is "
        "unknown"
    ),
    Hold.CONFLICTING_RULES: "held because rules disagree about this user",
}

HOLD_CAUSES: Final[Mapping[HoldCause, str]] = {
    HoldCause.EMAIL_NOT_KNOWN: (
        "held because the e-mail of a connection is unknown, and a `protected` pattern may match "
        "it (`protectedUnknownEmail: hold`)"
    ),
}
"""Said of `protected` in place of the sentence above."""

PENDING_REASONS: Final[Mapping[PendingReason, str]] = {
    PendingReason.NOT_CONNECTED: "wanted but not connected; only the person can connect it",
    PendingReason.UNKNOWN_TO_RECALL: (
        "Recall.ai has no calendar user with this id; the person must connect first"
    ),
    PendingReason.NOT_FOUND: (
        "Recall.ai has no calendar user with this id, and no earlier run saw one; correct the id, "
        "or remove the entry"
    ),
}

SPARED_REASONS: Final[Mapping[UnmanagedReason, str]] = {
    UnmanagedReason.UNMANAGED_USER: "no manifest names the user",
    UnmanagedReason.UNMANAGED_CONNECTIONS: "declared without `platforms`",
    UnmanagedReason.UNKNOWN_PLATFORM: "a platform that this version does not know",
    UnmanagedReason.NO_EXTERNAL_ID: "a calendar user without an external id cannot be managed",
}

NOTICE_SUBJECTS: Final[Mapping[NoticeCode, str]] = {
    NoticeCode.PROTECTED_MATCHES_NOBODY: "The `protected` entry ",
    NoticeCode.EXCEPT_MATCHES_NOBODY: "The `except` entry ",
    NoticeCode.SOURCE_SELECTS_NOBODY: "The source ",
    NoticeCode.EMAIL_UNDER_SEVERAL_USERS: "The e-mail ",
    NoticeCode.CONNECTIONS_EMPTY: "An empty list of ",
    NoticeCode.PLATFORM_NOT_LISTED: "The unwanted platform ",
    NoticeCode.DECLARED_BUT_UNKNOWN: "The declared user ",
}
NOTICES: Final[Mapping[NoticeCode, str]] = {
    NoticeCode.PROTECTED_MATCHES_NOBODY: "matches nobody; check the spelling",
    NoticeCode.EXCEPT_MATCHES_NOBODY: "of a rule matches nobody; check the spelling",
    NoticeCode.SOURCE_SELECTS_NOBODY: "selects no row; check the values of its `where`",
    NoticeCode.DECLARED_BUT_UNKNOWN: (
        "no longer exists at Recall.ai, so nothing is connected under this id"
    ),
    NoticeCode.CONNECTIONS_EMPTY: (
        'counts as "nothing connected" for these declared users, although no row says so'
    ),
    NoticeCode.PLATFORM_NOT_LISTED: (
        "counts as not connected for these declared users, although no row says so"
    ),
    NoticeCode.EMAIL_UNDER_SEVERAL_USERS: (
        "is connected under several calendar users, so several bots may join one meeting"
    ),
}

UNDETERMINED: Final = "missing from an incomplete list, which does not mean not connected"
IRREVERSIBLE: Final = (
    "A disconnect cannot be undone from here: only the person can connect again, in a browser."
)
INCOMPLETE: Final = (
    "The observation is incomplete. Users who are missing from it are unknown, not disconnected:"
)


def what(action: Action | UnknownConnection) -> str:
    """What ``action`` does, in a few words."""
    if isinstance(action, Disconnect):
        return f"disconnect {action.platform}"
    if isinstance(action, UnknownConnection):
        return "disconnect an unknown platform"
    return "update preferences"


def why(action: Action) -> Phrase:
    """Why ``action`` is planned; for preferences, the values now and then."""
    if isinstance(action, UpdatePreferences):
        return _preferences(action)
    reason = ACTION_REASONS[action.reason]
    if not action.requires_connected:
        return (reason,)
    wanted = " and ".join(action.requires_connected)
    verb = "is" if len(action.requires_connected) == 1 else "are"
    return (f"{reason}, done only while {wanted} {verb} connected",)


def why_pending(pending: Pending) -> Phrase:
    """Why a person must connect, and which known ids look like the unknown one."""
    reason = PENDING_REASONS[pending.reason]
    if not pending.similar:
        return (reason,)
    meant: list[str | Foreign] = []
    for name in pending.similar:
        meant += [", " if meant else "", Foreign(name), differing(pending.user, name)]
    return (f"{reason}; did you mean ", *meant, "?")


def why_held(blocked: HeldAction) -> Phrase:
    """What keeps an action back; for preferences also what it would change."""
    if isinstance(blocked.action, Disconnect):
        return holds(blocked)
    if isinstance(blocked.action, UnknownConnection):
        return ("connected: ", Foreign(blocked.action.platform), "; ", *holds(blocked))
    return (*_preferences(blocked.action), "; ", *holds(blocked))


def holds(blocked: HeldAction) -> Phrase:
    """What keeps an action back, alone."""
    said = "; ".join(_hold(hold, blocked.cause) for hold in blocked.holds)
    return (said, ": ", *listed(blocked.rules)) if blocked.rules else (said,)


def _hold(hold: Hold, cause: HoldCause | UnsetType) -> str:
    if hold is Hold.PROTECTED and cause is not UNSET:
        return HOLD_CAUSES[cause]
    return HOLDS[hold]


def remark(notice: Notice) -> Phrase:
    """A notice as a sentence."""
    subject = NOTICE_SUBJECTS[notice.code]
    before = "; did you mean " if notice.code is NoticeCode.DECLARED_BUT_UNKNOWN else ": "
    users: Phrase = (before, *listed(notice.users)) if notice.users else ()
    return (subject, Foreign(notice.subject), f" {NOTICES[notice.code]}", *users)


def selected(content: Content) -> Phrase:
    """What is selected and excluded in ``content``, and how much that leaves out."""
    selectors, exclusion = content.selection or (), content.exclusion or ()
    said: list[str | Foreign | ShellCommand] = []
    if selectors:
        said += ["Selected: ", *listed(selectors), "; "]
    if exclusion:
        said += ["excluded: " if selectors else "Excluded: ", *listed(exclusion), "; "]
    left_out = counted(content.deselected, "action")
    partly = exclusion or any(name.startswith(PLATFORM_PREFIX) for name in selectors)
    return (*said, f"{left_out}{'' if partly else ' of other users'} left out")


def contested(number: int) -> str:
    """The heading of the users that a plan would take over."""
    return f"{number} declared by another owner with other platforms"


def unmanaged_counts(unmanaged: tuple[Unmanaged, ...]) -> dict[str, int]:
    """How many are left alone for each reason, in the order of the reasons."""
    counts = Counter(entry.reason for entry in unmanaged)
    return {SPARED_REASONS[reason]: counts[reason] for reason in UnmanagedReason if counts[reason]}


IN_NO_MANIFEST: Final = "Connected and in no manifest"


def undeclared(found: tuple[Unmanaged, ...], policy: UndeclaredPolicy) -> str:
    """The heading of the users that are connected and in no manifest."""
    fails = " (`unmanaged: fail`)" if policy is UndeclaredPolicy.FAIL else ""
    return f"{IN_NO_MANIFEST}{fails}: {len(found)}"


def connected(entry: Unmanaged) -> Phrase:
    """An unmanaged user with what is connected; one without an external id goes by Recall's id."""
    nameless = entry.user is None
    name = Foreign(entry.recall_id if entry.user is None else entry.user)
    what = " without an external id" if nameless else ""
    return (name, f"{what} (", prose(", ".join(entry.platforms)), ")")


MOST_UNDECLARED: Final = 10


def first_connected(found: tuple[Unmanaged, ...]) -> Phrase:
    """The first of the users that are connected and in no manifest."""
    shown: list[str | Foreign | ShellCommand] = []
    for entry in found[:MOST_UNDECLARED]:
        shown += [", " if shown else "", *connected(entry)]
    more = len(found) - MOST_UNDECLARED
    return (*shown, f" and {more} more") if more > 0 else tuple(shown)


def _preferences(action: UpdatePreferences) -> Phrase:
    seen = action.seen.present() if action.seen else {}
    parts: list[str | Foreign] = []
    for name, value in action.preferences.present().items():
        before = preference_value(seen.get(name, UNSET))
        parts += [", " if parts else "", f"{name} ", before, " → ", preference_value(value)]
    return tuple(parts)


def preference_value(value: object) -> str | Foreign:
    """The value of a preference."""
    if isinstance(value, str):
        return Foreign(f'"{value}"')
    if value is UNSET:
        return "unset"
    if value is None:
        return "null"
    return "true" if value else "false"


HEADING: Final = "What changed since the plan was made"
NOTHING: Final = "Nothing changed since the plan was made"
MANIFESTS: Final = "The manifests changed."
CONFIGURATION: Final = "The configuration changed: limits or protected patterns."


def summary_of_change(changes: PlanChanges) -> str:
    """All of ``changes`` in a line."""
    if changes.nothing:
        fleet = _fleet(changes.then, changes.now)
        return f"{NOTHING}{f', except the fleet: {fleet}' if fleet else ''}."
    parts = {
        "added": len(changes.added),
        "gone": len(changes.gone),
        "still planned": changes.kept,
        "newly waiting for a person": len(changes.pending),
        "newly held": len(changes.blocked),
    }
    shown = ", ".join(f"{n} {name}" for name, n in parts.items() if n)
    return f"{HEADING}: {shown or 'no action'}."


def since_run(last: LastPlan) -> Phrase:
    """Before :func:`summary_of_change`, where a run recorded the earlier plan."""
    return ("Compared with run ", Foreign(last.run), " of ", Foreign(last.at), ": ")


def remarks_on_change(changes: PlanChanges) -> Iterator[str]:
    """What differs apart from the actions, a sentence each."""
    if changes.manifests:
        yield MANIFESTS
    if changes.configuration:
        yield CONFIGURATION
    if fleet := _fleet(changes.then, changes.now):
        yield f"The fleet: {fleet}."
    for change in changes.guards:
        yield guard_change(change)


def guard_change(change: GuardChange) -> str:
    """A guard whose judgement changed."""
    then, now = (
        "not asked" if judgement is None else JUDGEMENTS[judgement]
        for judgement in (change.then, change.now)
    )
    return f"{change.guard}: {then} → {now}."


def why_gone(stale: Stale) -> Phrase:
    """Why a planned action is stale now."""
    return meaning(stale.result, stale.action)


def _fleet(then: FleetCounts, now: FleetCounts) -> str:
    parts = {
        "declared": (then.declared, now.declared),
        "listed": (then.observed, now.observed),
        "connections": (then.connections, now.connections),
        "converged": (then.converged, now.converged),
    }
    return ", ".join(f"{a} → {b} {name}" for name, (a, b) in parts.items() if a != b)
