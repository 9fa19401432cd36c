"""What commands that only look read from the ledger: they never write it or fail because of it."""

from msgspec import Struct

from reconciler.config import Workspace
from reconciler.domain import DesiredState
from reconciler.ledger import LedgerError, LedgerMissing, read_ledger
from reconciler.planning import History, Plan, seal, users_to_look_up
from reconciler.reporting import LedgerAccess, LedgerView


class WorkspaceHistory(Struct, frozen=True):
    """The history that guards judge by, and what to say about its ledger."""

    history: History
    ledger: LedgerView


def remember(
    workspace: Workspace,
    address: str,
    owner: str | None,
    saved: Plan | None = None,
    *,
    desired: DesiredState | None = None,
) -> WorkspaceHistory:
    """What the ledger knows of ``workspace`` at ``address``, for ``owner``.

    Without a ledger, or with one that cannot be read, the guards that need history are skipped.
    ``saved`` is a plan that is looked at: was it used? ``desired`` is what would be planned for.
    """
    asked = users_to_look_up(desired) if desired else frozenset()
    place = str(workspace.ledger)
    try:
        with read_ledger(workspace.ledger) as ledger:
            history = ledger.history(workspace.name, address, owner, asked)
            view = LedgerView(
                place,
                LedgerAccess.READ,
                dead=ledger.dead_runs(workspace.name),
                used_by=ledger.used_by(seal(saved)) if saved else None,
            )
    except LedgerMissing:
        return WorkspaceHistory(History(), LedgerView(place, LedgerAccess.NONE))
    except LedgerError as error:
        detail = f"{error} ({error.hint})" if error.hint else str(error)
        return WorkspaceHistory(History(), LedgerView(place, LedgerAccess.UNREADABLE, detail))
    return WorkspaceHistory(history, view)
