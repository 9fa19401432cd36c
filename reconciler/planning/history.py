"""Who belongs to whom: two owners that disagree must not take turns and leave people with nothing.

A user belongs to the owner that last declared him in an acting run, which the ledger remembers.
Who declares the same platforms takes him over without a word; nobody loses anything by that.

What earlier acting runs left behind, as plain data, for the guards that remember.
"""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.domain import Count, DesiredState, Platform


class Owned(Struct, frozen=True, gc=False):
    """What ``owner`` declares of a user: exactly these platforms, in their order."""

    owner: str
    platforms: tuple[Platform, ...]


class Ownership(Struct, frozen=True):
    """Who declares now, and those who belong to ``others``: what these declare of each."""

    owner: str
    others: Mapping[str, Owned]


class Contested(Struct, frozen=True, gc=False):
    """A user who is declared otherwise ``here`` than ``there``, by whom he belongs to."""

    user: str
    here: Owned
    there: Owned


def contested(desired: DesiredState, ownership: Ownership | None) -> tuple[Contested, ...]:
    """Whom ``desired`` would take over from an owner that declares him otherwise, ordered by user.

    Nobody whose connections are unmanaged here; nobody where no ``ownership`` is known.
    """
    if ownership is None:
        return ()
    found = []
    for name in sorted(ownership.others.keys() & desired.users.keys()):
        there, wanted = ownership.others[name], desired.users[name].platforms
        if wanted is not None and wanted != set(there.platforms):
            here = Owned(ownership.owner, tuple(sorted(wanted)))
            found.append(Contested(name, here, there))
    return tuple(found)


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
