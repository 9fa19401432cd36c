"""One rate budget: exact, fair, and awake to a stop."""

import threading
import time
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.domain import Cancellation, Cancelled, Deadline, DeadlinePassed, SystemClock
from reconciler.recall import Permit, RateWindow
from tests.recall.fake_clock import FakeClock


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for another thread to get somewhere."""
    while not condition():
        time.sleep(0.002)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_calls_within_the_limit_do_not_wait(clock: FakeClock) -> None:
    budget = RateWindow(3, clock)
    for _ in range(3):
        budget.take(Deadline(clock)).answered()
    assert clock.waits == []


def test_the_call_above_the_limit_waits_until_a_minute_after_the_first_answer(
    clock: FakeClock,
) -> None:
    budget = RateWindow(2, clock)
    slow = budget.take(Deadline(clock))
    clock.time += 7
    slow.answered()
    budget.take(Deadline(clock)).answered()
    clock.time += 10
    budget.take(Deadline(clock))
    assert clock.waits == [50.0]


def test_a_released_permit_frees_its_slot_at_once(clock: FakeClock) -> None:
    budget = RateWindow(1, clock)
    budget.take(Deadline(clock)).release()
    budget.take(Deadline(clock)).answered()
    assert clock.waits == []


def test_a_permit_ends_once(clock: FakeClock) -> None:
    budget = RateWindow(1, clock)
    permit = budget.take(Deadline(clock))
    permit.answered()
    permit.release()
    permit.answered()
    budget.take(Deadline(clock))
    assert clock.waits == [60.0]


def test_a_permit_that_was_not_used_is_released_at_the_end_of_its_block(clock: FakeClock) -> None:
    budget = RateWindow(1, clock)
    with budget.take(Deadline(clock)):
        assert not budget.idle()
    assert budget.idle()


def test_a_permit_that_was_answered_in_its_block_counts(clock: FakeClock) -> None:
    budget = RateWindow(1, clock)
    with budget.take(Deadline(clock)) as permit:
        permit.answered()
    assert not budget.idle()
    clock.time += 60
    assert budget.idle()


def test_a_budget_of_nothing_is_refused(clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="for ever"):
        RateWindow(0, clock)
    assert RateWindow(7, clock).limit == 7


def test_a_deadline_before_the_next_slot_passes_at_once(clock: FakeClock) -> None:
    budget = RateWindow(1, clock)
    budget.take(Deadline(clock)).answered()
    with pytest.raises(DeadlinePassed):
        budget.take(Deadline(clock, at=clock.time + 59))
    assert clock.waits == []
    budget.take(Deadline(clock, at=clock.time + 61))


def test_a_deadline_ends_the_wait_for_calls_in_flight(clock: FakeClock) -> None:
    budget = RateWindow(1, clock)
    budget.take(Deadline(clock))
    with pytest.raises(DeadlinePassed):
        budget.take(Deadline(clock, at=clock.time + 5))
    assert clock.waits == [5.0]


def test_a_requested_stop_gives_no_permit(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    stop.request(2)
    budget = RateWindow(1, clock)
    with pytest.raises(Cancelled):
        budget.take(Deadline(clock, stop))
    assert budget.idle()


def test_a_stop_wakes_all_who_wait() -> None:
    clock, stop = SystemClock(), Cancellation()
    budget = RateWindow(1, clock)
    held = budget.take(Deadline(clock))
    interrupted: list[bool] = []

    def wait() -> None:
        try:
            budget.take(Deadline(clock, stop))
        except Cancelled:
            interrupted.append(True)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(budget._queue) == 3)
    stop.request(15)
    for thread in threads:
        thread.join()
    assert interrupted == [True] * 3
    held.release()
    assert budget.idle()


def test_who_asks_first_is_served_first() -> None:
    clock = SystemClock()
    budget = RateWindow(1, clock)
    held = budget.take(Deadline(clock))
    served: list[int] = []

    def wait(number: int) -> None:
        with budget.take(Deadline(clock)):
            served.append(number)

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        eventually(lambda: len(budget._queue) == len(threads))
    held.release()
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4]


def test_the_next_is_served_when_the_first_in_line_gives_up() -> None:
    clock, stop = SystemClock(), Cancellation()
    budget = RateWindow(1, clock)
    held = budget.take(Deadline(clock))
    outcomes: deque[str] = deque()

    def give_up() -> None:
        with pytest.raises(Cancelled):
            budget.take(Deadline(clock, stop))
        outcomes.append("gave up")

    def wait() -> None:
        budget.take(Deadline(clock)).release()
        outcomes.append("served")

    first, second = threading.Thread(target=give_up), threading.Thread(target=wait)
    first.start()
    eventually(lambda: len(budget._queue) == 1)
    second.start()
    eventually(lambda: len(budget._queue) == 2)
    stop.request(2)
    first.join()
    held.release()
    second.join()
    assert list(outcomes) == ["gave up", "served"]


steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "answer", "release", "pass time"]),
        st.floats(0, 70, allow_nan=False),
    ),
    max_size=60,
)


@given(limit=st.integers(1, 4), schedule=steps)
def test_no_window_of_a_minute_holds_more_calls_than_the_limit(
    limit: int, schedule: list[tuple[str, float]]
) -> None:
    clock = FakeClock()
    budget = RateWindow(limit, clock)
    deadline = Deadline(clock)
    open_calls: deque[tuple[Permit, float]] = deque()
    finished: list[tuple[float, float]] = []
    for step, number in schedule:
        if step == "pass time":
            clock.time += number
        elif step == "take" and len(open_calls) < limit:
            permit = budget.take(deadline)
            # Everything that counts at this moment, by the definition and not by the budget's sums.
            counting = [end for _, end in finished if clock.time < end + 60]
            assert len(counting) + len(open_calls) + 1 <= limit
            open_calls.append((permit, clock.time))
        elif step in {"answer", "release"} and open_calls:
            permit, began = open_calls.popleft()
            if step == "answer":
                permit.answered()
                finished.append((began, clock.time))
            else:
                permit.release()
    # Wherever in its flight the server saw each call: no half-open minute sees more than the limit.
    for seen in ([began for began, _ in finished], [end for _, end in finished]):
        for start in seen:
            assert sum(start <= moment < start + 60 for moment in seen) <= limit


def test_threads_together_stay_within_the_limit() -> None:
    clock = SystemClock()
    budget = RateWindow(3, clock)
    lock = threading.Lock()
    now, most = 0, 0

    def work() -> None:
        nonlocal now, most
        for _ in range(50):
            with budget.take(Deadline(clock)):
                with lock:
                    now += 1
                    most = max(most, now)
                with lock:
                    now -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 3
    assert budget.idle()
