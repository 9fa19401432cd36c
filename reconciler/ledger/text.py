"""Text as both databases can hold it: whatever Python can, unaltered."""

import re
from typing import Final

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from reconciler.ledger.as_written import HINT
from reconciler.ledger.errors import LedgerUnusable

# The first character for private use stands for nothing by itself; hence it marks what follows.
_MARK: Final = "\ue000"
_WITHIN: Final = re.compile("[\0\ud800-\udfff\ue000]")
_STORED: Final = re.compile("\ue000([0-9a-f]{4})")


class LedgerText(TypeDecorator[str]):
    """Text in which a NUL and half a surrogate pair, which databases refuse, are spelled out.

    A user id may hold either. Everything else is stored as it is; equal stays equal.
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
        if not isinstance(value, str):  # SQLite lets anything be in any column
            raise LedgerUnusable("the ledger holds what this tool does not write: no text", HINT)
        return _STORED.sub(lambda found: chr(int(found[1], 16)), value)
