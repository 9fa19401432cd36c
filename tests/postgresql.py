"""A PostgreSQL server of the tests' own, thrown away at their end.

The fixtures stand in ``tests/conftest.py`` and serve every folder of tests:

``place``
    A place without a ledger: each test that takes it runs twice, with a ``SqliteFile`` and with a
    ``PostgresqlDatabase``.
``sqlite``, ``postgresql``
    The one or the other. ``postgresql`` is a fresh database on the server of this worker. Its
    role is no superuser; the password is in ``PGPASSWORD``, where child processes have it too.
``cluster``
    The server of this worker (a :class:`Cluster`), for more databases: ``cluster.database()``.
    Nobody may stop it.
``own_cluster``
    A running server of one test alone, which may ``stop()``, ``kill()``, ``pause()``,
    ``resume()`` and ``start()`` it.

Where PostgreSQL is not installed the tests that need it are skipped, and the end of the test run
says so.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from reconciler.domain import PostgresqlDatabase

NOT_INSTALLED = "PostgreSQL is not installed"
HOW_TO_INSTALL = "apt-get install postgresql (or your system's package of the server)"
ROLE = "reconciler"
PORT_TAKEN = "could not create any TCP/IP sockets"

# Ends the server when a line says so. When the tests are gone without a word, however they went,
# it ends the server as it stands and removes its folder, which is $0.
SUPERVISOR = """
"$@" </dev/null &
if read -r _; then kill -INT $!; wait $!
else kill -CONT $!; kill -QUIT $!; wait $!; cd / && rm -rf "$0"
fi
"""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "fsync": "on",
    "log_min_messages": "fatal",
}


def binaries() -> Path | None:
    """The folder with the programs of the newest PostgreSQL that is installed."""
    found = [Path(program).parent for program in [shutil.which("initdb")] if program]
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "usr/pgsql-*/bin",
        "opt/homebrew/opt/postgresql*/bin",
    ):
        found += sorted(Path("/").glob(pattern), key=lambda folder: (len(str(folder)), folder))
    whole = [f for f in found if (f / "initdb").exists() and (f / "postgres").exists()]
    return whole[-1] if whole else None


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended, be it that nobody has waited for it yet."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Cluster:
    """A server on a loopback port. ``password`` is that of its superuser and of :data:`ROLE`."""

    def __init__(self, programs: Path, **settings: str) -> None:
        self.password = f"pw-{secrets.token_urlsafe(12)}"
        self.port = unused_port()
        self._programs = programs
        self._settings = SETTINGS | settings
        self._folder = Path(tempfile.mkdtemp(prefix="reconciler-postgresql-"))
        self._account: dict[str, Any] = {}
        if os.getuid() == 0:  # which PostgreSQL refuses
            names = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = names.get("postgres", names["nobody"])
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
            self._account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def _initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password)
        if self._account:
            os.chown(secret, self._account["user"], self._account["group"])
        subprocess.run(
            [
                self._programs / "initdb",
                *("--pgdata", self._folder / "data", "--username", "postgres"),
                *("--auth", "scram-sha-256", "--pwfile", secret),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            **self._account,
        )

    def start_somewhere(self) -> None:
        """As :meth:`start`, for the first time: where another process took the port since it was
        found to be unused, on another one."""
        for _ in range(4):
            try:
                return self.start()
            except RuntimeError as error:
                if PORT_TAKEN not in str(error):
                    raise
                self.port = unused_port()
        return self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("sh", "-c", SUPERVISOR, self._folder, self._programs / "postgres"),
                    *("-D", self._folder / "data", "-p", str(self.port)),
                    *(word for item in self._settings.items() for word in ("-c", "=".join(item))),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._account,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.administer("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it, without waiting for its clients."""
        if self._process is not None and self._process.stdin is not None:
            self.resume()
            with self._process.stdin as word:
                word.write(b"stop\n")
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """Stop it as a failure of power does: nothing is written any more."""
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.stop()
        while any(map(runs, processes)):  # and holds the shared memory
            time.sleep(0.01)

    def pause(self) -> None:
        """Let it stand still: the connections are there, and nobody answers."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self) -> None:
        """The end of :meth:`pause`."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    @property
    def pid(self) -> int:
        """The process above all of the running server."""
        assert self._process is not None
        return self._process.pid

    def _processes(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        return psutil.Process(self._process.pid).children(recursive=True)

    def remove(self) -> None:
        """Stop it and remove all its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def administer(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the superuser."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def place(self, database: str, role: str = ROLE) -> PostgresqlDatabase:
        return PostgresqlDatabase(f"postgresql+psycopg://{role}@127.0.0.1:{self.port}/{database}")

    @contextmanager
    def database(self, options: str = "") -> Iterator[PostgresqlDatabase]:
        """A fresh database that belongs to :data:`ROLE`."""
        if not self.administer(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
            self.administer(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.password}'")
        name = f"ledger_{secrets.token_hex(6)}"
        self.administer(f"CREATE DATABASE {name} OWNER {ROLE} {options}")
        try:
            yield self.place(name)
        finally:
            self.administer(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_cluster(programs: Path, **settings: str) -> Iterator[Cluster]:
    """A running server, gone in the end, and nothing said to libpq of any other one."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in [name for name in os.environ if name.startswith("PG")]:
            patch.delenv(variable)
        cluster = Cluster(programs, **settings)
        try:
            cluster.start_somewhere()
            yield cluster
        finally:
            cluster.remove()
