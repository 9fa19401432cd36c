"""Who was ever listed while declared, as the ledger remembers it."""

from reconciler.domain import LedgerPlace
from reconciler.ledger import open_ledger
from reconciler.ledger.ledger import Ledger
from tests.ledger.earlier import make_earlier
from tests.ledger.samples import (
    ADDRESS,
    ALICE,
    WORKSPACE,
    begin,
    claim,
    closed,
    disconnect_fully,
    ledger_at,
    opened,
    plan,
)

MANY = [f"user{n:04}" for n in range(1201)]


def sees(ledger: Ledger, *users: str, base_url: str = ADDRESS) -> None:
    """An acting run that is let through on a list with ``users``."""
    with begin(ledger, claim(base_url=base_url)) as run:
        run.run_opened(opened(run.id, plan(base_url=base_url), seen=frozenset(users)))
        run.run_closed(closed(run.id))


def seen(ledger: Ledger, *asked: str, base_url: str = ADDRESS) -> frozenset[str]:
    return ledger.history(WORKSPACE, base_url, None, asked).seen


def test_whoever_was_ever_listed_is_remembered_and_the_others_are_not(ledger: Ledger) -> None:
    sees(ledger, "alice", "bob")
    sees(ledger, "bob", "carol")
    assert seen(ledger, "alice", "carol", "dave") == {"alice", "carol"}
    assert seen(ledger) == frozenset()


def test_who_was_seen_elsewhere_was_not_seen_here(ledger: Ledger) -> None:
    sees(ledger, "alice")
    sees(ledger, "bob", base_url="sandbox:1")
    assert seen(ledger, "alice", "bob") == {"alice"}
    assert seen(ledger, "alice", "bob", base_url="sandbox:1") == {"bob"}


def test_of_many_everybody_is_found(ledger: Ledger) -> None:
    sees(ledger, *MANY)
    assert seen(ledger, "stranger", *MANY) == set(MANY)


def test_a_run_that_is_not_let_through_has_seen_nobody(ledger: Ledger) -> None:
    sees(ledger, "alice")
    with begin(ledger) as run:
        run.refused("no", None, (), None)
        assert run.history(["alice", "bob"]).seen == {"alice"}


def test_an_earlier_ledger_knows_whom_a_call_was_sent_for(place: LedgerPlace) -> None:
    with ledger_at(place) as ledger, begin(ledger) as run:
        run.run_opened(opened(run.id, seen=frozenset({"alice", "bob"})))
        disconnect_fully(run, ALICE)
        run.run_closed(closed(run.id))
    make_earlier(place)
    with open_ledger(place, create=False) as ledger:
        assert seen(ledger, "alice", "bob") == {"alice"}
