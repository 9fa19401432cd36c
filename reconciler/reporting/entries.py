"""What a plan or a run says of each user, one entry a line, the same for every layout.

Each entry has a sign and a tone, by which a reader tells kinds of lines apart at a glance.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from reconciler.planning import (
    Action,
    Content,
    Disconnect,
    HeldAction,
    Pending,
    Plan,
    PlanChanges,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.reporting.documents import CheckState, PendingConnection
from reconciler.reporting.phrase import Phrase, prose
from reconciler.reporting.wording import changes, outcomes, runs
from reconciler.reporting.wording import pending as waiting
from reconciler.runs.history import ActionHistory, ResolvedCall, RunState
from reconciler.runs.journal import ActionResult, Outcome


class Tone(StrEnum):
    """A way to set text apart where there is colour; the values are styles of rich."""

    PLAIN = "none"
    HEADING = "bold"
    FAINT = "dim"
    GOOD = "green"
    CHANGE = "yellow"
    DANGER = "red"
    PERSON = "cyan"
    HELD = "magenta"
    ALARM = "bold red"


class Symbol(Struct, frozen=True):
    """One character in front of a line, its tone and its meaning."""

    mark: str
    tone: Tone
    meaning: str


DISCONNECT = Symbol("-", Tone.DANGER, "disconnect")
UPDATE = Symbol("~", Tone.CHANGE, "update preferences")
PENDING = Symbol("?", Tone.PERSON, "waiting for the person")
HELD = Symbol("!", Tone.HELD, "held")
UNDETERMINED = Symbol("*", Tone.CHANGE, "undetermined")
UNMANAGED = Symbol("=", Tone.FAINT, "left alone")
PLAN_SYMBOLS = (DISCONNECT, UPDATE, PENDING, HELD, UNDETERMINED)
"""The signs of a plan's entries, in the order of its legend."""

VERIFIED = Symbol("✓", Tone.GOOD, "verified")
ALREADY_ABSENT = Symbol("=", Tone.FAINT, "already done")
SKIPPED_STALE = Symbol("»", Tone.CHANGE, "skipped as stale")
FAILED = Symbol("✗", Tone.DANGER, "failed")
UNKNOWN = Symbol("?", Tone.ALARM, "unknown")
NOT_ATTEMPTED = Symbol("·", Tone.FAINT, "not attempted")
IN_DOUBT = Symbol("?", Tone.ALARM, "in doubt")
NEVER_BEGUN = Symbol("·", Tone.FAINT, "never begun")

ADDED = Symbol("+", Tone.CHANGE, "planned now, and not when the plan was made")
GONE = Symbol("-", Tone.HELD, "not planned any more")


class UserEntry(Struct, frozen=True, gc=False):
    """One line about one user. ``what`` is ours, ``account`` and ``note`` are other people's text.

    ``account`` is the e-mail of the connection that it is about, ``note`` the manifest's reason.
    """

    user: str
    symbol: Symbol
    what: str
    why: Phrase
    account: str | None = None
    note: str | None = None
    detail: str | None = None


OUTCOME_SYMBOLS: Mapping[Outcome, Symbol] = {
    Outcome.VERIFIED: VERIFIED,
    Outcome.ALREADY_ABSENT: ALREADY_ABSENT,
    Outcome.SKIPPED_STALE: SKIPPED_STALE,
    Outcome.FAILED: FAILED,
    Outcome.UNKNOWN: UNKNOWN,
    Outcome.NOT_ATTEMPTED: NOT_ATTEMPTED,
}


CHECK_SYMBOLS: Mapping[CheckState, Symbol] = {
    CheckState.OK: Symbol("✓", Tone.GOOD, "ok"),
    CheckState.WARNING: Symbol("!", Tone.CHANGE, "warning"),
    CheckState.FAILED: Symbol("✗", Tone.DANGER, "failed"),
    CheckState.SKIPPED: Symbol("·", Tone.FAINT, "skipped"),
}


RUN_TONES: Mapping[RunState, Tone] = {
    RunState.RUNNING: Tone.PERSON,
    RunState.COMPLETED: Tone.PLAIN,
    RunState.REFUSED: Tone.CHANGE,
    RunState.DECLINED: Tone.FAINT,
    RunState.STOPPED: Tone.CHANGE,
    RunState.DIED: Tone.ALARM,
}


def actions(actions: Iterable[Action]) -> list[UserEntry]:
    """What would be done."""
    return [
        _acting(
            action,
            DISCONNECT if isinstance(action, Disconnect) else UPDATE,
            changes.why(action),
        )
        for action in actions
    ]


def held(blocked: Iterable[HeldAction]) -> list[UserEntry]:
    """What would be done but for a hold."""
    return [_acting(entry.action, HELD, changes.why_held(entry)) for entry in blocked]


def pending(pending: Iterable[Pending]) -> list[UserEntry]:
    """What only the person can do."""
    return [_pending(entry) for entry in pending]


def to_connect(connections: Iterable[PendingConnection]) -> list[UserEntry]:
    """Who has to connect what, since when."""
    return [
        UserEntry(
            entry.pending.user,
            PENDING,
            f"connect {entry.platform}",
            waiting.why(entry),
            account=entry.email,
        )
        for entry in connections
    ]


def added(plan_changes: PlanChanges) -> list[UserEntry]:
    """What would be done now, and was not planned."""
    return [_acting(action, ADDED, changes.why(action)) for action in plan_changes.added]


def gone(plan_changes: PlanChanges) -> list[UserEntry]:
    """What was planned, and would not be done now."""
    return [_acting(stale.action, GONE, changes.why_gone(stale)) for stale in plan_changes.gone]


def undetermined(content: Content) -> list[UserEntry]:
    """Declared users who are missing from an incomplete list."""
    return [
        UserEntry(entry.user, UNDETERMINED, "undetermined", (changes.UNDETERMINED,))
        for entry in content.undetermined
    ]


def unmanaged(content: Content) -> list[UserEntry]:
    """What is left alone; a user without an external id goes by Recall's id."""
    return [
        UserEntry(
            entry.user or entry.recall_id,
            UNMANAGED,
            "left alone",
            (
                changes.SPARED_REASONS[entry.reason],
                *(("; connected: ", prose(", ".join(entry.platforms))) if entry.platforms else ()),
            ),
        )
        for entry in content.unmanaged
    ]


def results(
    results: Iterable[ActionResult], carried: frozenset[str] = frozenset()
) -> list[UserEntry]:
    """How each action ended; ``carried`` are the keys of those that an earlier run did."""
    return [
        _acting(
            result.action,
            OUTCOME_SYMBOLS[result.outcome],
            (
                f"{outcomes.OUTCOMES[result.outcome]}: ",
                *outcomes.cause(result),
                *_values(result.action),
                *((outcomes.CARRIED,) if result.action.key in carried else ()),
            ),
            detail=result.detail,
        )
        for result in results
    ]


def resolved(resolved: Iterable[ResolvedCall]) -> dict[str, list[UserEntry]]:
    """How the calls that dead runs left in doubt ended, by the id of the dead run."""
    by_run: dict[str, list[UserEntry]] = {}
    for entry in resolved:
        by_run.setdefault(entry.run, []).extend(results([entry.result]))
    return by_run


def past(past: ActionHistory) -> UserEntry:
    """How an action of the ledger ended, as far as is recorded."""
    if past.result is not None:
        return results([past.result])[0]
    if past.begun:
        return _acting(past.action, IN_DOUBT, (runs.IN_DOUBT, *_values(past.action)))
    return _acting(past.action, NEVER_BEGUN, (runs.NEVER_BEGUN, *_values(past.action)))


def by_user(*lists: Iterable[UserEntry]) -> dict[str, list[UserEntry]]:
    """The entries of ``lists``, grouped by user and ordered by id, each group in given order."""
    groups: dict[str, list[UserEntry]] = {}
    for entries in lists:
        for entry in entries:
            groups.setdefault(entry.user, []).append(entry)
    return dict(sorted(groups.items()))


def source(plan: Plan | None, user: str) -> str | None:
    """Where the manifest of ``plan`` declares ``user``, as ``file:line:column``."""
    return None if plan is None else plan.envelope.sources.get(user)


def _values(action: Action) -> Phrase:
    """What an update of preferences changes from what to what; nothing for a disconnect."""
    return (" (", *changes.why(action), ")") if isinstance(action, UpdatePreferences) else ()


def _acting(
    action: Action | UnknownConnection, symbol: Symbol, why: Phrase, *, detail: str | None = None
) -> UserEntry:
    return UserEntry(
        user=action.user,
        symbol=symbol,
        what=changes.what(action),
        why=why,
        account=None if isinstance(action, UpdatePreferences) else action.email,
        note=action.note,
        detail=detail,
    )


def _pending(pending: Pending) -> UserEntry:
    what = "not found" if pending.platform is None else f"connect {pending.platform}"
    return UserEntry(pending.user, PENDING, what, changes.why_pending(pending))
