"""What a database's error means for who uses the ledger, and what to do about it."""

import os
import sqlite3
from typing import Final, NamedTuple

from sqlalchemy.exc import DBAPIError, PendingRollbackError

from reconciler.domain import LedgerPlace, PostgresqlDatabase
from reconciler.ledger.errors import LedgerError, LedgerUnreachable, LedgerUnusable


class _Meaning(NamedTuple):
    kind: type[LedgerError]
    words: str
    hint: str


_RESTORE: Final = (
    "keep the file for examination and restore a backup; without one, move it away and let the"
    " next run create a new ledger, which has no history"
)
_WRITABLE: Final = "let this account write the file and its folder"

_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: _Meaning(
        LedgerUnreachable, "is locked by another process", "wait until it ends, then try again"
    ),
    sqlite3.SQLITE_LOCKED: _Meaning(
        LedgerUnreachable, "is locked by this process", "wait until it ends, then try again"
    ),
    sqlite3.SQLITE_FULL: _Meaning(
        LedgerUnreachable, "has no space left", "make room on its filesystem, then try again"
    ),
    sqlite3.SQLITE_IOERR: _Meaning(
        LedgerUnreachable,
        "could not be read or written",
        "look at the disk: its space, its quota, its health",
    ),
    sqlite3.SQLITE_READONLY: _Meaning(LedgerUnreachable, "is not writable", _WRITABLE),
    sqlite3.SQLITE_PERM: _Meaning(LedgerUnreachable, "is not accessible", _WRITABLE),
    sqlite3.SQLITE_AUTH: _Meaning(LedgerUnreachable, "is not accessible", _WRITABLE),
    sqlite3.SQLITE_CANTOPEN: _Meaning(LedgerUnreachable, "cannot be opened", _WRITABLE),
    sqlite3.SQLITE_NOMEM: _Meaning(LedgerUnreachable, "needs more memory", "free some, try again"),
    sqlite3.SQLITE_CORRUPT: _Meaning(LedgerUnusable, "is corrupt", _RESTORE),
    sqlite3.SQLITE_FORMAT: _Meaning(LedgerUnusable, "is corrupt", _RESTORE),
    sqlite3.SQLITE_NOTADB: _Meaning(
        LedgerUnusable,
        "is not an SQLite database, or its beginning is damaged",
        f"if it is another program's file, name another place; if it was a ledger, {_RESTORE}",
    ),
}
_SQLITE_OTHER: Final = _Meaning(
    LedgerUnusable,
    "is not as this tool made it",
    f"if another program altered it, restore a backup; otherwise {_RESTORE}",
)

_SERVER: Final = "check that the server runs and can be reached from here, then try again"
_GRANT: Final = (
    "let the role create tables in the first schema of its search_path and write to them;"
    " a database of its own is the simplest way"
)

# By SQLSTATE, the most particular first.
_POSTGRESQL: Final = {
    "28P01": _Meaning(
        LedgerUnreachable, "does not accept the credentials", "see PGUSER, PGPASSWORD, PGPASSFILE"
    ),
    "28": _Meaning(
        LedgerUnreachable,
        "does not admit this role",
        "see PGUSER, PGPASSWORD, PGSSLMODE and the server's pg_hba.conf",
    ),
    "3D000": _Meaning(
        LedgerUnreachable,
        "does not exist as a database",
        "create the database, or correct its name in the ledger's URL",
    ),
    "3F000": _Meaning(LedgerUnreachable, "has no schema to make tables in", _GRANT),
    "42501": _Meaning(LedgerUnreachable, "does not grant what the ledger needs", _GRANT),
    "25006": _Meaning(
        LedgerUnreachable, "is read-only", "name the primary server, not a standby of it"
    ),
    "25P03": _Meaning(LedgerUnreachable, "aborted a transaction", "try again"),
    "42": _Meaning(
        LedgerUnusable,
        "is not as this tool made it",
        "restore a backup, or give the ledger a database of its own",
    ),
    "40": _Meaning(LedgerUnreachable, "was changed by somebody else meanwhile", "try again"),
    "53100": _Meaning(
        LedgerUnreachable, "has no space left", "make room on the server, then try again"
    ),
    "53": _Meaning(LedgerUnreachable, "is overloaded", "try again later"),
    "55P03": _Meaning(
        LedgerUnreachable, "is locked by another process", "wait until it ends, then try again"
    ),
    "57014": _Meaning(LedgerUnreachable, "took too long", "see what keeps the server busy"),
    "57": _Meaning(LedgerUnreachable, "is not available now", _SERVER),
    "58": _Meaning(LedgerUnreachable, "has trouble with its disk", "see the server's log"),
    "08": _Meaning(LedgerUnreachable, "cannot be reached", _SERVER),
    "XX001": _Meaning(LedgerUnusable, "is corrupt", "see the server's log, restore a backup"),
    "XX002": _Meaning(LedgerUnusable, "is corrupt", "see the server's log, rebuild the index"),
}
_POSTGRESQL_OTHER: Final = _Meaning(LedgerUnreachable, "cannot be reached", _SERVER)
_POSTGRESQL_UNKNOWN: Final = _Meaning(
    LedgerUnreachable, "answered with an error", "see the server's log"
)

# libpq tells these of a connection that was never established in words alone.
_REFUSALS: Final = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28"),
    ("does not exist", "3D000"),
    ("too many clients", "53"),
    ("remaining connection slots", "53"),
)


def cut_short(place: LedgerPlace) -> LedgerUnusable:
    """The error for a file that has lost its end."""
    return LedgerUnusable(f"the ledger {place} is corrupt: its end is missing", _RESTORE)


def failure(
    place: LedgerPlace, error: DBAPIError | PendingRollbackError | sqlite3.Error
) -> LedgerError:
    """``error`` in words of this tool; a password is in none of them."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(place, PostgresqlDatabase):
        meaning, detail = _of_postgresql(cause)
    else:
        meaning, detail = _of_sqlite(cause)
    told = f": {detail}" if detail else ""
    return meaning.kind(f"the ledger {place} {meaning.words}{told}", meaning.hint)


def _of_sqlite(cause: BaseException | None) -> tuple[_Meaning, str]:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return _SQLITE_OTHER, str(cause)
    return _SQLITE.get(code & 0xFF, _SQLITE_OTHER), str(cause)


def _of_postgresql(cause: BaseException | None) -> tuple[_Meaning, str]:
    detail = _without_secrets(str(cause))
    state = getattr(cause, "sqlstate", None)
    if state is None:
        state = next((state for words, state in _REFUSALS if words in detail), None)
        return (_POSTGRESQL_OTHER if state is None else _POSTGRESQL[state]), detail
    for beginning in (state, state[:2]):
        if beginning in _POSTGRESQL:
            return _POSTGRESQL[beginning], detail
    return _POSTGRESQL_UNKNOWN, detail


def _without_secrets(text: str) -> str:
    """The first line of ``text``; nothing of it where it quotes the password."""
    password = os.environ.get("PGPASSWORD")
    if password and password in text:
        return ""
    return text.strip().partition("\n")[0]
