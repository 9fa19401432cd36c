"""Who has to connect what, and since when: for reminders that people and programs send."""

from collections.abc import Iterable, Mapping, Sequence

from reconciler.domain import CalendarUser, Exit
from reconciler.engine.preview import (
    PlanInputs,
    judged_content,
    require_complete,
    unreadable,
)
from reconciler.engine.session import Session
from reconciler.ledger import LedgerError, read_ledger
from reconciler.planning import UserIndex
from reconciler.reporting import LedgerAccess, LedgerView, PendingConnection, PendingReport
from reconciler.runs import PendingKey, PendingSince


class LinkRefused(Exception):
    """No connect link is made: the user is not pending. The text says why, ``hint`` what to do.

    It is here, because every command can turn it into a status, and few make links.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


def find_pending(
    session: Session,
    inputs: PlanInputs,
    remembered: LedgerView,
    owner: str,
    selectors: Sequence[str] | None = None,
    exclusion: Sequence[str] | None = None,
) -> PendingReport:
    """The users that have to connect a wanted platform, by the plan that would be made now.

    Since when is known from the runs of ``owner``. Raises ``IncompleteList``, and
    ``planning.UnmatchedSelector``.
    """
    observed, users = inputs.observation.state, inputs.desired.users
    require_complete(observed)
    content = judged_content(session, inputs, selectors, exclusion)
    waiting = [(each, each.platform) for each in content.pending if each.platform is not None]
    keys = [(each.user, platform) for each, platform in waiting]
    since, ledger = _since(session, owner, keys, remembered)
    user_index = UserIndex(observed)
    return PendingReport(
        content.workspace,
        content.base_url,
        tuple(
            PendingConnection(
                each,
                platform,
                known_email(user_index.rows(each.user)),
                since.get((each.user, platform)),
                str(users[each.user].place),
            )
            for each, platform in waiting
        ),
        content.not_found,
        ledger,
        Exit.OK,
    )


def _since(
    session: Session, owner: str, keys: Sequence[PendingKey], view: LedgerView
) -> tuple[Mapping[PendingKey, PendingSince], LedgerView]:
    """Since when ``keys`` are pending, and what there is to say of the ledger."""
    if not keys or view.state is not LedgerAccess.READ:
        return {}, view
    name, address = session.workspace.name, session.endpoint.address
    try:
        with read_ledger(session.workspace.ledger) as ledger:
            return ledger.pending_since(name, address, owner, keys), view
    except LedgerError as error:
        return {}, unreadable(view.place, error)


def known_email(users: Iterable[CalendarUser]) -> str | None:
    """The e-mail of a connection of ``users``: of a connected one if there is any."""
    rows = [c for row in users for c in row.connections if c.email]
    rows.sort(key=lambda row: (not row.connected, row.platform))
    return rows[0].email if rows else None
