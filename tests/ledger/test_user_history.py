"""What earlier runs say of single users: since when they are pending, and how actions ended."""

from collections.abc import Mapping

import pytest
from msgspec import structs
from sqlalchemy import Connection

from reconciler.domain import COMMAND_LINE, Platform, stack_owner
from reconciler.ledger import LedgerUnusable
from reconciler.ledger import user_history as module
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.schema import plans
from reconciler.ledger.stored_plans import StoredPending, stored_pending
from reconciler.planning import Pending, PendingReason, Plan
from reconciler.runs import Front, Outcome, PendingKey, PendingSince
from tests.ledger.samples import (
    ADDRESS,
    BOB_GOOGLE,
    BOB_MICROSOFT,
    FLEET,
    VERDICTS,
    WORKSPACE,
    acting,
    begin,
    claim,
    closed,
    database_of,
    disconnect_fully,
    ended,
    opened,
    plan,
    unknown,
)
from tests.ledger.samples import ALICE as ALICE_GOOGLE

GOOGLE, MICROSOFT = Platform.GOOGLE, Platform.MICROSOFT
STACK = stack_owner("acme/fleet/prod")
ALICE, BOB, BOTH = ("alice", GOOGLE), ("böb", GOOGLE), ("böb", MICROSOFT)
WANTED = (ALICE, BOB, BOTH)


def at(day: int) -> str:
    return f"2026-10-{day:02}T08:00:00Z"


def planned(
    *keys: PendingKey, selection: tuple[str, ...] | None = None, problems: tuple[str, ...] = ()
) -> Plan:
    """A plan in which exactly these are pending."""
    whole = plan()
    pending = tuple(Pending(user, p, PendingReason.NOT_CONNECTED) for user, p in keys)
    content = structs.replace(
        whole.content, pending=pending, selection=selection, problems=problems, actions=()
    )
    return structs.replace(whole, content=content)


def ran(
    ledger: Ledger, day: int, by: Plan, *, owner: str = COMMAND_LINE, base_url: str = ADDRESS
) -> str:
    """A run of that day which followed ``by`` to its end."""
    by = structs.replace(by, content=structs.replace(by.content, base_url=base_url))
    with begin(ledger, claim(owner=owner, base_url=base_url, opened=at(day))) as run:
        run.run_opened(opened(run.id, by))
        run.run_closed(closed(run.id, by=by))
        return run.id


def since(ledger: Ledger, owner: str = COMMAND_LINE) -> Mapping[PendingKey, PendingSince]:
    return ledger.pending_since(WORKSPACE, ADDRESS, owner, WANTED)


def test_a_user_is_pending_since_the_first_of_the_consecutive_runs_that_had_it(
    ledger: Ledger,
) -> None:
    ran(ledger, 1, planned(ALICE, BOTH))
    ran(ledger, 2, planned(BOTH))
    ran(ledger, 3, planned(ALICE, BOTH))
    ran(ledger, 4, planned(ALICE, BOTH, ("carol", GOOGLE)))
    assert since(ledger) == {ALICE: PendingSince(at(3)), BOTH: PendingSince(at(1))}


def test_a_user_who_was_not_pending_in_the_last_run_is_so_since_no_run(ledger: Ledger) -> None:
    ran(ledger, 1, planned(ALICE))
    ran(ledger, 2, planned())
    assert since(ledger) == {}


def test_a_new_ledger_knows_of_nobody(ledger: Ledger) -> None:
    assert since(ledger) == {}


@pytest.mark.parametrize(
    "part",
    [planned(BOTH, selection=("carol",)), planned(BOTH, problems=("page 2: 503",))],
    ids=["part", "incomplete"],
)
def test_a_plan_of_a_part_of_the_fleet_ends_nothing(ledger: Ledger, part: Plan) -> None:
    ran(ledger, 1, planned(ALICE))
    ran(ledger, 2, part)
    ran(ledger, 3, planned(ALICE))
    assert since(ledger) == {ALICE: PendingSince(at(1))}


def test_a_refused_run_saw_who_was_pending_too(ledger: Ledger) -> None:
    with begin(ledger, claim(opened=at(1))) as run:
        run.refused("max-disconnects", planned(ALICE), VERDICTS, FLEET)
    ran(ledger, 2, planned(ALICE))
    assert since(ledger) == {ALICE: PendingSince(at(1))}


def test_runs_of_other_owners_and_addresses_do_not_count(ledger: Ledger) -> None:
    ran(ledger, 1, planned(ALICE))
    ran(ledger, 2, planned(BOTH), owner=STACK)
    ran(ledger, 3, planned(), base_url="sandbox:1")
    assert since(ledger) == {ALICE: PendingSince(at(1))}
    assert since(ledger, STACK) == {BOTH: PendingSince(at(2))}


def test_a_run_that_resumes_another_has_an_old_plan_and_ends_nothing(ledger: Ledger) -> None:
    first = ran(ledger, 1, planned())
    ran(ledger, 2, planned(ALICE))
    with begin(ledger, claim(resumes=first, opened=at(3))) as run:
        run.run_opened(opened(run.id, planned()))
        run.run_closed(closed(run.id, by=planned()))
    assert ledger.runs(WORKSPACE, 1)[0].front is Front.RESUME
    assert since(ledger) == {ALICE: PendingSince(at(2))}


def test_a_run_without_a_plan_ends_nothing(ledger: Ledger) -> None:
    ran(ledger, 1, planned(ALICE))
    with begin(ledger, claim(opened=at(2))):
        pass
    assert since(ledger) == {ALICE: PendingSince(at(1))}


@pytest.mark.parametrize("bound", ["MOST_RUNS", "MOST_BYTES"])
def test_where_reading_ends_at_a_bound_it_may_be_longer_ago(
    ledger: Ledger, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(ledger, 1, planned(ALICE, BOTH))
    ran(ledger, 2, planned(ALICE, BOTH))
    ran(ledger, 3, planned(ALICE))
    ran(ledger, 4, planned(ALICE, BOTH))
    monkeypatch.setattr(module, bound, 2 if bound == "MOST_RUNS" else 1)
    found = since(ledger)
    assert found[ALICE] == PendingSince(at(3 if bound == "MOST_RUNS" else 4), or_earlier=True)
    assert found[BOTH] == PendingSince(at(4), or_earlier=bound == "MOST_BYTES")


def test_as_many_runs_as_are_looked_at_are_no_bound_that_was_met(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(ledger, 1, planned(ALICE))
    ran(ledger, 2, planned(ALICE))
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    assert since(ledger) == {ALICE: PendingSince(at(1))}


def test_equal_plans_are_decoded_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 6):
        ran(ledger, day, planned(ALICE))
    decoded: list[str] = []

    def counting(connection: Connection, name: str) -> StoredPending:
        decoded.append(name)
        return stored_pending(connection, name)

    monkeypatch.setattr(module, "stored_pending", counting)
    assert since(ledger) == {ALICE: PendingSince(at(1))}
    assert len(decoded) == 1


def test_an_altered_plan_is_reported(ledger: Ledger) -> None:
    ran(ledger, 1, planned(ALICE))
    with database_of(ledger).write() as connection:
        connection.execute(plans.update().values(content=b"nonsense"))
    with pytest.raises(LedgerUnusable):
        since(ledger)


# How actions for one user ended.


def test_the_last_outcomes_of_a_user_are_read_newest_first(ledger: Ledger) -> None:
    ids = []
    for day in range(1, 4):
        with acting(ledger, by=plan(made=at(day))) as run:
            disconnect_fully(run, BOB_GOOGLE)
            disconnect_fully(run, ALICE_GOOGLE)
            run.outcome(ended(run.id, unknown(BOB_MICROSOFT)))
            run.run_closed(closed(run.id))
            ids.append(run.id)
    found = ledger.user_outcomes(WORKSPACE, ADDRESS, ["böb", "alice", "dave"], 3)
    assert [(past.run, past.outcome, past.cause) for past in found["böb"]] == [
        (ids[2], Outcome.UNKNOWN, "not_readable"),
        (ids[2], Outcome.VERIFIED, "read_back"),
        (ids[1], Outcome.UNKNOWN, "not_readable"),
    ]
    assert [past.run for past in found["alice"]] == ids[::-1]
    assert "dave" not in found
    assert ledger.user_outcomes(WORKSPACE, "sandbox:1", ["böb"], 3) == {}


def test_the_outcomes_of_more_users_than_a_query_names_are_the_same(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, ALICE_GOOGLE)
        disconnect_fully(run, BOB_GOOGLE)
        run.run_closed(closed(run.id))
    named = ledger.user_outcomes(WORKSPACE, ADDRESS, ["alice", "dave"], 3)
    assert list(named) == ["alice"]
    monkeypatch.setattr(module, "MOST_NAMED", 1)
    assert ledger.user_outcomes(WORKSPACE, ADDRESS, ["alice", "dave"], 3) == named


def test_outcomes_of_runs_that_are_too_old_are_not_looked_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, ALICE_GOOGLE)
        run.run_closed(closed(run.id))
    monkeypatch.setattr(module, "MOST_RUNS", 1)
    assert "alice" in ledger.user_outcomes(WORKSPACE, ADDRESS, ["alice"], 3)
    ran(ledger, 2, planned())
    assert ledger.user_outcomes(WORKSPACE, ADDRESS, ["alice"], 3) == {}


# The last plan.


def last(ledger: Ledger, like: Plan) -> str | None:
    found = ledger.last_plan(WORKSPACE, ADDRESS, like.content)
    return None if found is None else found.run


def test_the_last_plan_is_that_of_the_newest_run_that_had_one(ledger: Ledger) -> None:
    ran(ledger, 1, planned(ALICE))
    run = ran(ledger, 2, planned(BOTH))
    found = ledger.last_plan(WORKSPACE, ADDRESS, planned().content)
    assert found is not None
    assert (found.run, found.at) == (run, at(2))
    assert [(each.user, each.platform) for each in found.plan.content.pending] == [BOTH]


def test_a_new_ledger_has_no_last_plan(ledger: Ledger) -> None:
    assert last(ledger, planned()) is None


def test_the_last_plan_is_of_the_same_part_of_the_fleet(ledger: Ledger) -> None:
    whole = ran(ledger, 1, planned(ALICE))
    part = ran(ledger, 2, planned(BOTH, selection=("carol",)))
    assert last(ledger, planned()) == whole
    assert last(ledger, planned(selection=("carol",))) == part
    assert last(ledger, planned(selection=("dave",))) is None


def test_a_plan_of_an_incomplete_list_is_not_compared_with(ledger: Ledger) -> None:
    complete = ran(ledger, 1, planned(ALICE))
    ran(ledger, 2, planned(problems=("page 2: 503",)))
    assert last(ledger, planned()) == complete


def test_the_last_plan_of_another_address_does_not_count(ledger: Ledger) -> None:
    ran(ledger, 1, planned(ALICE), base_url="sandbox:1")
    assert last(ledger, planned()) is None
