"""What the users of one run share: made by the executor, handed to every ``user_run``."""

import random
from dataclasses import dataclass

from reconciler.applying.brakes import Brakes
from reconciler.applying.listing import Listing
from reconciler.applying.reporter import Reporter
from reconciler.applying.settings import ApplySettings
from reconciler.domain import Clock
from reconciler.planning import Protection
from reconciler.recall import CalendarReader, CalendarWriter, Stop


@dataclass(frozen=True)
class Equipment:
    """The clients, the list, the journal's reporter and whatever decides when to stop."""

    reader: CalendarReader
    writer: CalendarWriter
    listing: Listing
    protection: Protection
    reporter: Reporter
    brakes: Brakes
    clock: Clock
    stop: Stop
    settings: ApplySettings
    chance: random.Random
