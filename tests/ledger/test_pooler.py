"""A ledger behind PgBouncer: in transaction mode it is as without, in others it is refused."""

import os
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from reconciler.domain import PostgresqlDatabase
from reconciler.ledger import (
    LedgerError,
    LedgerUnreachable,
    LedgerUnusable,
    LockHeld,
    open_ledger,
)
from reconciler.ledger.versions import known_versions
from reconciler.runs import JournalFailed, Outcome
from tests.cli.conftest import project
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.ledger.databases import seals, write_seal, writing
from tests.ledger.earlier import make_earlier
from tests.ledger.samples import (
    ALICE,
    BOB_GOOGLE,
    WORKSPACE,
    acting,
    begin,
    disconnect_fully,
    ended,
    intent,
    ledger_at,
    verified,
)
from tests.pgbouncer import Pooler, running_pooler
from tests.postgresql import ROLE, Cluster

__all__ = ["project"]


@pytest.fixture
def place(pooler: Pooler, postgresql: PostgresqlDatabase) -> PostgresqlDatabase:
    return pooler.place(postgresql)


@pytest.fixture
def neighbour(
    pooler: Pooler, postgresql: PostgresqlDatabase
) -> Iterator["psycopg.Connection[tuple[str]]"]:
    """Another program that shares the one connection to the server."""
    with closing(
        psycopg.connect(
            host="127.0.0.1",
            port=pooler.port,
            user=ROLE,
            password=os.environ["PGPASSWORD"],
            dbname=postgresql.url.rpartition("/")[2],
            autocommit=True,
            prepare_threshold=None,
        )
    ) as connection:
        yield connection


SETTINGS = (
    ("lock_timeout", "10s", "7ms"),
    ("statement_timeout", "12s", "7s"),
    ("idle_in_transaction_session_timeout", "30s", "7s"),
    ("synchronous_commit", "on", "off"),
)


@pytest.mark.parametrize(("setting", "needed", "others"), SETTINGS)
def test_every_transaction_has_its_settings_whatever_others_left(
    place: PostgresqlDatabase,
    neighbour: "psycopg.Connection[tuple[str]]",
    setting: str,
    needed: str,
    others: str,
) -> None:
    with writing(place) as database:
        for transaction in (database.write, database.read, database.write):
            neighbour.execute(f"SET {setting} = '{others}'".encode())
            with transaction() as connection:
                shown = connection.exec_driver_sql(f"SHOW {setting}").scalar_one()
            assert shown == needed


@pytest.mark.parametrize(("setting", "needed", "others"), SETTINGS)
def test_no_setting_is_left_to_others(
    place: PostgresqlDatabase,
    neighbour: "psycopg.Connection[tuple[str]]",
    setting: str,
    needed: str,
    others: str,
) -> None:
    neighbour.execute(f"SET {setting} = '{others}'".encode())
    with writing(place) as database:
        write_seal(database, "one")
        assert seals(database) == ["one"]
        shown = neighbour.execute(f"SHOW {setting}".encode()).fetchone()
    assert shown == (others,)
    assert needed != others


def test_reading_sees_one_state_and_cannot_write(place: PostgresqlDatabase) -> None:
    with writing(place) as database:
        with database.read() as connection:
            for setting, needed in (
                ("transaction_isolation", "repeatable read"),
                ("transaction_read_only", "on"),
            ):
                assert connection.exec_driver_sql(f"SHOW {setting}").scalar_one() == needed
        with database.write() as connection:
            level = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
            assert level == "read committed"


def test_a_run_needs_no_second_connection(project: Project, place: PostgresqlDatabase) -> None:
    configuration = project.folder / "reconciler.yaml"
    project.write("reconciler.yaml", configuration.read_text() + f"ledger: {place.url}\n")
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
    assert project.run("apply", "--auto-approve") == 0
    assert len(project.mutations()) == 2
    assert project.run("runs") == 0
    assert project.out.count("completed") == 2


def test_one_run_holds_the_lock_and_a_lost_lock_fences_it_off(place: PostgresqlDatabase) -> None:
    with ledger_at(place) as ours, ledger_at(place) as theirs, acting(ours) as run:
        disconnect_fully(run, ALICE)
        with pytest.raises(LockHeld):
            begin(theirs)
        theirs.unlock(WORKSPACE, run.id)
        with pytest.raises(JournalFailed, match="taken away"):
            run.intent(intent(run.id, BOB_GOOGLE))
        run.outcome(ended(run.id, verified(ALICE)))
        steps = theirs.run_history(run.id).actions
    assert [one.result.outcome for one in steps if one.result] == [Outcome.VERIFIED]


def test_a_ledger_is_migrated_and_keeps_its_rows(place: PostgresqlDatabase) -> None:
    with writing(place) as database:
        write_seal(database, "one")
    make_earlier(place)
    with open_ledger(place, create=False) as ledger:
        assert not ledger.made
    with writing(place) as database:
        assert seals(database) == ["one"]
        with database.read() as connection:
            version = connection.exec_driver_sql("SELECT version_num FROM ledger_version")
            assert version.scalar_one() == known_versions()[-1]


def test_a_restart_between_two_writes_goes_unnoticed(
    pooler: Pooler, place: PostgresqlDatabase
) -> None:
    with writing(place) as database:
        write_seal(database, "one")
        pooler.stop()
        pooler.start()
        write_seal(database, "two")
        assert seals(database) == ["one", "two"]


# Refused.


def refusal(place: PostgresqlDatabase, kind: type[LedgerError]) -> LedgerError:
    with pytest.raises(LedgerError) as raised, open_ledger(place, create=True):
        pass
    assert type(raised.value) is kind
    assert raised.value.hint
    return raised.value


def test_statement_mode_is_refused(
    pooling: str, cluster: Cluster, postgresql: PostgresqlDatabase
) -> None:
    with running_pooler(pooling, cluster, "statement") as pooler:
        error = refusal(pooler.place(postgresql), LedgerUnusable)
    assert "between statements" in str(error)
    assert "pool_mode = transaction" in str(error.hint)


def test_a_setting_in_the_url_that_a_pooler_refuses_is_told(
    pooler: Pooler, postgresql: PostgresqlDatabase
) -> None:
    error = refusal(pooler.place(postgresql, "?options=-c%20search_path%3Dpublic"), LedgerUnusable)
    assert "options" in str(error)
    assert "ALTER ROLE" in str(error.hint)


def test_a_full_pooler_is_overloaded(
    pooling: str, cluster: Cluster, postgresql: PostgresqlDatabase
) -> None:
    with (
        running_pooler(pooling, cluster, max_client_conn="1") as pooler,
        writing(pooler.place(postgresql)) as database,
        database.write(),
    ):
        assert "overloaded" in str(refusal(pooler.place(postgresql), LedgerUnreachable))


def test_a_pool_that_is_taken_too_long_is_overloaded(
    pooling: str, cluster: Cluster, postgresql: PostgresqlDatabase
) -> None:
    with (
        running_pooler(pooling, cluster, default_pool_size="1", query_wait_timeout="1") as pooler,
        writing(pooler.place(postgresql)) as database,
        database.write(),
    ):
        assert "overloaded" in str(refusal(pooler.place(postgresql), LedgerUnreachable))
