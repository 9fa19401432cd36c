"""What the simulation calculates with: what was measured here, and what is assumed of elsewhere."""

from typing import Final

from msgspec import Struct

from reconciler.applying import LIST_MAX_AGE, ApplySettings
from reconciler.domain import RateLimits
from reconciler.recall.rate_limiter import WINDOW

MB: Final = 1e6


class PlanCosts(Struct, frozen=True):
    """Of a plan, alone in its process. Seconds of processor time, and bytes.

    ``start_up`` and ``idle`` are those of the process. ``kept`` is what it keeps of a finished
    workspace until its report is written, for each user of the fleet.
    """

    start_up: float
    idle: float
    cpu_a_user: float
    memory_a_user: float
    kept_a_user: float
    listed_a_user: float


class ApplyCosts(Struct, frozen=True):
    """Of an apply. ``start_up`` and ``idle`` as for a plan. ``action`` is the seconds that a worker
    spends on an action, ``action_cpu`` the processor time of that; ``opening`` the commits of a run
    without any action, counted as the server counts them: reads are among them.

    ``connections`` are those to the ledger while a run acts. ``list_cpu_a_user`` is what reading
    the list once more takes, ``memory_a_user`` the peak with two of them.
    """

    start_up: float
    idle: float
    action: float
    action_cpu: float
    commits_an_action: float
    opening: float
    connections: float
    list_cpu_a_user: float
    memory_a_user: float


class Ledger(Struct, frozen=True):
    """PostgreSQL, on a server with so many ``cores``; runs may keep the part ``used`` of them busy.

    ``cpu_an_action`` is the server's processor time for the records of an action, as
    ``bench.runs_at_once`` measured it. Processor time is what runs out first.
    """

    cores: int = 2
    cpu_an_action: float = 0.003
    used: float = 0.6

    @property
    def actions_a_second(self) -> float:
        """How many actions it can record."""
        return self.cores * self.used / self.cpu_an_action


class Assumed(Struct, frozen=True):
    """Of the API and the way there: nobody has measured these.

    ``answer`` is the seconds until a call is answered, ``list_answer`` until a list begins to
    arrive, ``bandwidth`` the bytes a second that one pod receives, ``pod_start`` the seconds from a
    pod's turn in a Job until its process starts.
    """

    answer: float = 0.1
    list_answer: float = 1.0
    bandwidth: float = 12.5 * MB
    pod_start: float = 5.0


class Limits(Struct, frozen=True):
    """What the product keeps to, from its own code: tokens a minute, the age of a list, workers."""

    tokens: int = RateLimits().shared(RateLimits().authenticate)
    window: float = WINDOW
    list_age: float = LIST_MAX_AGE
    workers: int = ApplySettings().workers


class Costs(Struct, frozen=True):
    """All of it."""

    plan: PlanCosts
    apply: ApplyCosts
    ledger: Ledger
    assumed: Assumed
    limits: Limits = Limits()

    @property
    def commits_a_second(self) -> float:
        """How many commits the ledger takes."""
        return self.ledger.actions_a_second * self.apply.commits_an_action

    @property
    def most_runs(self) -> int:
        """How many runs the ledger takes at once if each acts as fast as its budget allows."""
        actions_of_a_run = self.limits.tokens / self.limits.window
        return round(self.ledger.actions_a_second / actions_of_a_run)
