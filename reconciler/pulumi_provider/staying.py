"""A stack stays with its workspaces.

One that is given another would forget all of the first and adopt all of the other in one update,
which nobody means who set ``workspace`` in the wrong stack. Pulumi shows a program nothing of the
state, so it is the ledger that remembers; where none can be read, nothing is said.
"""

from collections.abc import Iterable, Sequence

from reconciler.domain import LedgerPlace
from reconciler.engine.overrides import OTHER_WORKSPACE, in_environment
from reconciler.ledger import LedgerError, read_ledger
from reconciler.pulumi_provider.fleet import Fleet
from reconciler.pulumi_provider.judging import Demands, configured
from reconciler.pulumi_provider.saying import wrong
from reconciler.reporting.wording import stacks


def check_workspaces(fleets: Sequence[Fleet], demands: Demands) -> None:
    """Refuse a stack that declares none of its workspaces any more, but others.

    Raises ``InvalidInput``, or :class:`pulumi.RunError` where it is told already.
    """
    places = {configured(fleet, demands).ledger for fleet in fleets}
    before = _before(places, demands.owner)
    now = frozenset(fleet.workspace for fleet in fleets)
    if before and not before & now and not demands.allowed.other_workspace:
        raise wrong(
            stacks.other_workspace(demands.owner, before, now, in_environment(OTHER_WORKSPACE))
        )


def _before(places: Iterable[LedgerPlace], owner: str) -> frozenset[str]:
    known: frozenset[str] = frozenset()
    for place in places:
        try:
            with read_ledger(place) as ledger:
                known |= ledger.workspaces_of(owner)
        except LedgerError:
            continue
    return known
