"""The list that a run looks users up in, as who makes a link uses it."""

import pytest

from reconciler.applying.user_list import ListIncomplete, UserList
from reconciler.domain import Deadline, Observation
from tests.planning.fleets import GOOGLE, MICROSOFT, connected, fleet, seen
from tests.recall.fake_clock import FakeClock

ALICE = seen("alice", connected(GOOGLE))
BOB = seen("bob", connected(MICROSOFT))


class Lists:
    """A reader that has one more list."""

    def __init__(self, observation: Observation) -> None:
        self._next = observation.state
        self.asked = 0

    def list_users(self, deadline: Deadline, on_progress: object = None) -> object:
        self.asked += 1
        return self._next


def user_list(clock: FakeClock, reader: Lists) -> UserList:
    first = Observation(fleet(ALICE, BOB), clock.monotonic())
    return UserList(first, reader=reader, clock=clock, max_age=10)  # type: ignore[arg-type]


def test_the_rows_of_a_user_are_good_as_long_as_the_list_is_recent() -> None:
    clock = FakeClock()
    reader = Lists(Observation(fleet(BOB), 0))
    users = user_list(clock, reader)
    rows, until = users.rows("alice", Deadline(clock))
    assert (rows, reader.asked) == ((ALICE,), 0)
    clock.time = until + 1
    rows, _ = users.rows("alice", Deadline(clock))
    assert (rows, reader.asked) == ((), 1)


def test_a_newer_list_that_is_not_whole_has_no_rows_for_anybody() -> None:
    clock = FakeClock()
    reader = Lists(Observation(fleet(BOB, problems=("page 2 failed",)), 0))
    users = user_list(clock, reader)
    clock.time += 100
    with pytest.raises(ListIncomplete):
        users.rows("bob", Deadline(clock))
