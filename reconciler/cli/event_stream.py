"""The events of a command, written as JSON Lines while it works."""

from collections.abc import Callable, Sequence
from functools import partial

import reconciler
from reconciler.domain import Clock, rfc3339
from reconciler.planning import Plan
from reconciler.reporting import json_stream
from reconciler.reporting.json_stream import AnyEvent
from reconciler.runs import ActionResult, HaltCause


class EventStream:
    """Writes each event as one line to every one of ``sinks``, at once. Sinks do not raise."""

    def __init__(self, clock: Clock, sinks: Sequence[Callable[[str], object]]) -> None:
        self._clock = clock
        self._sinks = sinks

    def through(self, deliver: Callable[[Callable[[str], object], str], None]) -> "EventStream":
        """The same stream, for which ``deliver`` gives each line to a sink."""
        return EventStream(self._clock, [partial(deliver, sink) for sink in self._sinks])

    def started(self) -> None:
        """The command has started."""
        self._write(json_stream.StartedEvent(at=self._now(), tool_version=reconciler.__version__))

    def planned(self, plan: Plan, run: str) -> None:
        """``plan`` is approved, and ``run`` acts on it."""
        self._write(json_stream.planned(plan, run, self._now()))

    def ended(self, result: ActionResult, plan: Plan, done: int, carried: frozenset[str]) -> None:
        """``result`` is the ``done``-th of ``plan``; ``carried`` as in ``RunResult``."""
        self._write(json_stream.ended(result, plan, done, carried=carried, at=self._now()))

    def waiting(self, done: int, total: int | None, message: str) -> None:
        """The run goes on, and has shown nothing for a while."""
        self._write(
            json_stream.WaitingEvent(at=self._now(), done=done, total=total, message=message)
        )

    def stopped(self, cause: HaltCause, detail: str | None, signal: int | None) -> None:
        """The run starts nothing new, for ``cause``."""
        self._write(json_stream.stopped(cause, detail, signal, self._now()))

    def _write(self, event: AnyEvent) -> None:
        line = json_stream.event_line(event)
        for sink in self._sinks:
            sink(line)

    def _now(self) -> str:
        return rfc3339(self._clock.now())
