"""What the users of one run share: made by the executor, handed to every ``user_run``."""

import random
from dataclasses import dataclass

from reconciler.applying.circuit_breaker import CircuitBreaker
from reconciler.applying.recorder import Recorder
from reconciler.applying.settings import ApplySettings
from reconciler.applying.user_list import UserList
from reconciler.domain import Cancellation, Clock
from reconciler.planning import Protection
from reconciler.recall import CalendarReader, CalendarWriter


@dataclass(frozen=True)
class RunContext:
    """The clients, the list, the journal's reporter and whatever decides when to stop."""

    reader: CalendarReader
    writer: CalendarWriter
    listing: UserList
    protection: Protection
    reporter: Recorder
    brakes: CircuitBreaker
    clock: Clock
    stop: Cancellation
    settings: ApplySettings
    chance: random.Random
