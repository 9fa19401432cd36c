"""What all users of one run share."""

import random
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field

from reconciler.applying.circuit_breaker import CircuitBreaker
from reconciler.applying.recorder import Recorder
from reconciler.applying.settings import ApplySettings
from reconciler.applying.user_list import UserList
from reconciler.domain import Cancellation, Clock, Observation
from reconciler.planning import Protection
from reconciler.recall import CalendarReader, CalendarWriter
from reconciler.runs.journal import StepJournal
from reconciler.runs.outcome import ActionResult


def ignore_result(_: ActionResult) -> None:
    """For runs whose results nobody waits for."""


@dataclass
class RunContext:
    """The clients, the user list, the recorder, and what decides when to wait and to stop.

    The run begins with the list ``observation``. ``cancellation`` is the operator's;
    ``circuit_breaker`` knows every other reason to stop. ``on_result`` gets each result as it
    comes, from any thread.
    """

    run: str
    journal: StepJournal
    observation: Observation
    reader: CalendarReader
    writer: CalendarWriter
    protection: Protection
    clock: Clock
    cancellation: Cancellation
    settings: ApplySettings
    jitter: random.Random
    on_result: Callable[[ActionResult], None] = ignore_result
    user_list: UserList = field(init=False)
    circuit_breaker: CircuitBreaker = field(init=False)
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.user_list = UserList(
            self.observation,
            reader=self.reader,
            clock=self.clock,
            max_age=self.settings.list_max_age,
        )
        self.circuit_breaker = CircuitBreaker(
            self.cancellation,
            self.clock,
            max_failures=self.settings.max_failures,
            retry_after_cap=self.settings.retry_after_cap,
        )
        self.recorder = Recorder(
            self.run, self.journal, self.clock, self.circuit_breaker, self.on_result
        )

    def of_run(self, run: str, circuit_breaker: CircuitBreaker) -> "RunContext":
        """The same, to record steps of another ``run``, which has died."""
        other = copy(self)
        other.run, other.circuit_breaker = run, circuit_breaker
        other.recorder = Recorder(run, self.journal, self.clock, circuit_breaker, ignore_result)
        return other
