"""Opens a ledger, for reading or for a run, and says who does. Opening loads SQLAlchemy.

This module is light. A lock is taken over only from a run whose process is proven to have ended.
"""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.domain import LedgerPlace, SqliteFile
from reconciler.ledger.errors import missing
from reconciler.ledger.files import exists
from reconciler.process import boot_id, is_running, pid_namespace
from reconciler.runs import Front, Who

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.reader import LedgerReader


# ruff: noqa: PLC0415


class Claim(Struct, frozen=True):
    """A run that wants to begin, on behalf of ``owner``. ``opened`` is RFC 3339 in UTC.

    ``started`` is the start of its process, as ``process.start_of`` gives it.
    """

    run: str
    front: Front
    workspace: str
    base_url: str
    owner: str
    who: Who
    opened: str
    tool_version: str
    commit: str | None
    resumes: str | None = None
    started: str | None = None


@contextmanager
def read_ledger(place: LedgerPlace) -> "Iterator[LedgerReader]":
    """Open the ledger for reading: nothing is made, migrated or written. Raises LedgerError."""
    # Checked before SQLAlchemy is loaded, which takes longer than the rest of a small first plan.
    if isinstance(place, SqliteFile) and not exists(place):
        raise missing(place)
    from reconciler.ledger import postgresql, sqlite
    from reconciler.ledger.reader import LedgerReader
    from reconciler.ledger.versions import check_current

    if isinstance(place, SqliteFile):
        database = sqlite.open_for_reading(place)
    else:
        database = postgresql.open_for_reading(place)
    try:
        check_current(database, place)
        yield LedgerReader(database, place)
    finally:
        database.close()


@contextmanager
def open_ledger(place: LedgerPlace, *, create: bool) -> "Iterator[Ledger]":
    """Open the ledger for a run, migrate it, and with ``create`` make it if there is none.

    Raises :class:`LedgerMissing` if there is none, and other kinds of :class:`LedgerError`.
    """
    from reconciler.ledger import postgresql, sqlite
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.versions import bring_up_to_date

    if isinstance(place, SqliteFile):
        database = sqlite.open_for_writing(place, create=create)
    else:
        database = postgresql.open_for_writing(place)
    try:
        made = bring_up_to_date(database, place, create=create)
        yield Ledger(database, place, made=made)
    finally:
        database.close()


def current_process() -> Who:
    """Who runs this process, and where."""
    return Who(_user(), os.uname().nodename, os.getpid(), _machine())


def is_alive(who: Who, start: str | None = None) -> bool | None:
    """Whether that process still runs; None if it cannot be known. False is proof.

    ``start`` is when it started. Earlier versions did not record that: without it, a later process
    that got the same id counts as that process.
    """
    machine = _machine()
    # Clones of a virtual machine share the boot id, but hardly the host name.
    if machine is None or (who.machine, who.host) != (machine, os.uname().nodename):
        return None
    return is_running(who.pid, start)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        return f"uid {os.getuid()}"


def _machine() -> str | None:
    """This boot of this machine and this namespace of process ids; None if unknown."""
    boot, namespace = boot_id(), pid_namespace()
    return f"{boot} {namespace}" if boot and namespace else None
