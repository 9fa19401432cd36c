"""Text that databases refuse is stored and found all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, insert, select
from sqlalchemy.dialects import sqlite

from reconciler.domain import LedgerPlace
from reconciler.ledger.schema import LedgerText, locks
from tests.ledger.databases import writing

AWKWARD = [
    "nul \0 within",
    "half a pair \ud800",
    "\udfff",
    "\ue000",
    "\ue0000000",
    "\ue000e000",
    "DOMAIN\\user\\u0000",
    "\N{ZERO WIDTH SPACE}\N{RIGHT-TO-LEFT OVERRIDE}\r\n\t\x1b[31m",
    "\N{PILE OF POO}e\N{COMBINING ACUTE ACCENT}\uffff",
    "",
    "' OR 1=1; DROP TABLE locks; --",
]


def test_awkward_text_comes_back_as_it_was_and_is_found(place: LedgerPlace) -> None:
    with writing(place) as database:
        with database.write() as connection:
            rows = [{"workspace": text, "fence": 1, "run": text} for text in AWKWARD]
            connection.execute(insert(locks), rows)
        with database.read() as connection:
            for text in AWKWARD:
                query = select(locks.c.workspace, locks.c.run).where(locks.c.workspace == text)
                assert connection.execute(query).all() == [(text, text)]


ANY_TEXT = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\0\ud800\udc00\ue000e0")))
DIALECT: Dialect = sqlite.dialect()


@given(ANY_TEXT)
def test_what_is_stored_can_be_stored_and_is_undone(text: str) -> None:
    stored = LedgerText().process_bind_param(text, DIALECT)
    assert stored is not None
    assert "\0" not in stored
    stored.encode("utf-8")
    assert LedgerText().process_result_value(stored, DIALECT) == text


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_stay_different(one: str, other: str) -> None:
    stored = [LedgerText().process_bind_param(text, DIALECT) for text in (one, other)]
    assert (stored[0] == stored[1]) == (one == other)


@pytest.mark.parametrize("text", ["alice@example.com", "DOMAIN\\alice", '{"a": "\\u0000"}', "ä\n"])
def test_ordinary_text_is_stored_as_it_is(text: str) -> None:
    assert LedgerText().process_bind_param(text, DIALECT) == text
