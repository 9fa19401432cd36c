"""The real PgBouncer before a PostgreSQL server of the tests, where it is installed.

The fixture ``pooler`` is a :class:`Pooler` before ``cluster``, in transaction mode, with one
connection to the server for all clients of a database.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from reconciler.domain import PostgresqlDatabase
from tests.postgresql import ROLE, SUPERVISOR, Cluster, unused_port

NOT_INSTALLED = "PgBouncer is not installed"
HOW_TO_INSTALL = "apt-get install --no-install-recommends pgbouncer"


def program() -> str | None:
    """Where PgBouncer is."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Pooler:
    """PgBouncer on a loopback port, before all databases of ``cluster``."""

    def __init__(self, executable: str, cluster: Cluster, mode: str, **settings: str) -> None:
        self._executable = executable
        self._cluster = cluster
        self._folder = Path(tempfile.mkdtemp(prefix="reconciler-pgbouncer-"))
        self._account: dict[str, Any] = {}
        if os.getuid() == 0:  # which PgBouncer refuses
            entry = pwd.getpwnam("nobody")
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
            self._account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.port = unused_port()
        self._settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": str(self._folder / "users"),
            "pool_mode": mode,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def place(self, beyond: PostgresqlDatabase, options: str = "") -> PostgresqlDatabase:
        """The database of ``beyond``, through this pooler."""
        name = beyond.url.rpartition("/")[2]
        address = f"127.0.0.1:{self.port}/{name}{options}"
        return PostgresqlDatabase(f"postgresql+psycopg://{ROLE}@{address}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self._folder / "users").write_text(f'"{ROLE}" "{self._cluster.password}"\n')
        lines = "".join(f"{name} = {value}\n" for name, value in self._settings.items())
        (self._folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={self._cluster.port}\n[pgbouncer]\n{lines}"
        )
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("sh", "-c", SUPERVISOR, self._folder),
                    *(self._executable, self._folder / "pgbouncer.ini"),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._account,
            )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.02)

    def _answers(self) -> bool:
        """Whether it asks for a password, as it does before anything else."""
        try:
            psycopg.connect(
                host="127.0.0.1", port=self.port, user=ROLE, password="", dbname="postgres"
            ).close()
        except psycopg.OperationalError as error:
            return "password" in str(error)
        return True

    @property
    def pid(self) -> int:
        """The process above all of the running pooler."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Stop it; its clients lose their connections."""
        if self._process is not None and self._process.stdin is not None:
            with self._process.stdin as word:
                word.write(b"stop\n")
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        """Stop it and remove all its files."""
        self.stop()
        shutil.rmtree(self._folder)


@contextmanager
def running_pooler(
    executable: str, cluster: Cluster, mode: str = "transaction", **settings: str
) -> Iterator[Pooler]:
    """A running pooler, gone in the end."""
    pooler = Pooler(executable, cluster, mode, **settings)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.remove()
