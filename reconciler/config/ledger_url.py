"""The URL of a ledger, checked and brought to the one form that every reader understands alike.

It follows SQLAlchemy's conventions, more strictly. It must not hold a password: the configuration
is kept with the code, and reports show where the ledger is.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile
from reconciler.domain.urls import in_url, is_host

DEFAULT_PATH: Final = ".reconciler/ledger.db"

_SQLITE_HINT = "write sqlite:///PATH, from the folder of this file, or sqlite:////PATH, from /"
_POSTGRESQL_HINT = "write postgresql+psycopg://USER@HOST:PORT/DATABASE"
_SERVICE_HINT = f"{_POSTGRESQL_HINT}; a service file can hold any name (`?service=NAME`)"
_ENVIRONMENT_HINT = (
    "put it into PGPASSWORD, into the file that PGPASSFILE names, or into a service file"
)

_USER = re.compile(r"(?:[\w.~$+-]|%[0-9A-F]{2})+", re.ASCII | re.IGNORECASE)
_DATABASE = re.compile(r"[\w.~$+-]+", re.ASCII)
_SECRET = re.compile(r"pass|pwd|secret|token|scram", re.IGNORECASE)

_TEXT, _WORD, _NUMBER, _PATH = r"[ -~]+", r"[a-z-]+", r"[0-9]{1,9}", r"/[ -+\--~]*"
_PORT = r"[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]"
_OPTIONS: Final[Mapping[str, str]] = {
    "application_name": _TEXT,
    "channel_binding": _WORD,
    "connect_timeout": _NUMBER,
    "host": _PATH,  # the folder of one socket; several, with commas, are not one place
    "keepalives": _NUMBER,
    "keepalives_count": _NUMBER,
    "keepalives_idle": _NUMBER,
    "keepalives_interval": _NUMBER,
    "port": _PORT,
    "service": _TEXT,
    "sslcert": _PATH,
    "sslcrl": _PATH,
    "sslkey": _PATH,
    "sslmode": _WORD,
    "sslrootcert": f"system|{_PATH}",
    "target_session_attrs": _WORD,
    "tcp_user_timeout": _NUMBER,
}
"""The options of libpq that hold no secret and take nothing from a ledger, and their form."""


class UnusableLedger(Exception):
    """What is wrong with a ledger's URL, without showing it; ``hint`` says what to write."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def ledger_place(url: str, folder: Path) -> LedgerPlace:
    """Where the ledger is. The schema has checked the scheme of ``url``.

    A relative path starts at ``folder``. Raises :class:`UnusableLedger`.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteFile(folder / _sqlite_path(rest))
    return PostgresqlDatabase(f"postgresql+psycopg://{_postgresql(rest)}")


def _sqlite_path(text: str) -> str:
    if not text.isprintable():
        raise UnusableLedger("holds characters that do not print", "remove them")
    path, question_mark, _ = text.partition("?")
    if path in ("", "/", "/:memory:"):
        raise UnusableLedger("names no file (a database in memory does not last)", _SQLITE_HINT)
    if question_mark:
        raise UnusableLedger("holds options: a `?` and what follows it", _SQLITE_HINT)
    if not path.startswith("/"):
        raise UnusableLedger("has two slashes where three or four belong", _SQLITE_HINT)
    if path.rpartition("/")[2] in ("", ".", ".."):
        raise UnusableLedger("names a folder", "name a file in it, ledger.db for example")
    return path[1:]


def _postgresql(text: str) -> str:
    """The part after the scheme, in a form that all readers understand alike."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UnusableLedger("holds spaces or characters that are not ASCII", _SERVICE_HINT)
    user, at, rest = text.rpartition("@")
    # We split at the last `@`: readers differ on where a password with `@` or `/` in it ends.
    if ":" in unquote(user):
        raise UnusableLedger("holds a password", _ENVIRONMENT_HINT)
    if at and not (_USER.fullmatch(user) and unquote(user).isprintable()):
        hint = f"{_POSTGRESQL_HINT}, with any other `@` as %40"
        raise UnusableLedger("holds no user name before the `@`", hint)
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnusableLedger("holds no usable host and port", _POSTGRESQL_HINT) from None
    if port == 0 or (host and not is_host(host)):
        raise UnusableLedger("holds no usable host and port", _POSTGRESQL_HINT)
    options = _options(parts.query)
    if (host and "host" in options) or (port and "port" in options):
        raise UnusableLedger("names its host or port twice", "leave one of them out")
    database = parts.path.removeprefix("/")
    if "#" in rest or not (
        _DATABASE.fullmatch(database) or (not database and "service" in options)
    ):
        raise UnusableLedger("holds no usable database name", _SERVICE_HINT)
    authority = f"{user}{at}{in_url(host)}{f':{port}' if port else ''}"
    query = f"?{urlencode(options, safe='/')}" if options else ""
    return f"{authority}/{database}{query}"


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if any(_SECRET.search(name) for name in options):
        raise UnusableLedger("holds a password, or says where one is", _ENVIRONMENT_HINT)
    if len(options) < len(pairs):
        raise UnusableLedger("holds an option twice", "leave one of them out")
    for name, value in options.items():
        if name not in _OPTIONS:
            known = f"known here: {', '.join(_OPTIONS)}"
            raise UnusableLedger("holds an unknown option", known)
        if not re.fullmatch(_OPTIONS[name], value, re.ASCII):
            hint = "a path begins with /, a number is whole; see libpq's connection parameters"
            raise UnusableLedger(f"has a malformed option `{name}`", hint)
    return options
