"""What all users of one run share; its times and numbers."""

import random
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec import Struct

from reconciler.applying.circuit_breaker import CircuitBreaker
from reconciler.applying.recorder import Recorder
from reconciler.applying.user_list import UserList
from reconciler.domain import NO_TELEMETRY, Cancellation, Clock, Observation, Telemetry
from reconciler.planning import Protection
from reconciler.recall import CalendarReader, CalendarWriter
from reconciler.runs.journal import ActionResult, StepJournal

REREAD_MAX_AGE: Final = 5.0
"""Seconds after which a re-read is too old to act on."""

INTENT_GOOD_FOR: Final = 2.0
"""Seconds within which the call of an intent must leave, counted from before it was recorded."""

LIST_MAX_AGE: Final = 10.0
"""Seconds after which a list is too old to mint a token on, unless lists take long."""

STOP_GRACE: Final = 10.0
"""Seconds that a read-back goes on after the run was cancelled."""

READ_BACK_THREADS: Final = 2
"""Threads that only read back. The rate budgets allow a few reads a second, so two are enough."""


class ApplySettings(Struct, frozen=True):
    """How a run acts.

    ``workers``: calls under way at once, not counting users who are only read back.
    ``max_failures``: how many outcomes may be ``failed`` or ``unknown``; one more stops the run.
    ``read_back``: seconds after the call within which the effect has to show.
    ``calls``: how often a call is sent that gets the answer "not now".
    ``retry_after_cap``: a ``Retry-After`` of more seconds stops the run.
    ``call_limit``: seconds for which the server may work on a call after it left, even when nobody
    waits for the answer any more.
    ``list_max_age``: seconds for which a token may be minted on a list.
    """

    workers: int = 4
    max_failures: int = 5
    read_back: float = 60.0
    calls: int = 5
    retry_after_cap: float = 120.0
    call_limit: float = 60.0
    list_max_age: float = LIST_MAX_AGE

    @property
    def under_way(self) -> float:
        """Seconds after its intent for which a call without a conclusive answer may be under way.

        The call may leave until the intent expires, the server may work on it for ``call_limit``,
        and the effect may take ``read_back`` to show. Intents are recorded in whole seconds.
        """
        return 1.0 + INTENT_GOOD_FOR + self.call_limit + self.read_back


def ignore_result(_: ActionResult) -> None:
    """For runs whose results nobody waits for."""


@dataclass
class RunContext:
    """The clients, the user list, the recorder, and what decides when to wait and to stop.

    The run begins with the list ``observation``. ``cancellation`` is the operator's;
    ``circuit_breaker`` knows every other reason to stop. ``on_result`` gets each result as it
    comes, from any thread. ``good_until`` says for which users the plan holds only until a moment,
    at which something declared begins or ends.
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
    good_until: Mapping[str, datetime] = field(default_factory=dict)
    telemetry: Telemetry = NO_TELEMETRY
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
