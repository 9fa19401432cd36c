"""Work that waits on few threads, without an API: what no sandbox can bring about."""

import threading
from collections.abc import Iterator

import pytest

from reconciler.applying.scheduler import Pause, Queue, Scheduler
from reconciler.domain import Cancellation, SystemClock
from tests.applying.virtual_clock import VirtualClock


def queues(clock: VirtualClock, *, act: int = 1, settle: int = 1) -> Scheduler:
    clock.threads = act + settle
    return Scheduler(clock, {Queue.ACT: act, Queue.VERIFY: settle})


def nothing() -> None:
    """What is called when told to stop."""


def test_each_piece_is_carried_on_when_its_pause_is_over() -> None:
    clock, moments = VirtualClock(), []

    def work(name: str, pause: float) -> Iterator[Pause]:
        for _ in range(2):
            moments.append((clock.monotonic() - 1000, name))
            yield Pause(Queue.VERIFY, pause)
        moments.append((clock.monotonic() - 1000, name))

    queues(clock).run([work("a", 3), work("b", 5)], Cancellation(clock.monotonic), nothing)
    assert sorted(moments) == [(0, "a"), (0, "b"), (3, "a"), (5, "b"), (6, "a"), (10, "b")]


def test_pieces_start_in_their_order() -> None:
    clock, started = VirtualClock(), []

    def work(number: int) -> Iterator[Pause]:
        started.append(number)
        yield Pause(Queue.VERIFY, 1)

    queues(clock).run([work(number) for number in range(9)], Cancellation(clock.monotonic), nothing)
    assert started == list(range(9))


def test_a_run_without_work_ends() -> None:
    clock = VirtualClock()
    assert queues(clock).run([], Cancellation(clock.monotonic), nothing) is None


@pytest.mark.parametrize("error", [KeyError("a defect"), SystemExit(1)])
def test_a_piece_that_breaks_is_reported_and_the_others_go_on(error: BaseException) -> None:
    clock, ended = VirtualClock(), []

    def broken() -> Iterator[Pause]:
        yield Pause(Queue.VERIFY, 1)
        raise error

    def sound(name: str) -> Iterator[Pause]:
        yield Pause(Queue.VERIFY, 5)
        ended.append(name)

    work = [sound("a"), broken(), broken(), sound("b")]
    assert queues(clock).run(work, Cancellation(clock.monotonic), nothing) is error
    assert ended == ["a", "b"]


def test_an_open_lane_holds_nobody_not_even_who_comes_later() -> None:
    clock = VirtualClock()
    under_test = queues(clock)

    def work() -> Iterator[Pause]:
        under_test.open(Queue.ACT)
        yield Pause(Queue.ACT, 100)
        yield Pause(Queue.ACT, 100)
        yield Pause(Queue.VERIFY, 7)

    under_test.run([work()], Cancellation(clock.monotonic), nothing)
    assert clock.monotonic() == 1007


def test_a_hurried_lane_lets_everybody_look_once() -> None:
    clock = VirtualClock()
    under_test = queues(clock)
    looks: list[float] = []

    def work() -> Iterator[Pause]:
        for _ in range(2):
            yield Pause(Queue.VERIFY, 50)
            looks.append(clock.monotonic() - 1000)

    clock.at(10, lambda: under_test.hurry(Queue.VERIFY))
    under_test.run([work(), work()], Cancellation(clock.monotonic), nothing)
    assert looks == [10, 10, 60, 60]


def test_a_stop_from_before_the_run_is_seen_though_nothing_announces_it() -> None:
    clock = VirtualClock()
    under_test = queues(clock)
    stop = Cancellation(clock.monotonic)
    stop.request(2)
    stopped = threading.Event()

    def work() -> Iterator[Pause]:
        assert stopped.wait(5)
        yield Pause(Queue.VERIFY, 0)

    assert under_test.run([work()], stop, stopped.set) is None


def test_a_machine_clock_carries_work_too() -> None:
    ended = []

    def work(name: str) -> Iterator[Pause]:
        yield Pause(Queue.VERIFY, 0.01)
        yield Pause(Queue.ACT, 0.01)
        ended.append(name)

    under_test = Scheduler(SystemClock(), {Queue.ACT: 2, Queue.VERIFY: 1})
    assert under_test.run([work("a"), work("b")], Cancellation(), nothing) is None
    assert sorted(ended) == ["a", "b"]
