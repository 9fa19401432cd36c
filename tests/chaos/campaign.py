"""Draws many schedules and plays them; the first that shows a violation is made small."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.util import Finalize
from unittest import mock

from hypothesis import HealthCheck, Phase, given, seed, settings
from msgspec import Struct, field

from tests.chaos.player import Played, Stage, Violated
from tests.chaos.schedule import Schedule
from tests.chaos.strategies import schedules
from tests.postgresql import SETTINGS, binaries, running_cluster


class Tally(Struct):
    """What a campaign did: how often, and in how many schedules.

    ``violated`` is the smallest schedule found that shows a violation, with what it shows, and
    ``found_after`` the schedules that were played before it was found.
    """

    played: int = 0
    times: Counter[str] = field(default_factory=Counter)
    schedules: Counter[str] = field(default_factory=Counter)
    violated: str | None = None
    invariants: list[str] = field(default_factory=list)
    found_after: int | None = None

    def add(self, played: Played) -> None:
        self.played += 1
        self.times.update(played.census)
        self.schedules.update(name for name, count in played.census.items() if count)

    def merge(self, other: "Tally") -> None:
        if self.violated is None and other.violated is not None:
            self.violated, self.invariants = other.violated, other.invariants
            self.found_after = self.played + (other.found_after or 0)
        self.played += other.played
        self.times.update(other.times)
        self.schedules.update(other.schedules)


def campaign(
    stage: Stage,
    *,
    number: int,
    seed_: int,
    shrink: bool = True,
    on_played: Callable[[], None] = lambda: None,
) -> Tally:
    """Play ``number`` schedules that follow from ``seed_``, or until one shows a violation."""
    tally = Tally()
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]

    @seed(seed_)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(schedules)
    def play(schedule: Schedule) -> None:
        played = stage.play(schedule)
        if tally.found_after is None:
            tally.add(played)
            on_played()
        if played.violations:
            tally.found_after = tally.found_after or tally.played
            raise Violated(schedule, played)

    try:
        play()
    except Violated as violated:
        tally.violated = str(violated)
        tally.invariants = violated.invariants
    return tally


_stages: list[Stage] = []


def begin_to_work() -> None:
    """This is a worker process: it has a stage, for as long as it lives."""
    stack = ExitStack()
    _stages.append(stack.enter_context(own_stage()))
    Finalize(None, stack.close, exitpriority=1)


def chunk(seed_and_number: tuple[int, int]) -> Tally:
    """One campaign: what a worker process does, again and again."""
    seed_, number = seed_and_number
    return campaign(_stages[-1], number=number, seed_=seed_)


@contextmanager
def own_stage() -> Iterator[Stage]:
    """A stage with a server of its own, where PostgreSQL is installed."""
    with ExitStack() as stack:
        programs = binaries()
        # A failure of power is not what is played here.
        stack.enter_context(mock.patch.dict(SETTINGS, fsync="off"))
        cluster = None if programs is None else stack.enter_context(running_cluster(programs))
        yield stack.enter_context(Stage(cluster))
