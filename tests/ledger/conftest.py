"""Fixtures of the ledger's tests: a ledger at each place, and processes that use it."""

from collections.abc import Iterator

import pytest

from reconciler.domain import LedgerPlace
from reconciler.ledger.ledger import Ledger
from tests.ledger.processes import Processes, processes_at
from tests.ledger.samples import ledger_at


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with ledger_at(place) as opened:
        yield opened


@pytest.fixture
def processes(place: LedgerPlace, ledger: Ledger) -> Iterator[Processes]:
    with processes_at(place) as others:
        yield others
