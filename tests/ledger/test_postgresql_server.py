"""A PostgreSQL server that is gone, stands still, refuses; and no password in what is told."""

import os
import sys
import traceback
from contextlib import suppress

import pytest
from sqlalchemy import insert

from reconciler.domain import PostgresqlDatabase, install_extra
from reconciler.ledger import (
    LedgerError,
    LedgerUnreachable,
    LedgerUnusable,
    open_ledger,
    read_ledger,
)
from reconciler.ledger import (
    postgresql as postgresql_module,
)
from reconciler.ledger.schema import used_plans
from reconciler.ledger.server_connection import ServerConnection
from tests.ledger.databases import seals, write_seal, writing
from tests.postgresql import Cluster


def refusal(place: PostgresqlDatabase, kind: type[LedgerError] = LedgerUnreachable) -> LedgerError:
    """How opening refuses ``place``, and no password is in any word or in the traceback."""
    with pytest.raises(LedgerError) as raised, open_ledger(place, create=True):
        pass
    seen = "".join(traceback.format_exception(raised.value)) + str(raised.value.hint)
    for name in ("PGPASSWORD", "UNWANTED"):
        assert os.environ.get(name, "pw-") not in seen
    assert type(raised.value) is kind
    assert raised.value.hint
    return raised.value


# Gone.


def test_a_server_that_goes_away_is_reported_and_comes_back(own_cluster: Cluster) -> None:
    with own_cluster.database() as place, writing(place) as database:
        write_seal(database, "one")
        own_cluster.stop()
        for _ in range(2):
            with pytest.raises(LedgerUnreachable) as raised:
                write_seal(database, "two")
            assert raised.value.hint
        with pytest.raises(LedgerUnreachable):
            seals(database)
        own_cluster.start()
        assert seals(database) == ["one"]
        write_seal(database, "three")
        assert seals(database) == ["one", "three"]


def test_a_restart_between_two_writes_goes_unnoticed(own_cluster: Cluster) -> None:
    with own_cluster.database() as place, writing(place) as database:
        write_seal(database, "one")
        own_cluster.stop()
        own_cluster.start()
        write_seal(database, "two")
        assert seals(database) == ["one", "two"]


def test_a_server_that_dies_within_a_transaction_undoes_it_and_keeps_the_others(
    own_cluster: Cluster,
) -> None:
    with own_cluster.database() as place, writing(place) as database:
        write_seal(database, "acknowledged")
        with pytest.raises(LedgerUnreachable), database.write() as connection:  # noqa: PT012
            connection.execute(insert(used_plans).values(seal="open", run="r", at="t"))
            own_cluster.kill()
            connection.execute(insert(used_plans).values(seal="more", run="r", at="t"))
        own_cluster.start()
        assert seals(database) == ["acknowledged"]


def test_a_commit_without_an_answer_is_no_commit(own_cluster: Cluster) -> None:
    with own_cluster.database() as place, writing(place) as database:
        with pytest.raises(LedgerUnreachable), database.write() as connection:  # noqa: PT012
            connection.execute(insert(used_plans).values(seal="open", run="r", at="t"))
            own_cluster.kill()
        own_cluster.start()
        assert seals(database) == []


def test_what_went_wrong_first_is_reported_when_the_server_goes_too(own_cluster: Cluster) -> None:
    with own_cluster.database() as place, writing(place) as database:
        mine = KeyError("mine")
        with pytest.raises(KeyError) as raised, database.write() as connection:  # noqa: PT012
            connection.execute(insert(used_plans).values(seal="open", run="r", at="t"))
            own_cluster.kill()
            raise mine
        assert raised.value is mine
        own_cluster.start()
        write_seal(database, "one")
        assert seals(database) == ["one"]


def test_an_error_that_was_caught_within_does_not_make_a_commit_of_it(
    own_cluster: Cluster,
) -> None:
    with own_cluster.database() as place, writing(place) as database:
        with pytest.raises(LedgerUnreachable), database.write() as connection:  # noqa: PT012
            own_cluster.kill()
            with suppress(Exception):
                connection.execute(insert(used_plans).values(seal="open", run="r", at="t"))
        own_cluster.start()
        assert seals(database) == []


def test_a_server_that_stands_still_is_given_up(
    own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ServerConnection, "longest", 0.2)
    monkeypatch.setitem(postgresql_module._OPTIONS, "connect_timeout", 2)
    with own_cluster.database() as place, writing(place) as database:
        write_seal(database, "one")
        own_cluster.pause()
        with pytest.raises(LedgerUnreachable):
            write_seal(database, "two")
        own_cluster.resume()
        assert seals(database) == ["one"]
        with pytest.raises(LedgerUnreachable) as raised, database.write() as connection:  # noqa: PT012
            connection.execute(insert(used_plans).values(seal="open", run="r", at="t"))
            own_cluster.pause()
            connection.execute(insert(used_plans).values(seal="more", run="r", at="t"))
        assert "no answer within" in str(raised.value)
        own_cluster.resume()
        assert seals(database) == ["one"]


def test_an_acknowledged_write_is_on_the_servers_disk_whatever_its_default(
    postgresql: PostgresqlDatabase, cluster: Cluster
) -> None:
    name = postgresql.url.rpartition("/")[2]
    for default, used in (("off", "on"), ("remote_apply", "remote_apply")):
        cluster.administer(f"ALTER DATABASE {name} SET synchronous_commit = '{default}'")
        with writing(postgresql) as database, database.write() as connection:
            shown = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            assert shown == used


def test_the_server_sees_who_is_connected(postgresql: PostgresqlDatabase) -> None:
    with writing(postgresql) as database, database.read() as connection:
        name = connection.exec_driver_sql("SHOW application_name").scalar_one()
    assert name == "calendar-reconciler"


# Locked, full, corrupt.


def test_what_another_locks_is_waited_for_and_then_told(
    postgresql: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = postgresql_module._SETTINGS.replace("'10s'", "'10ms'")
    assert settings != postgresql_module._SETTINGS
    monkeypatch.setattr(postgresql_module, "_SETTINGS", settings)
    update = "UPDATE used_plans SET run = 'x'"
    with writing(postgresql) as database:
        write_seal(database, "one")
        with database.write() as holder:
            holder.exec_driver_sql(update)
            with pytest.raises(LedgerUnreachable) as raised, database.write() as connection:
                connection.exec_driver_sql(update)
        assert "locked by another process" in str(raised.value)
        with database.write() as connection:
            connection.exec_driver_sql(update)


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", LedgerUnreachable, "no space left"),
        ("53300", LedgerUnreachable, "overloaded"),
        ("57014", LedgerUnreachable, "took too long"),
        ("57P01", LedgerUnreachable, "not available now"),
        ("58030", LedgerUnreachable, "problem with its disk"),
        ("40P01", LedgerUnreachable, "changed by another process"),
        ("25006", LedgerUnreachable, "read-only"),
        ("42501", LedgerUnreachable, "does not grant the rights"),
        ("XX001", LedgerUnusable, "corrupt"),
        ("42703", LedgerUnusable, "differs from what this tool made"),
        ("22003", LedgerUnreachable, "answered with an error"),
    ],
)
def test_what_the_server_says_becomes_what_can_be_done(
    postgresql: PostgresqlDatabase, state: str, kind: type[LedgerError], words: str
) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'the server''s words' USING ERRCODE = '{state}'; END $$"
    with writing(postgresql) as database:
        with pytest.raises(LedgerError) as raised, database.write() as connection:
            connection.exec_driver_sql(raising)
        assert type(raised.value) is kind
        assert words in str(raised.value)
        assert "the server's words" in str(raised.value)
        assert raised.value.hint
        write_seal(database, "one")


# Refused.


def test_a_wrong_password_is_reported_and_not_shown(
    postgresql: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "a-wrong-password")
    error = refusal(postgresql)
    assert "credentials" in str(error)
    assert "PGPASSWORD" in str(error.hint)


def test_no_password_is_reported(
    postgresql: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    assert "PGPASSWORD" in str(refusal(postgresql).hint)


def test_a_password_that_the_driver_would_quote_is_not_shown(
    postgresql: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "ledger_")  # the database's name, told by the server, has it
    with pytest.raises(LedgerError) as raised, read_ledger(postgresql):
        pass
    assert "password authentication failed" in str(raised.value)
    monkeypatch.setenv("PGPASSWORD", "authentication")
    with pytest.raises(LedgerError) as raised, read_ledger(postgresql):
        pass
    assert "authentication" not in str(raised.value)


def test_a_missing_database_is_reported(cluster: Cluster, postgresql: PostgresqlDatabase) -> None:
    error = refusal(cluster.place("nosuch"))
    assert "does not exist" in str(error)
    assert "create the database" in str(error.hint)


def test_a_role_that_may_not_connect_is_reported(
    cluster: Cluster, postgresql: PostgresqlDatabase
) -> None:
    name = postgresql.url.rpartition("/")[2]
    cluster.administer(f"REVOKE CONNECT ON DATABASE {name} FROM public, reconciler")
    assert "permission denied" in str(refusal(postgresql))


def test_a_role_without_rights_is_reported_and_makes_nothing(
    cluster: Cluster, postgresql: PostgresqlDatabase
) -> None:
    name = postgresql.url.rpartition("/")[2]
    cluster.administer(f"ALTER DATABASE {name} OWNER TO postgres")
    cluster.administer("REVOKE CREATE ON SCHEMA public FROM public", name)
    error = refusal(postgresql)
    assert "permission denied" in str(error)
    assert "create tables" in str(error.hint)


def test_a_server_that_is_not_there_is_reported(unused_server: PostgresqlDatabase) -> None:
    assert "cannot be reached" in str(refusal(unused_server))


@pytest.fixture
def unused_server() -> PostgresqlDatabase:
    return PostgresqlDatabase("postgresql+psycopg://127.0.0.1:1/reconciler")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_text_is_refused(
    cluster: Cluster, postgresql: PostgresqlDatabase, encoding: str
) -> None:
    with cluster.database(f"ENCODING '{encoding}' TEMPLATE template0") as place:
        error = refusal(place, LedgerUnusable)
    assert encoding in str(error)
    assert "UTF8" in str(error.hint)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://role:hunter2@127.0.0.1:1/db",
        "postgresql+psycopg://role@127.0.0.1:1/db?password=hunter2",
        "postgresql+psycopg://role:hunter2@[::1/db",
        "postgresql+psycopg2://role@127.0.0.1/db?application_name=hunter2",
        "mysql://role@127.0.0.1/hunter2",
        "hunter2",
        "",
    ],
)
def test_a_url_that_will_not_do_is_refused_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNWANTED", "hunter2")
    refusal(PostgresqlDatabase(url), LedgerUnusable)


def test_without_the_driver_it_is_said_how_to_install_it(
    unused_server: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "reconciler.ledger.server_connection")
    with pytest.raises(LedgerUnusable) as raised, read_ledger(unused_server):
        pass
    assert raised.value.hint == install_extra("postgresql")
