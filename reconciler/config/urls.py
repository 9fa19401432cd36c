"""What can be the name or the address of a host.

The URL of an API of one's own, in the one form that plans and records know it by.

The URL of a ledger, in the one form that whoever opens it reads as it was meant.

SQLAlchemy's conventions, read more strictly. A password has no place in it: the configuration is
kept with the code, and reports show where the ledger is.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile, ip_address, is_loopback

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
# No name ends in a number: such a host is an IPv4 address, or nothing.
_NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")


def is_host(text: str) -> bool:
    """Whether ``text`` is a name in lower case, or an address without brackets."""
    return bool(ip_address(text)) or (bool(_NAME.fullmatch(text)) and not _NUMERIC.fullmatch(text))


def in_url(host: str) -> str:
    """``host`` as a URL writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


_PORTS = {"https": 443, "http": 80}


class UnusableUrl(Exception):
    """A base URL that cannot be used; says what is wrong with it without telling the URL."""


def normalised_base_url(text: str) -> str:
    """``https://host`` or ``https://host:port`` in lower case; ``http`` for loopback only.

    Raises :class:`UnusableUrl`.
    """
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UnusableUrl("holds spaces or characters that are not ASCII")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnusableUrl("is no URL") from None
    if parts.scheme not in _PORTS:
        raise UnusableUrl("does not begin with https://")
    if "@" in parts.netloc:
        raise UnusableUrl("holds a user or a password")
    if parts.query or parts.fragment or parts.path.strip("/"):
        raise UnusableUrl("holds a path, a query or a fragment")
    if not is_host(host):
        raise UnusableUrl("names no host")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnusableUrl("is http and not on loopback: the API key would travel in the clear")
    suffix = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{in_url(host)}{suffix}"


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
    "host": _PATH,  # the folder of a socket; more than one, by commas, are no one place
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
"""Of libpq's options those that hold no secret and take nothing from a ledger, and their form."""


class UnusableLedger(Exception):
    """What is wrong with a ledger's URL, without telling it; ``hint`` is what to write."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def ledger_place(url: str, folder: Path) -> LedgerPlace:
    """Where the ledger is, by a ``url`` whose scheme is one that the schema lets through.

    A relative path is from ``folder`` on. Raises :class:`UnusableLedger`.
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
        raise UnusableLedger("names no file, and what is in memory does not last", _SQLITE_HINT)
    if question_mark:
        raise UnusableLedger("holds options: a `?` and what follows it", _SQLITE_HINT)
    if not path.startswith("/"):
        raise UnusableLedger("has two slashes where three or four belong", _SQLITE_HINT)
    if path.rpartition("/")[2] in ("", ".", ".."):
        raise UnusableLedger("names a folder", "name a file in it, ledger.db for example")
    return path[1:]


def _postgresql(text: str) -> str:
    """What follows the scheme, in a form in which no two readers differ."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UnusableLedger("holds spaces or characters that are not ASCII", _SERVICE_HINT)
    user, at, rest = text.rpartition("@")
    # The last `@`, because readers differ in where a password ends that holds one, or a `/`.
    if ":" in unquote(user):
        raise UnusableLedger("holds a password", _ENVIRONMENT_HINT)
    if at and not (_USER.fullmatch(user) and unquote(user).isprintable()):
        hint = f"{_POSTGRESQL_HINT}, and any other `@` as %40"
        raise UnusableLedger("holds no user's name before the `@`", hint)
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
        raise UnusableLedger("holds no usable name of a database", _SERVICE_HINT)
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
            raise UnusableLedger("holds an option that is not known here", known)
        if not re.fullmatch(_OPTIONS[name], value, re.ASCII):
            hint = "a path begins with /, a number is whole; see libpq's connection parameters"
            raise UnusableLedger(f"has an option `{name}` that cannot be as it is", hint)
    return options
