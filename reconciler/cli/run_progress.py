"""What a command shows while it works: bars on a terminal, lines elsewhere, and events.

Nothing here fails: a stream that cannot be written is reported at the end of the command.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from reconciler.domain import Clock
from reconciler.planning import Plan
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import outcomes, summary
from reconciler.runs import ActionResult, HaltCause

if TYPE_CHECKING:
    from reconciler.cli.event_stream import EventStream

SILENCE: Final = 30.0
"""Seconds without a line after which a run says that it goes on."""


class Progress:
    """Bars for long work on standard error, or silence where nobody watches."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown

    @contextmanager
    def counting(
        self, what: str, total: int | None = None, *, in_bytes: bool = False
    ) -> Iterator[Callable[[int], None]]:
        """A bar for ``what``; yields the function that takes how far the work is."""
        if not self._shown:
            yield _ignore
            return
        from rich.console import Console  # noqa: PLC0415 - only where somebody watches
        from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        count = DownloadColumn() if in_bytes else MofNCompleteColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), count)
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(what, total=total)
            yield lambda done: bars.update(task, completed=done)


class RunProgress:
    """Shows a run as it goes.

    ``events`` gets every event, ``line`` a sentence for each action that ends; after
    :data:`SILENCE` both hear that the run goes on. ``phase`` is what it is doing. Thread-safe.

    While it is :meth:`shown`, one thread does all the writing: a reader that is slow or stands
    still holds up what is shown, and never the run.
    """

    def __init__(
        self, clock: Clock, events: "EventStream | None", line: Callable[[str], object]
    ) -> None:
        self.phase = "starting"
        self._clock = clock
        self._lines: deque[tuple[Callable[[str], object], str]] = deque()
        self._to_write = threading.Event()
        self._writing = False
        self._events = events and events.through(self._deliver)
        self._line = partial(self._deliver, line)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._begun = self._shown = clock.monotonic()
        self._done = 0
        self._plan: Plan | None = None
        self._carried: frozenset[str] = frozenset()
        self._count: Callable[[int], object] = _ignore

    @contextmanager
    def shown(self) -> Iterator["RunProgress"]:
        """While this lasts, silence is broken."""
        writer = threading.Thread(target=self._write, name="writer", daemon=True)
        heartbeat = threading.Thread(target=self.break_silence, name="heartbeat", daemon=True)
        self._writing = True
        writer.start()
        heartbeat.start()
        try:
            yield self
        finally:
            self._over.set()
            heartbeat.join()
            self._writing = False
            self._to_write.set()
            writer.join()

    def planned(
        self, plan: Plan, run: str, carried: frozenset[str], count: Callable[[int], object]
    ) -> None:
        """``plan`` is approved and ``run`` acts on it.

        ``carried`` are the keys of the actions that an earlier run ended; ``count`` takes how many
        actions have ended.
        """
        with self._lock:
            self.phase = "applying"
            self._plan, self._carried, self._count = plan, carried, count
            self._shown = self._clock.monotonic()
            if self._events is not None:
                self._events.planned(plan, run)

    def ended(self, result: ActionResult) -> None:
        """An action has its outcome."""
        with self._lock:
            plan = self._plan
            if plan is None:
                return
            self._done += 1
            self._shown = self._clock.monotonic()
            self._count(self._done)
            self._line(plain(summary.of_outcome(result, self._done, len(plan.content.actions))))
            if self._events is not None:
                self._events.ended(result, plan, self._done, self._carried)

    def halted(self, cause: HaltCause, detail: str | None, signal: int | None) -> None:
        """The run starts nothing new, for ``cause``."""
        with self._lock:
            self._shown = self._clock.monotonic()
            if cause is not HaltCause.INTERRUPTED:  # of a signal, more is said at once
                self._line(plain(outcomes.halt(cause, detail, signal)))
            if self._events is not None:
                self._events.stopped(cause, detail, signal)

    def break_silence(self) -> None:
        """Until the run ends, say that it goes on whenever nothing was shown for a while."""
        while True:
            with self._lock:
                left = self._shown + SILENCE - self._clock.monotonic()
                if left <= 0:
                    self._say_that_it_goes_on()
                    left = SILENCE
            if self._clock.wait(left, self._over):
                return

    def _deliver(self, sink: Callable[[str], object], line: str) -> None:
        if self._writing:
            self._lines.append((sink, line))
            self._to_write.set()
        else:
            sink(line)

    def _write(self) -> None:
        writing = True
        while writing:
            self._to_write.wait()
            self._to_write.clear()
            writing = self._writing
            while self._lines:
                sink, line = self._lines.popleft()
                sink(line)

    def _say_that_it_goes_on(self) -> None:
        now = self._clock.monotonic()
        self._shown = now
        total = None if self._plan is None else len(self._plan.content.actions)
        message = summary.of_silence(self.phase, now - self._begun)
        self._line(message if total is None else f"[{self._done}/{total}] {message}")
        if self._events is not None:
            self._events.waiting(self._done, total, message)


def _ignore(_done: int) -> None:
    return
