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
# hangs in a transaction must not keep its row locks for ever. Behind a pooler two transactions may
# have two sessions, so each sets them for itself, in the message that begins it.
_SETTINGS: Final = f"""
SELECT set_config('lock_timeout', '{BUSY_TIMEOUT:.0f}s', true),
       set_config('statement_timeout', '{BUSY_TIMEOUT + 2:.0f}s', true),
       set_config('idle_in_transaction_session_timeout', '30s', true),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                  WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)
"""
_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

_PASSWORDS: Final = {"password", "sslpassword"}


def open_for_writing(place: PostgresqlDatabase) -> Database:
    """The database for reading and writing."""
    engine = _engine(place)
    return Database(
        place,
        "postgresql",
        reading=_beginning(engine, _READING),
        writing=_beginning(engine, _WRITING),
    )


def open_for_reading(place: PostgresqlDatabase) -> Database:
    """The database for reading only."""
    return Database(place, "postgresql", reading=_beginning(_engine(place), _READING), writing=None)


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


def _beginning(engine: Engine, words: str) -> Engine:
    """``engine``, whose transactions begin with ``words``."""
    beginning = engine.execution_options()

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"{words};{_SETTINGS}")

    event.listen(beginning, "begin", begin)
    return beginning


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
        # It begins no transactions by itself, and prepares no statement, which a pooler could lose.
        connection = ServerConnection.connect(
            **_OPTIONS | options, prepare_threshold=None, autocommit=True
        )
        try:
            _check_encoding(place, connection)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        url,
        pool_size=0,  # no limit: there are as many connections as threads
        use_native_hstore=False,  # we do not use it, so do not look it up
        hide_parameters=True,
    )
    event.listen(engine, "do_connect", connect)
    return engine


def _check_encoding(place: PostgresqlDatabase, connection: "ServerConnection") -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise LedgerUnusable(
            f"the ledger {place} is in a database with the encoding {encoding}, which cannot hold"
            " every user id",
            "make a database with ENCODING 'UTF8' TEMPLATE template0",
        )


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
