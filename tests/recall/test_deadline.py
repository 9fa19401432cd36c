"""Waiting, and being told to stop."""

import signal
import threading
import time

import pytest

from reconciler.domain import Cancellation, Cancelled, Deadline, DeadlinePassed, SystemClock
from tests.recall.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class StoppingClock(FakeClock):
    """Requests a stop ``after`` seconds of waiting."""

    def __init__(self, after: float) -> None:
        super().__init__()
        self.stop = Cancellation(self.monotonic)
        self._at = self.time + after

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        if wake.is_set() or self.time + seconds < self._at or self.stop.requested_at is not None:
            return super().wait(seconds, wake)
        super().wait(self._at - self.time, wake)
        self.stop.request(2)
        return wake.is_set()


def test_waiting_takes_as_long_as_told(clock: FakeClock) -> None:
    Deadline(clock).wait(7)
    assert clock.time == 1007


def test_waiting_for_nothing_does_not_wait(clock: FakeClock) -> None:
    Deadline(clock).wait(0)
    assert clock.waits == []


def test_a_wait_beyond_the_deadline_is_not_begun(clock: FakeClock) -> None:
    with pytest.raises(DeadlinePassed):
        Deadline(clock, at=1005).wait(5.5)
    assert clock.waits == []
    Deadline(clock, at=1005).wait(5)


def test_a_requested_stop_begins_no_wait(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    stop.request(2)
    with pytest.raises(Cancelled):
        Deadline(clock, stop).wait(1)
    assert clock.waits == []


def test_a_stop_meanwhile_ends_the_wait() -> None:
    clock = StoppingClock(after=3)
    with pytest.raises(Cancelled):
        Deadline(clock, clock.stop).wait(10)
    assert clock.time == 1003


def test_within_the_grace_a_stop_lets_the_wait_go_on() -> None:
    clock = StoppingClock(after=3)
    Deadline(clock, clock.stop, grace=10).wait(12)
    assert clock.time == 1012


def test_a_wait_that_the_grace_does_not_cover_ends_with_the_stop() -> None:
    clock = StoppingClock(after=3)
    with pytest.raises(DeadlinePassed):
        Deadline(clock, clock.stop, grace=10).wait(14)
    assert clock.time == 1003


def test_the_grace_does_not_move_the_deadline(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    stop.request(2)
    deadline = Deadline(clock, stop, at=1004, grace=10)
    assert deadline.remaining() == 4
    deadline.check()
    with pytest.raises(DeadlinePassed):
        deadline.wait(5)


def test_after_the_grace_nothing_is_begun(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    deadline = Deadline(clock, stop, grace=10)
    stop.request(2)
    clock.time += 10
    with pytest.raises(DeadlinePassed):
        deadline.check()


def test_what_begins_after_a_stop_has_the_whole_grace(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    stop.request(2)
    clock.time += 15
    assert Deadline(clock, stop, grace=10).remaining() == 10


def test_in_the_grace_waiting_for_an_event_really_waits(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    stop.request(2)
    Deadline(clock, stop, grace=10).wait_for(threading.Event(), 4)
    assert clock.waits == [4]


def test_no_single_call_takes_longer_than_the_grace_that_a_stop_would_leave_it(
    clock: FakeClock,
) -> None:
    assert Deadline(clock, at=clock.time + 60, grace=10).call_timeout() == 10
    assert Deadline(clock, at=clock.time + 4, grace=10).call_timeout() == 4
    assert Deadline(clock, at=clock.time + 60).call_timeout() == 60


def test_a_stop_in_the_instant_before_a_wait_begins_is_not_slept_through() -> None:
    class StopsInBetween(FakeClock):
        def wait(self, seconds: float, wake: threading.Event) -> bool:
            stop.request(signal.SIGINT)
            return super().wait(seconds, wake)

    clock = StopsInBetween()
    stop = Cancellation(clock.monotonic)
    with pytest.raises(Cancelled):
        Deadline(clock, stop).wait(60)
    assert clock.waits == []


def test_without_a_deadline_there_is_no_end(clock: FakeClock) -> None:
    assert Deadline(clock).remaining() == float("inf")


def test_the_first_request_to_stop_counts(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    stop.request(signal.SIGTERM)
    clock.time += 5
    stop.request(signal.SIGINT)
    assert (stop.signal, stop.requested_at) == (signal.SIGTERM, 1000)
    assert stop.event.wait(1)


def test_a_signal_handler_wakes_a_thread_that_waits() -> None:
    stop, clock = Cancellation(), SystemClock()
    outcome: list[str] = []

    def wait() -> None:
        try:
            Deadline(clock, stop).wait(30)
        except Cancelled:
            outcome.append("interrupted")

    before = signal.signal(signal.SIGUSR1, lambda number, _: stop.request(number))
    try:
        thread = threading.Thread(target=wait)
        thread.start()
        signal.raise_signal(signal.SIGUSR1)
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert outcome == ["interrupted"]


def test_a_stop_requested_inside_the_events_own_lock_does_not_hang(clock: FakeClock) -> None:
    stop = Cancellation(clock.monotonic)
    with stop.event._cond:  # type: ignore[attr-defined]
        stop.request(2)
        assert stop.requested_at is not None
    assert stop.event.wait(5)


def test_the_system_clock_is_the_machines() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() is not None
    assert abs(clock.now().timestamp() - time.time()) < 60
    assert clock.monotonic() <= time.monotonic()
    woken = threading.Event()
    assert not clock.wait(0, woken)
    woken.set()
    assert clock.wait(1e12, woken)
