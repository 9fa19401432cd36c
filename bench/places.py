"""Places for ledgers: fresh ones, on each kind of database that this machine has."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from reconciler.domain import LedgerPlace, SqliteFile
from tests.postgresql import Cluster, binaries, running_cluster


class Kind(StrEnum):
    """What a ledger is kept in."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


class Places:
    """Where ledgers can be made, for as long as the benchmark runs."""

    def __init__(self, cluster: Cluster | None) -> None:
        self._cluster = cluster

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The databases there are: SQLite, and PostgreSQL where it is installed."""
        return tuple(Kind) if self._cluster else (Kind.SQLITE,)

    @contextmanager
    def fresh(self, kind: Kind) -> Iterator[LedgerPlace]:
        """A place without a ledger, gone in the end."""
        if kind is Kind.SQLITE:
            with tempfile.TemporaryDirectory() as name:
                yield SqliteFile(Path(name) / "ledger.db")
        else:
            assert self._cluster is not None
            with self._cluster.database() as place:
                yield place


def ledger_line(place: LedgerPlace) -> str:
    """The line of a configuration that names it."""
    return f"ledger: {f'sqlite:///{place.path}' if isinstance(place, SqliteFile) else place.url}\n"


@contextmanager
def places() -> Iterator[Places]:
    """With a PostgreSQL server of the benchmark's own, thrown away in the end.

    Its password is in ``PGPASSWORD`` meanwhile, where measured processes have it too.
    """
    programs = binaries()
    if programs is None:
        yield Places(None)
        return
    with running_cluster(programs) as cluster:
        os.environ["PGPASSWORD"] = cluster.password
        try:
            yield Places(cluster)
        finally:
            del os.environ["PGPASSWORD"]
