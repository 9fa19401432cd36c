"""A stack stays with its workspaces.

With another workspace, one update would forget everybody of the first and adopt everybody of the
other. Whoever sets ``workspace`` in the wrong stack does not mean that. Pulumi shows a program
nothing of the state, so the ledger has to know. Without a readable ledger nothing is refused.
"""

from collections.abc import Sequence

from reconciler.config import Workspace
from reconciler.engine.overrides import OTHER_WORKSPACE, in_environment
from reconciler.ledger import LedgerError, read_ledger
from reconciler.pulumi_provider.errors import invalid
from reconciler.reporting.wording import stacks


def check_workspaces(workspaces: Sequence[Workspace], owner: str) -> None:
    """Refuse a stack ``owner`` that declares other workspaces and none of its own any more.

    Raises ``InvalidInput``.
    """
    before: frozenset[str] = frozenset()
    for place in {workspace.ledger for workspace in workspaces}:
        try:
            with read_ledger(place) as ledger:
                before |= ledger.workspaces_of(owner)
        except LedgerError:
            continue
    now = frozenset(workspace.name for workspace in workspaces)
    if before and not before & now:
        raise invalid(stacks.other_workspace(owner, before, now, in_environment(OTHER_WORKSPACE)))
