"""The SQLite file of a sandbox: created atomically, one connection a thread, short transactions.

Several processes may open the file at once.
"""

import contextlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation

APPLICATION_ID = 0x52435342  # "RCSB": tells a sandbox's state from any other SQLite file
SCHEMA_VERSION = 3
BUSY_SECONDS = 15.0

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE users (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    external_id TEXT,
    shuffle INTEGER NOT NULL,
    document TEXT NOT NULL,      -- the CalendarUser as the API answers it
    pending TEXT NOT NULL,       -- {platform: sandbox time at which its disconnect shows}
    due REAL,                    -- the earliest of them
    meetings INTEGER NOT NULL    -- meetings that a new connection brings
);
CREATE INDEX users_external_id ON users (external_id);
CREATE INDEX users_shuffle ON users (shuffle);
CREATE INDEX users_due ON users (due) WHERE due IS NOT NULL;
CREATE TABLE former_users (external_id TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE old_documents (  -- what stood in users.document before; NULL: not there yet
    seq INTEGER NOT NULL, replaced_at REAL NOT NULL, shuffle INTEGER NOT NULL, document TEXT
);
CREATE INDEX old_documents_replaced_at ON old_documents (replaced_at);
CREATE TABLE meetings (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    number INTEGER NOT NULL,
    email TEXT,
    start REAL NOT NULL,
    override INTEGER
);
CREATE INDEX meetings_user_id ON meetings (user_id);
CREATE TABLE calls (endpoint TEXT NOT NULL, subject TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX calls_window ON calls (endpoint, subject, at);
CREATE INDEX calls_at ON calls (at);
CREATE TABLE finished_keys (
    key TEXT PRIMARY KEY, at REAL NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, skip INTEGER NOT NULL,
    times INTEGER, snapshot BLOB
);
CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, query TEXT NOT NULL, endpoint TEXT NOT NULL, external_id TEXT, body TEXT,
    status INTEGER, effect TEXT, fault TEXT
);
CREATE TABLE apps (
    platform TEXT NOT NULL, client_id TEXT NOT NULL, redirect_uris TEXT NOT NULL,
    PRIMARY KEY (platform, client_id)
) WITHOUT ROWID;
CREATE TABLE codes (
    digest TEXT PRIMARY KEY, platform TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    email TEXT NOT NULL, offline INTEGER NOT NULL, expires REAL NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE servers (pid INTEGER NOT NULL, url TEXT PRIMARY KEY);
"""


def unusable(path: Path, message: str, hint: str | None = None) -> InvalidInput:
    """The error for a state file that cannot be used."""
    return InvalidInput(Diagnostic(SourceLocation(str(path)), message, hint))


def unusable_because(path: Path, error: OSError | sqlite3.Error) -> InvalidInput:
    """The error for a state file that the system or SQLite refuses, in its words."""
    if isinstance(error, OSError):
        return unusable(path, f"cannot be used: {error.strerror or error}")
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return unusable(path, "this file is not a sandbox state")
    return unusable(
        path,
        f"the state cannot be used: {error}",
        "check its permissions, the free space and which processes use it; if it is damaged, "
        "delete it and seed again",
    )


def make_private(folder: Path) -> None:
    """Create the folder and its missing parents, for this user alone."""
    if not folder.exists():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def create_database(path: Path, meta: dict[str, str]) -> None:
    """Create the file, mode 0600, with schema and ``meta``, unless another process was first."""
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.executescript(SCHEMA)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


class StateDatabase:
    """Connections to one state file; safe to share between threads.

    Raises :class:`InvalidInput` when the file is missing or no sandbox state of this version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise unusable(path, "there is no sandbox state here")
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        try:
            connection = self._connection()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise unusable_because(self._path, error) from None
        if application != APPLICATION_ID:
            raise unusable(self._path, "this file is not a sandbox state")
        if version != SCHEMA_VERSION:
            problem = f"created by another version (schema {version})"
            raise unusable(self._path, problem, "delete it and seed again")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            with self._lock:
                self._connections.append(connection)
            self._local.connection = connection
            connection.execute("PRAGMA synchronous = OFF")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction, taken at once, so that what is read in it holds until its end.

        Raises :class:`InvalidInput` when the file is locked, damaged, read-only or out of space.
        """
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # After a full disk and the like SQLite has rolled back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            # Defects of ours: the file is not to blame.
            raise
        except sqlite3.DatabaseError as error:
            raise unusable_because(self._path, error) from None

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()
