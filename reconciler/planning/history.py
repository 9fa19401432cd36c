"""What guards need from earlier runs, as plain data: owners, the accepted fleet, calls in doubt.

A user belongs to the owner that last declared them in a run. Two owners that disagree must not take
turns and leave users with nothing connected. If both declare the same platforms, ownership moves
silently: nobody loses anything.
"""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.domain import Count, Declarations, DesiredState, Platform


class Owned(Struct, frozen=True, gc=False):
    """The platforms that ``owner`` declares for a user, in their order."""

    owner: str
    platforms: tuple[Platform, ...]


class Ownership(Struct, frozen=True):
    """The ``owner`` that declares now, and the users of ``others`` with what those declare."""

    owner: str
    others: Mapping[str, Owned]


class Contested(Struct, frozen=True, gc=False):
    """A user that this owner (``here``) declares differently from their owner (``there``)."""

    user: str
    here: Owned
    there: Owned


def contested(desired: DesiredState, ownership: Ownership | None) -> tuple[Contested, ...]:
    """The users that ``desired`` would take over from an owner that declares them differently.

    Ordered by user. Empty where no ``ownership`` is known; without users whose connections are
    unmanaged here.
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
    """What the ledger knows from earlier runs.

    ``accepted`` is the fleet of the last accepted run; None if there is none, or if the ledger
    cannot be reached: guards that need it are then *not judged*, which is not *passed*. ``seen``
    are the users, of those that we looked up, that were declared and listed in an accepted run.
    ``in_doubt`` are the users with a call of an earlier run that may still be in progress, or whose
    effect could not be found out; by external id and by Recall's id, because either may have
    changed. ``rows`` says how many rows each source had in the last accepted run that read it.
    ``disconnects_of_the_day`` counts what runs disconnected, or may have, within the last 24 hours;
    None if it is not known. ``ownership`` says which users belong to other owners; None if no run
    has recorded an owner, or if we did not look it up.
    """

    accepted: FleetSize | None = None
    in_doubt: frozenset[str] = frozenset()
    ownership: Ownership | None = None
    seen: frozenset[str] = frozenset()
    rows: Mapping[str, Count] = {}
    disconnects_of_the_day: Count | None = None


def users_to_look_up(declarations: Declarations) -> frozenset[str]:
    """The users whose absence could look like "done": look up whether they were ever seen."""
    unwanted = frozenset([user.id for user in declarations.users.values() if not user.platforms])
    return unwanted.union(declarations.others, *declarations.lookalikes)
