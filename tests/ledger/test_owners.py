"""Who belongs to whom: written with the run that is let through, and only what changed."""

from collections.abc import Mapping

import pytest
from sqlalchemy import func, select

from reconciler.domain import COMMAND_LINE, LedgerPlace, Platform, stack_owner
from reconciler.ledger import LedgerOutdated, LedgerUnusable, open_ledger, read_ledger
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.schema import declared_users
from reconciler.planning import Owned, Ownership
from reconciler.runs import JournalFailed
from tests.ledger.earlier import make_earlier
from tests.ledger.faulty_database import Away, on_faulty
from tests.ledger.samples import (
    ADDRESS,
    ALICE,
    FLEET,
    PLAN,
    VERDICTS,
    WORKSPACE,
    begin,
    claim,
    closed,
    database_of,
    disconnect_fully,
    ledger_at,
    opened,
    plan,
)

STACK, OTHER = stack_owner("acme/fleet/prod"), stack_owner("acme/fleet/stage")
GOOGLE, MICROSOFT = Platform.GOOGLE, Platform.MICROSOFT
NOTHING = frozenset[Platform]()

Declared = Mapping[str, frozenset[Platform]]


def declares(ledger: Ledger, owner: str, declared: Declared, *, base_url: str = ADDRESS) -> None:
    """An acting run of ``owner`` that is let through, and has nothing to do."""
    with begin(ledger, claim(owner=owner, base_url=base_url)) as run:
        run.run_opened(opened(run.id, plan(base_url=base_url), declared=declared))
        run.run_closed(closed(run.id))


def others(ledger: Ledger, owner: str) -> Mapping[str, Owned] | None:
    ownership = ledger.history(WORKSPACE, ADDRESS, owner).ownership
    return None if ownership is None else ownership.others


def rows(ledger: Ledger) -> int:
    with database_of(ledger).read() as connection:
        return int(
            connection.execute(select(func.count()).select_from(declared_users)).scalar_one()
        )


def test_whom_a_run_declares_belongs_to_its_owner_with_these_platforms(ledger: Ledger) -> None:
    declares(
        ledger,
        STACK,
        {"alice": frozenset({MICROSOFT, GOOGLE}), "böb": NOTHING, "\0\ud800": NOTHING},
    )
    assert others(ledger, COMMAND_LINE) == {
        "alice": Owned(STACK, (GOOGLE, MICROSOFT)),
        "böb": Owned(STACK, ()),
        "\0\ud800": Owned(STACK, ()),
    }
    assert ledger.history(WORKSPACE, ADDRESS, STACK).ownership == Ownership(STACK, {})


def test_the_last_that_declares_somebody_has_him(ledger: Ledger) -> None:
    declares(ledger, STACK, {"alice": frozenset({GOOGLE}), "böb": frozenset({GOOGLE})})
    declares(ledger, COMMAND_LINE, {"alice": frozenset({GOOGLE})})
    assert others(ledger, COMMAND_LINE) == {"böb": Owned(STACK, (GOOGLE,))}
    assert others(ledger, STACK) == {"alice": Owned(COMMAND_LINE, (GOOGLE,))}
    declares(ledger, STACK, {"alice": frozenset({MICROSOFT})})
    assert others(ledger, COMMAND_LINE) == {
        "alice": Owned(STACK, (MICROSOFT,)),
        "böb": Owned(STACK, (GOOGLE,)),
    }
    assert others(ledger, STACK) == {}


def test_who_is_not_declared_any_more_stays_with_his_last_owner(ledger: Ledger) -> None:
    declares(ledger, STACK, {"alice": frozenset({GOOGLE}), "böb": NOTHING})
    declares(ledger, STACK, {"alice": frozenset({GOOGLE})})
    declares(ledger, OTHER, {"carol": frozenset({GOOGLE})})
    assert others(ledger, COMMAND_LINE) == {
        "alice": Owned(STACK, (GOOGLE,)),
        "böb": Owned(STACK, ()),
        "carol": Owned(OTHER, (GOOGLE,)),
    }


def test_nothing_is_written_of_what_stays(ledger: Ledger) -> None:
    everybody = {"alice": frozenset({GOOGLE}), "böb": NOTHING}
    declares(ledger, STACK, everybody)
    declares(ledger, STACK, everybody)
    assert rows(ledger) == 2
    declares(ledger, STACK, everybody | {"böb": frozenset({GOOGLE})})
    assert rows(ledger) == 3
    declares(ledger, COMMAND_LINE, {"alice": frozenset({GOOGLE})})
    assert rows(ledger) == 4


def test_more_than_are_written_at_once_are_all_written(ledger: Ledger) -> None:
    many = {f"user-{number:05}": frozenset({GOOGLE}) for number in range(10_001)}
    declares(ledger, STACK, many)
    found = others(ledger, COMMAND_LINE)
    assert found is not None
    assert found.keys() == many.keys()
    declares(ledger, STACK, many)
    assert rows(ledger) == len(many)


def test_each_workspace_and_address_has_owners_of_its_own(ledger: Ledger) -> None:
    declares(ledger, STACK, {"alice": NOTHING}, base_url="sandbox:1")
    assert others(ledger, COMMAND_LINE) is None
    declares(ledger, COMMAND_LINE, {"alice": frozenset({GOOGLE})})
    assert others(ledger, STACK) == {"alice": Owned(COMMAND_LINE, (GOOGLE,))}
    elsewhere = ledger.history(WORKSPACE, "sandbox:1", COMMAND_LINE).ownership
    assert elsewhere == Ownership(COMMAND_LINE, {"alice": Owned(STACK, ())})


def test_a_run_that_is_not_let_through_records_no_owner(ledger: Ledger) -> None:
    declares(ledger, STACK, {"alice": frozenset({GOOGLE})})
    with begin(ledger, claim(owner=COMMAND_LINE)) as refused:
        assert others(ledger, COMMAND_LINE) == {"alice": Owned(STACK, (GOOGLE,))}
        refused.refused("takeover", PLAN, VERDICTS, FLEET)
    with begin(ledger, claim(owner=COMMAND_LINE)) as declined:
        declined.declined(PLAN, VERDICTS, FLEET)
    with begin(ledger, claim(owner=COMMAND_LINE)):
        pass
    assert others(ledger, STACK) == {}


def test_a_run_that_could_not_be_opened_records_no_owner_although_it_was_written(
    ledger: Ledger,
) -> None:
    declares(ledger, STACK, {"alice": frozenset({GOOGLE})})
    away, database = on_faulty(ledger)
    with begin(away, claim(owner=COMMAND_LINE)) as run:
        database.go(Away.AFTER_COMMIT, times=1)
        with pytest.raises(JournalFailed):
            run.run_opened(opened(run.id, declared={"alice": frozenset({MICROSOFT})}))
    assert others(ledger, STACK) == {}
    assert others(ledger, COMMAND_LINE) == {"alice": Owned(STACK, (GOOGLE,))}


def test_a_run_asks_on_behalf_of_its_owner(ledger: Ledger) -> None:
    declares(ledger, STACK, {"alice": NOTHING})
    with begin(ledger, claim(owner=OTHER)) as run:
        assert run.history().ownership == Ownership(OTHER, {"alice": Owned(STACK, ())})


def test_who_declares_nobody_asks_for_no_owner(ledger: Ledger) -> None:
    declares(ledger, STACK, {"alice": NOTHING})
    history = ledger.history(WORKSPACE, ADDRESS, None)
    assert (history.accepted, history.ownership) == (FLEET, None)


def test_a_story_says_on_whose_behalf_the_run_acted(ledger: Ledger) -> None:
    with begin(ledger, claim(owner=STACK)) as run:
        assert ledger.run_history(run.id).summary.owner == STACK
        assert ledger.owner(run.id) == STACK


@pytest.mark.parametrize("platforms", ["zoom", "google,", "google,google,zoom"])
def test_platforms_that_this_tool_does_not_write_are_reported(
    ledger: Ledger, platforms: str
) -> None:
    declares(ledger, STACK, {"alice": NOTHING})
    with database_of(ledger).write() as connection:
        connection.execute(declared_users.update().values(platforms=platforms))
    with pytest.raises(LedgerUnusable):
        ledger.history(WORKSPACE, ADDRESS, COMMAND_LINE)


# A ledger of before there were owners.


def test_a_ledger_without_owners_is_brought_up_to_date_with_all_that_it_holds(
    place: LedgerPlace,
) -> None:
    with ledger_at(place) as ledger, begin(ledger) as run:
        run.run_opened(opened(run.id))
        disconnect_fully(run, ALICE)
        run.run_closed(closed(run.id))
        before = ledger.run_history(run.id)
    make_earlier(place)
    with pytest.raises(LedgerOutdated), read_ledger(place):
        pass
    with open_ledger(place, create=False) as opened_again:
        assert not opened_again.made
        after = opened_again.run_history(run.id)
        history = opened_again.history(WORKSPACE, ADDRESS, COMMAND_LINE)
        assert opened_again.owner(run.id) is None
    assert after.summary.owner is None
    assert (after.plan, after.actions, after.verdicts) == (
        before.plan,
        before.actions,
        before.verdicts,
    )
    assert (history.accepted, history.ownership) == (FLEET, None)


def test_in_such_a_ledger_the_next_run_is_the_first_to_have_somebody(place: LedgerPlace) -> None:
    with ledger_at(place) as ledger:
        declares(ledger, STACK, {"alice": NOTHING})
    make_earlier(place)
    with ledger_at(place) as ledger:
        assert others(ledger, COMMAND_LINE) is None
        declares(ledger, COMMAND_LINE, {"alice": frozenset({GOOGLE})})
        assert others(ledger, STACK) == {"alice": Owned(COMMAND_LINE, (GOOGLE,))}
