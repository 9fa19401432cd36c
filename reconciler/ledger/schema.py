"""The tables of the ledger.

``migrations`` makes them; a test compares the two. Times of runs and steps are RFC 3339 in UTC by
the clock of the process that wrote them. Those of ``locks`` are seconds since 1970 by the clock of
the database. The ledger never holds a secret.
"""

import re
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

from reconciler.ledger.errors import LedgerUnusable
from reconciler.ledger.rows import HINT

# The first private-use character has no meaning of its own, so it can mark an escape.
_MARK: Final = "\ue000"
_WITHIN: Final = re.compile("[\0\ud800-\udfff\ue000]")
_STORED: Final = re.compile("\ue000([0-9a-f]{4})")


class LedgerText(TypeDecorator[str]):
    """Text that escapes a NUL and half a surrogate pair, which databases refuse.

    A user id may hold either. All other text is stored as it is, and equal texts stay equal.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return _WITHIN.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if not isinstance(value, str):  # a column of SQLite may hold any type
            raise LedgerUnusable("the ledger holds what this tool does not write: no text", HINT)
        return _STORED.sub(lambda found: chr(int(found[1], 16)), value)


metadata: Final = MetaData()

# SQLite numbers rows itself only in a column of exactly this type.
_Number = BigInteger().with_variant(Integer, "sqlite")

about = Table(
    "about",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # the one row: 1
    Column("ledger", LedgerText, nullable=False),  # a uuid: which ledger this is
    Column("made_at", LedgerText, nullable=False),
    Column("tool_version", LedgerText, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("digest", LedgerText, primary_key=True),  # of the content
    Column("content", LargeBinary, nullable=False),  # its canonical JSON, compressed (zlib)
)

runs = Table(
    "runs",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("run", LedgerText, nullable=False, unique=True),
    Column("front", LedgerText, nullable=False),
    Column("workspace", LedgerText, nullable=False),
    Column("address", LedgerText, nullable=False),
    Column("state", LedgerText, nullable=False),
    Column("opened_at", LedgerText, nullable=False),
    Column("ended_at", LedgerText),
    Column("who", LedgerText, nullable=False),
    Column("host", LedgerText, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("machine", LedgerText),
    Column("tool_version", LedgerText, nullable=False),
    Column("commit", LedgerText),
    Column("resumes", LedgerText, index=True),
    Column("plan", LedgerText, ForeignKey("plans.digest")),
    Column("envelope", LargeBinary),  # compressed JSON; with `plan` the whole plan
    Column("seal", LedgerText),
    Column("verdicts", LedgerText),  # JSON
    Column("declared", BigInteger),
    Column("observed", BigInteger),
    Column("accepted", Boolean, nullable=False),  # later runs compare with declared and observed
    Column("actions", BigInteger, nullable=False),
    Column("outcomes", LedgerText),  # JSON, once closed: the number of actions for each outcome
    Column("calls", BigInteger),
    Column("halted", LedgerText),
    Column("detail", LedgerText),
    Column("owner", LedgerText),  # the owner it acts for; None for a run of version 1
    Index("runs_of_workspace", "workspace", "number"),
    Index("runs_accepted", "workspace", "address", "accepted", "number"),
    Index("runs_in_state", "workspace", "state"),
    sqlite_autoincrement=True,
)

declared_users = Table(
    "declared_users",
    metadata,
    Column("run", _Number, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("user", LedgerText, primary_key=True),
    Column("platforms", LedgerText, nullable=False),  # names with commas; empty for none
)

source_rows = Table(
    "source_rows",
    metadata,
    Column("run", _Number, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("source", LedgerText, primary_key=True),
    Column("rows", BigInteger, nullable=False),  # that its `where` selected
)

seen_users = Table(
    "seen_users",
    metadata,
    Column("workspace", LedgerText, primary_key=True),
    Column("address", LedgerText, primary_key=True),
    Column("user", LedgerText, primary_key=True),
)

steps = Table(
    "steps",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("run", _Number, ForeignKey("runs.number"), nullable=False),
    Column("position", Integer, nullable=False),  # of the action in the run's plan, from 0
    Column("at", LedgerText, nullable=False),
    Column("kind", LedgerText, nullable=False),
    Column("user", LedgerText, nullable=False),
    Column("call", Integer),
    Column("code", LedgerText),
    Column("no_effect", Boolean),
    Column("outcome", LedgerText),  # only in a step that ends the action
    Column("detail", LedgerText),
    Column("settled_by", LedgerText),  # the later run that wrote it
    Column("disconnects", Boolean),  # of an intent; None before version 0007
    Index("steps_of_run", "run", "number"),
    sqlite_autoincrement=True,
)

# Makes it fast to count the outcomes of a dead run, which were not counted at its end. The
# migration has a `postgresql_where` too: naming it here would load that dialect for SQLite.
Index(
    "steps_that_end",
    steps.c.run,
    steps.c.position,
    steps.c.number,
    steps.c.outcome,
    sqlite_where=steps.c.outcome.is_not(None),
)

# Makes it fast to count the disconnects of a day, in the transaction of every intent.
Index("steps_of_intents", steps.c.run, steps.c.at, sqlite_where=steps.c.kind == "intent")

in_doubt = Table(
    "in_doubt",
    metadata,
    Column("run", _Number, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("call", Integer, nullable=False),
    Column("at", LedgerText, nullable=False),
    Column("answer", LedgerText),
)

used_plans = Table(
    "used_plans",
    metadata,
    Column("seal", LedgerText, primary_key=True),
    Column("run", LedgerText, nullable=False),
    Column("at", LedgerText, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("workspace", LedgerText, primary_key=True),
    Column(
        "fence", BigInteger, nullable=False
    ),  # grows each time a run takes the lock, and never falls
    Column("run", LedgerText),  # None while the lock is free
    Column("who", LedgerText),
    Column("host", LedgerText),
    Column("pid", BigInteger),
    Column("machine", LedgerText),
    Column("started", LedgerText),  # the run, and when its process started
    Column("since", Double),
    Column("heartbeat", Double),
)

notified = Table(
    "notified",
    metadata,
    Column("workspace", LedgerText, primary_key=True),
    Column("address", LedgerText, primary_key=True),
    Column("target", LedgerText, primary_key=True),  # its name in the configuration
    Column("event", LedgerText, primary_key=True),
    Column("digest", LedgerText, nullable=False),  # of what it was notified of last
    Column("at", LedgerText, nullable=False),
)

connect_links = Table(
    "connect_links",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("workspace", LedgerText, nullable=False),
    Column("address", LedgerText, nullable=False),
    Column("user", LedgerText, nullable=False),
    Column("platform", LedgerText, nullable=False),
    Column("who", LedgerText, nullable=False),  # made it, on `host`; the link is nowhere
    Column("host", LedgerText, nullable=False),
    Column("at", LedgerText, nullable=False),
    Index("links_of_user", "workspace", "address", "user", "number"),
    sqlite_autoincrement=True,
)
