"""Fixtures for every folder of tests, and what the end of a test run has to say.

The places of ledgers are described in ``tests/postgresql.py``.
"""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile
from tests import pgbouncer
from tests.browser import chromium
from tests.cluster.kubectl import HOW_TO_NAME, NOT_NAMED
from tests.image.containers import HOW_TO_BUILD, NOT_BUILT
from tests.kubernetes import objects as kubernetes
from tests.postgresql import HOW_TO_INSTALL, NOT_INSTALLED, Cluster, binaries, running_cluster
from tests.pulumi_provider.engine import stack
from tests.watching import prometheus

# Every process that the tests start would compile the whole package.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Many tests wait for a process or a server: one worker more keeps all processors busy."""
    return (os.cpu_count() or 1) + 1


def programs() -> Path:
    folder = binaries()
    if folder is None:
        pytest.skip(NOT_INSTALLED)
    return folder


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for its whole process, which here is the tests' process too."""
    ours = logging.getLogger("reconciler")
    before = ours.handlers, ours.propagate, ours.level
    yield
    ours.handlers, ours.propagate = before[0], before[1]
    ours.setLevel(before[2])


@pytest.fixture(scope="session", autouse=True)
def signals_are_heard() -> Iterator[None]:
    """Under ``nohup`` or in a shell's background they are ignored from the start, and then by
    every process that the tests start too."""
    heard = {signal.SIGHUP: signal.SIG_DFL, signal.SIGTERM: signal.SIG_DFL}
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        heard[signal.SIGINT] = signal.SIG_DFL
    before = {number: signal.signal(number, action) for number, action in heard.items()}
    yield
    for number, action in before.items():
        signal.signal(number, action)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster(programs()) as cluster:
        yield cluster


@pytest.fixture
def own_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with running_cluster(programs()) as cluster:
        monkeypatch.setenv("PGPASSWORD", cluster.password)
        yield cluster


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "ledger" / "ledger.db")


@pytest.fixture
def postgresql(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresqlDatabase]:
    monkeypatch.setenv("PGPASSWORD", cluster.password)
    with cluster.database() as place:
        yield place


@pytest.fixture(scope="session")
def pooling() -> str:
    """The program PgBouncer."""
    found = pgbouncer.program()
    if found is None:
        pytest.skip(pgbouncer.NOT_INSTALLED)
    return found


@pytest.fixture
def pooler(pooling: str, cluster: Cluster) -> Iterator[pgbouncer.Pooler]:
    with pgbouncer.running_pooler(pooling, cluster, default_pool_size="1") as pooler:
        yield pooler


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> LedgerPlace:
    found: LedgerPlace = request.getfixturevalue(request.param)
    return found


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say it loudly, and last, where a part of the tests could not be run."""
    yield
    for missing, untested, how in _MISSING:
        skipped = sum(
            isinstance(report.longrepr, tuple) and missing in report.longrepr[2]
            for report in terminalreporter.stats.get("skipped", ())
        )
        if skipped:
            terminalreporter.section(f"{missing}: {skipped} tests were SKIPPED", sep="!", red=True)
            terminalreporter.line(f"{untested} To do so: {how}")


_MISSING = (
    (NOT_INSTALLED, "The ledger was not tested on PostgreSQL.", HOW_TO_INSTALL),
    (
        pgbouncer.NOT_INSTALLED,
        "The ledger was not tested behind a pooler.",
        pgbouncer.HOW_TO_INSTALL,
    ),
    (
        stack.NOT_INSTALLED,
        "The Pulumi front was not tested on the real engine.",
        stack.HOW_TO_INSTALL,
    ),
    (
        chromium.NOT_INSTALLED,
        "Pages of reports, and how somebody connects, were not tested in a browser.",
        chromium.HOW_TO_INSTALL,
    ),
    (NOT_BUILT, "The image was not tested.", HOW_TO_BUILD),
    (NOT_NAMED, "Nothing was run on a Kubernetes cluster.", HOW_TO_NAME),
    (
        kubernetes.NO_KUSTOMIZE,
        "The overlays for Kubernetes were not rendered.",
        kubernetes.HOW_TO_INSTALL_KUSTOMIZE,
    ),
    (kubernetes.NO_HELM, "The Helm chart was not rendered.", kubernetes.HOW_TO_INSTALL_HELM),
    (
        prometheus.NOT_INSTALLED,
        "The alert rules were not tried with Prometheus.",
        prometheus.HOW_TO_INSTALL,
    ),
)
