"""Opens a ledger in PostgreSQL: its connections, and how long they wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from reconciler.domain import PostgresqlDatabase, install_extra
from reconciler.ledger.database import BUSY_TIMEOUT, Database
from reconciler.ledger.errors import LedgerUnusable

if TYPE_CHECKING:
    from reconciler.ledger.server_connection import ServerConnection

# Options by libpq's names; the URL may override them. A lost host fails after ten seconds or so.
_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 8_000,
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "fallback_application_name": "calendar-reconciler",
    "client_encoding": "utf8",
}

# A commit must survive a crash of the server, whatever the server's default is. A process that
# hangs in a transaction must not keep its row locks for ever.
_SESSION: Final = f"""
SELECT set_config('lock_timeout', '{BUSY_TIMEOUT:.0f}s', false),
       set_config('statement_timeout', '{BUSY_TIMEOUT + 2:.0f}s', false),
       set_config('idle_in_transaction_session_timeout', '30s', false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                  WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""

_PASSWORDS: Final = {"password", "sslpassword"}


def open_for_writing(place: PostgresqlDatabase) -> Database:
    """The database for reading and writing."""
    engine = _engine(place)
    return Database(
        place,
        "postgresql",
        reading=_for_reading(engine),
        writing=engine.execution_options(isolation_level="READ COMMITTED"),
    )


def open_for_reading(place: PostgresqlDatabase) -> Database:
    """The database for reading only."""
    return Database(place, "postgresql", reading=_for_reading(_engine(place)), writing=None)


@contextmanager
def without_timeouts(connection: Connection) -> Iterator[None]:
    """Let the statements of this transaction take as long as they need, as a migration may."""
    driver: Any = connection.connection.driver_connection
    longest = driver.longest
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    driver.longest = None
    try:
        yield
    finally:
        driver.longest = longest


def _for_reading(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _engine(place: PostgresqlDatabase) -> Engine:
    url = _url(place)
    try:
        from reconciler.ledger.server_connection import ServerConnection  # noqa: PLC0415
    except ImportError:
        raise LedgerUnusable(
            "the ledger is in PostgreSQL, and its driver is not installed",
            install_extra("postgresql"),
        ) from None

    def connect(
        _dialect: object, _record: object, _arguments: object, options: dict[str, Any]
    ) -> ServerConnection:
        connection = ServerConnection.connect(**_OPTIONS | options, prepare_threshold=None)
        try:
            _begin_session(place, connection)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        url,
        pool_size=0,  # no limit: there are as many connections as threads
        pool_pre_ping=True,
        use_native_hstore=False,  # we do not use it, so do not look it up
        hide_parameters=True,
    )
    event.listen(engine, "do_connect", connect)
    return engine


def _begin_session(place: PostgresqlDatabase, connection: "ServerConnection") -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise LedgerUnusable(
            f"the ledger {place} is in a database with the encoding {encoding}, which cannot hold"
            " every user id",
            "make a database with ENCODING 'UTF8' TEMPLATE template0",
        )
    connection.autocommit = True
    connection.execute(_SESSION)
    connection.autocommit = False


def _url(place: PostgresqlDatabase) -> URL:
    """The checked URL. Errors do not show it, because it may hold a password."""
    try:
        url = make_url(place.url)
    except (ArgumentError, ValueError):
        raise LedgerUnusable(
            "the ledger's URL cannot be read", "postgresql+psycopg://HOST/DATABASE"
        ) from None
    if url.password is not None or _PASSWORDS & url.query.keys():
        raise LedgerUnusable(
            "the ledger's URL holds a password",
            "remove it; put it into the environment: PGPASSWORD or PGPASSFILE",
        )
    if url.drivername not in (
        "postgresql",
        "postgresql+psycopg",
    ):
        raise LedgerUnusable(
            "the ledger's URL names another kind of database", "postgresql+psycopg://HOST/DATABASE"
        )
    return url.set(drivername="postgresql+psycopg")
