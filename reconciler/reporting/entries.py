"""What a plan or a run says of each user, one entry a line, the same for every layout."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from reconciler.applying.outcome import ActionResult, Outcome
from reconciler.applying.records import ActionStory, RunState, Settled
from reconciler.planning import (
    Action,
    Blocked,
    Content,
    Disconnect,
    Pending,
    Plan,
    PlanChanges,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.reporting import sign as signs
from reconciler.reporting.documents import CheckState
from reconciler.reporting.phrase import Phrase, prose
from reconciler.reporting.sign import Sign, Tone
from reconciler.reporting.wording import changes, differences, outcomes, runs


class Entry(Struct, frozen=True, gc=False):
    """One line about one user. ``what`` is ours, ``account`` and ``note`` are other people's text.

    ``account`` is the e-mail of the connection that it is about, ``note`` the manifest's reason.
    """

    user: str
    sign: Sign
    what: str
    why: Phrase
    account: str | None = None
    note: str | None = None
    detail: str | None = None


OUTCOME_SIGNS: Mapping[Outcome, Sign] = {
    Outcome.VERIFIED: signs.VERIFIED,
    Outcome.ALREADY_ABSENT: signs.ALREADY_ABSENT,
    Outcome.SKIPPED_STALE: signs.SKIPPED_STALE,
    Outcome.FAILED: signs.FAILED,
    Outcome.UNKNOWN: signs.UNKNOWN,
    Outcome.NOT_ATTEMPTED: signs.NOT_ATTEMPTED,
}


CHECK_SIGNS: Mapping[CheckState, Sign] = {
    CheckState.OK: Sign("✓", Tone.GOOD, "ok"),
    CheckState.WARNING: Sign("!", Tone.CHANGE, "warning"),
    CheckState.FAILED: Sign("✗", Tone.DANGER, "failed"),
    CheckState.SKIPPED: Sign("·", Tone.FAINT, "skipped"),
}


RUN_TONES: Mapping[RunState, Tone] = {
    RunState.RUNNING: Tone.PERSON,
    RunState.COMPLETED: Tone.PLAIN,
    RunState.REFUSED: Tone.CHANGE,
    RunState.DECLINED: Tone.FAINT,
    RunState.STOPPED: Tone.CHANGE,
    RunState.DIED: Tone.ALARM,
}


def actions(actions: Iterable[Action]) -> list[Entry]:
    """What would be done."""
    return [
        _acting(
            action,
            signs.DISCONNECT if isinstance(action, Disconnect) else signs.UPDATE,
            changes.why(action),
        )
        for action in actions
    ]


def held(blocked: Iterable[Blocked]) -> list[Entry]:
    """What would be done but for a hold."""
    return [_acting(entry.action, signs.HELD, changes.why_held(entry)) for entry in blocked]


def pending(pending: Iterable[Pending]) -> list[Entry]:
    """What only the person can do."""
    return [_pending(entry) for entry in pending]


def added(plan_changes: PlanChanges) -> list[Entry]:
    """What would be done now, and was not planned."""
    return [_acting(action, signs.ADDED, changes.why(action)) for action in plan_changes.added]


def gone(plan_changes: PlanChanges) -> list[Entry]:
    """What was planned, and would not be done now."""
    return [
        _acting(stale.action, signs.GONE, differences.why_gone(stale))
        for stale in plan_changes.gone
    ]


def undetermined(content: Content) -> list[Entry]:
    """Of whom nothing can be said."""
    return [
        Entry(entry.user, signs.UNDETERMINED, "undetermined", (changes.UNDETERMINED,))
        for entry in content.undetermined
    ]


def spared(content: Content) -> list[Entry]:
    """What is left alone; a user without an external id goes by Recall's id."""
    return [
        Entry(
            entry.user or entry.recall_id,
            signs.SPARED,
            "left alone",
            (
                changes.SPARED_REASONS[entry.reason],
                *(("; connected: ", prose(", ".join(entry.platforms))) if entry.platforms else ()),
            ),
        )
        for entry in content.spared
    ]


def results(results: Iterable[ActionResult], carried: frozenset[str] = frozenset()) -> list[Entry]:
    """How each action ended; ``carried`` are the keys of those that an earlier run ended."""
    return [
        _acting(
            result.action,
            OUTCOME_SIGNS[result.outcome],
            (
                f"{outcomes.OUTCOMES[result.outcome]}, ",
                *outcomes.cause(result),
                *((outcomes.CARRIED,) if result.action.key in carried else ()),
            ),
            detail=result.detail,
        )
        for result in results
    ]


def settled(settled: Iterable[Settled]) -> dict[str, list[Entry]]:
    """How what dead runs left in doubt turned out, by the id of the run that died."""
    by_run: dict[str, list[Entry]] = {}
    for entry in settled:
        by_run.setdefault(entry.run, []).extend(results([entry.result]))
    return by_run


def recorded(story: ActionStory) -> Entry:
    """How an action stands by what is recorded of it."""
    if story.result is not None:
        return results([story.result])[0]
    if story.begun:
        return _acting(story.action, signs.IN_DOUBT, (runs.IN_DOUBT,))
    return _acting(story.action, signs.NEVER_BEGUN, (runs.NEVER_BEGUN,))


def by_user(*lists: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The entries of ``lists``, grouped by user and ordered by id, each group in given order."""
    groups: dict[str, list[Entry]] = {}
    for entries in lists:
        for entry in entries:
            groups.setdefault(entry.user, []).append(entry)
    return dict(sorted(groups.items()))


def source(plan: Plan | None, user: str) -> str | None:
    """Where the manifest of ``plan`` declares ``user``, as ``file:line:column``."""
    return None if plan is None else plan.envelope.sources.get(user)


def _acting(
    action: Action | UnknownConnection, sign: Sign, why: Phrase, *, detail: str | None = None
) -> Entry:
    return Entry(
        user=action.user,
        sign=sign,
        what=changes.what(action),
        why=why,
        account=None if isinstance(action, UpdatePreferences) else action.email,
        note=action.note,
        detail=detail,
    )


def _pending(pending: Pending) -> Entry:
    what = "not found" if pending.platform is None else f"connect {pending.platform}"
    return Entry(pending.user, signs.PENDING, what, changes.why_pending(pending))
