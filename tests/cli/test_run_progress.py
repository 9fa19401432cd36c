"""What is shown of a run while it goes on, on a clock of its own."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.cli.event_stream import EventStream
from reconciler.cli.run_progress import SILENCE, RunProgress
from reconciler.runs import HaltCause, Outcome
from tests.reporting import samples

PLAN = samples.plan_with(samples.disconnect("alice"), samples.update("bob"))


class Clock:
    """Stands still but where somebody waits; ``during`` is called before each wait."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.during: Callable[[threading.Event], None] = lambda over: over.set()

    def now(self) -> datetime:
        return datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        self.during(wake)
        if not wake.is_set():
            self.seconds += seconds
        return wake.is_set()


class Shown:
    """A run's progress, and what was shown of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        self.counts: list[int] = []
        self._events: list[str] = []
        stream = EventStream(self.clock, [self._events.append])
        self.progress = RunProgress(self.clock, stream, self.lines.append)

    def plan(self) -> None:
        self.progress.planned(PLAN, "run-1", frozenset(), self.counts.append)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._events]

    def silent_for(self, waits: int, during: Callable[[int], None] = lambda _: None) -> None:
        """Let the clock go on for so many waits, with ``during`` in the middle of each."""
        done = 0

        def count(over: threading.Event) -> None:
            nonlocal done
            if done == waits:
                over.set()
                return
            during(done)
            done += 1

        self.clock.during = count
        self.progress.break_silence()


def test_each_outcome_is_a_line_and_an_event_at_once() -> None:
    shown = Shown()
    shown.plan()
    shown.progress.ended(samples.ended(Outcome.VERIFIED, "read_back"))
    assert shown.lines == ["[1/2] verified: disconnect microsoft alice"]
    assert [event["type"] for event in shown.events] == ["planned", "outcome"]
    shown.progress.ended(samples.ended(Outcome.FAILED, "rejected", action=samples.update("bob")))
    assert shown.lines[1] == "[2/2] failed: update preferences bob: the API rejected the request"
    assert shown.counts == [1, 2]
    assert [event.get("done") for event in shown.events] == [None, 1, 2]


def test_a_run_that_is_silent_says_every_thirty_seconds_that_it_goes_on() -> None:
    shown = Shown()
    shown.plan()
    shown.progress.ended(samples.ended(Outcome.VERIFIED, "read_back"))
    shown.silent_for(7)
    assert SILENCE == 30
    assert shown.lines[1:] == [
        "[1/2] still applying after 30 s",
        "[1/2] still applying after 1 min 0 s",
        "[1/2] still applying after 1 min 30 s",
        "[1/2] still applying after 2 min 0 s",
        "[1/2] still applying after 2 min 30 s",
        "[1/2] still applying after 3 min 0 s",
        "[1/2] still applying after 3 min 30 s",
    ]
    waiting = shown.events[2:]
    assert [event["type"] for event in waiting] == ["waiting"] * 7
    assert (waiting[0]["done"], waiting[0]["total"]) == (1, 2)
    assert waiting[0]["at"] == "2026-11-02T08:00:30Z"


def test_an_outcome_puts_the_next_such_line_off() -> None:
    shown = Shown()
    shown.plan()

    def halfway(wait: int) -> None:
        if wait == 0:
            shown.clock.seconds += 20
            shown.progress.ended(samples.ended(Outcome.VERIFIED, "read_back"))
            shown.clock.seconds -= 20

    shown.silent_for(2, halfway)
    assert shown.lines == [
        "[1/2] verified: disconnect microsoft alice",
        "[1/2] still applying after 50 s",
    ]


def test_before_there_is_a_plan_it_says_what_it_waits_for() -> None:
    shown = Shown()
    shown.progress.phase = "waiting for the lock of the workspace"
    shown.silent_for(1)
    assert shown.lines == ["still waiting for the lock of the workspace after 30 s"]
    assert (shown.events[0]["done"], shown.events[0]["total"]) == (0, None)


def test_a_run_that_stops_itself_says_why_at_once() -> None:
    shown = Shown()
    shown.plan()
    shown.progress.halted(HaltCause.OUT_OF_CREDIT, None, None)
    assert shown.lines == ["The run stopped early: the Recall.ai account is out of credit."]
    assert shown.events[1]["halted"]["cause"] == "out_of_credit"


def test_a_signal_is_an_event_and_no_second_line() -> None:
    shown = Shown()
    shown.plan()
    shown.progress.halted(HaltCause.INTERRUPTED, None, 2)
    assert shown.lines == []
    assert shown.events[1]["halted"]["signal"] == 2


def test_nothing_is_shown_after_the_end() -> None:
    shown = Shown()
    with shown.progress.shown():
        pass
    shown.clock.seconds += 100
    assert shown.lines == []


def test_a_reader_that_stands_still_does_not_hold_up_the_run() -> None:
    shown = Shown()
    reads_again = threading.Event()
    written: list[str] = []

    def stand_still(line: str) -> None:
        reads_again.wait()
        written.append(line)

    def until_the_end(over: threading.Event) -> None:
        over.wait()

    progress = RunProgress(shown.clock, None, stand_still)
    shown.clock.during = until_the_end
    with progress.shown():
        progress.planned(PLAN, "run-1", frozenset(), shown.counts.append)
        for action in PLAN.content.actions:
            progress.ended(samples.ended(Outcome.VERIFIED, "read_back", action))
        progress.halted(HaltCause.OUT_OF_CREDIT, None, None)
        assert (shown.counts, written) == ([1, 2], [])
        reads_again.set()
    assert [line.partition(" ")[0] for line in written[:2]] == ["[1/2]", "[2/2]"]
    assert len(written) == 3
