"""Who belongs to whom: two owners that disagree must not take turns and leave people with nothing.

A user belongs to the owner that last declared him in an acting run, which the ledger remembers.
Who declares the same platforms takes him over without a word; nobody loses anything by that.
"""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.domain import DesiredState, Platform


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
