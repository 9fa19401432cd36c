"""What earlier acting runs left behind, as plain data, for the guards that remember."""

from msgspec import Struct

from reconciler.domain import Count, DesiredState
from reconciler.planning.ownership import Ownership


class FleetSize(Struct, frozen=True):
    """How many calendar users the manifests declared and the list call showed."""

    declared: Count
    observed: Count


class History(Struct, frozen=True):
    """The memory that guards judge by.

    ``accepted`` is the fleet that the last acting run accepted; None where no run has, or where
    the ledger cannot be reached: what needs it is then *not judged*, which is not *passed*.
    ``seen`` are those of whom it was asked who were listed, and declared, when a run was accepted.
    ``in_doubt`` are the users, by external id and by Recall's id (either may have changed since),
    for whom a call of an earlier run may still be under way, or of which it could not be found out
    what became. ``ownership`` says who belongs to other owners than
    the one that declares now; None where no run has recorded an owner, or nobody was asked.
    """

    accepted: FleetSize | None = None
    in_doubt: frozenset[str] = frozenset()
    ownership: Ownership | None = None
    seen: frozenset[str] = frozenset()


def asked_of(desired: DesiredState) -> frozenset[str]:
    """Of whom it matters whether they were ever seen: a plan could take their absence for done."""
    unwanted = frozenset([user.id for user in desired.users.values() if not user.platforms])
    return unwanted.union(*desired.lookalikes)
