"""What a plan or a run says of each user, one entry a line, the same for every layout."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from reconciler.applying.outcome import ActionResult, Outcome
from reconciler.planning import Action, Content, Disconnect, Pending, Plan
from reconciler.reporting import sign as signs
from reconciler.reporting.phrase import Phrase, prose
from reconciler.reporting.sign import Sign
from reconciler.reporting.wording import changes, outcomes


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


def actions(content: Content) -> list[Entry]:
    """What would be done."""
    return [
        _acting(
            action,
            signs.DISCONNECT if isinstance(action, Disconnect) else signs.UPDATE,
            changes.why(action),
        )
        for action in content.actions
    ]


def held(content: Content) -> list[Entry]:
    """What would be done but for a hold."""
    return [_acting(entry.action, signs.HELD, changes.why_held(entry)) for entry in content.blocked]


def pending(content: Content) -> list[Entry]:
    """What only the person can do."""
    return [_pending(entry) for entry in content.pending]


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


def results(results: Iterable[ActionResult]) -> list[Entry]:
    """How each action ended."""
    return [
        _acting(
            result.action,
            OUTCOME_SIGNS[result.outcome],
            (f"{outcomes.OUTCOMES[result.outcome]}, ", *outcomes.cause(result)),
            detail=result.detail,
        )
        for result in results
    ]


def by_user(*lists: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The entries of ``lists``, grouped by user and ordered by id, each group in given order."""
    groups: dict[str, list[Entry]] = {}
    for entries in lists:
        for entry in entries:
            groups.setdefault(entry.user, []).append(entry)
    return dict(sorted(groups.items()))


def source(plan: Plan, user: str) -> str | None:
    """Where the manifest of ``plan`` declares ``user``, as ``file:line:column``."""
    return plan.envelope.sources.get(user)


def _acting(action: Action, sign: Sign, why: Phrase, *, detail: str | None = None) -> Entry:
    return Entry(
        user=action.user,
        sign=sign,
        what=changes.what(action),
        why=why,
        account=action.email if isinstance(action, Disconnect) else None,
        note=action.note,
        detail=detail,
    )


def _pending(pending: Pending) -> Entry:
    return Entry(
        pending.user, signs.PENDING, f"connect {pending.platform}", changes.why_pending(pending)
    )
