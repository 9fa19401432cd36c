"""All figures of one run of this benchmark, and which of the targets they miss."""

from collections.abc import Iterator

from msgspec import Struct

from bench.machine import Machine
from bench.runs_at_once.daily_counts import DailyCount
from bench.runs_at_once.one_load import PACE, LoadFigures

TARGET_RUNS = 50
INTENT_TARGET = 0.5
"""Seconds: the 99th percentile of an intent. After two the run withdraws it and tries again."""

PACE_TARGET = 0.99
CPU_TARGET = 4.0
"""Milliseconds of the server for all records of one action, at that pace."""

COUNT_TARGET = 0.1
"""Seconds that the daily limit may add to an intent."""

MOST_COUNTED = 10_000
"""Disconnects of the day for which that holds: hardly anybody sets a higher limit."""


class Results(Struct, frozen=True):
    """What was measured."""

    machine: Machine
    loads: tuple[LoadFigures, ...]
    counts: tuple[DailyCount, ...]

    def missed(self) -> Iterator[str]:
        """The targets that were missed, in words."""
        for load in self.loads:
            if (load.runs, load.pace) != (TARGET_RUNS, PACE):
                continue
            through = "through PgBouncer" if load.pooled else "directly"
            what = f"{load.runs} runs, {through}:"
            if load.kept_pace < PACE_TARGET:
                yield f"{what} they keep {load.kept_pace:.3f} of their pace"
            if load.p99["intent"] > INTENT_TARGET:
                yield f"{what} an intent takes {load.p99['intent']:.2f} s"
            if (cpu := load.cpu_an_action(load.database_cpu)) > CPU_TARGET:
                yield f"{what} an action takes {cpu:.1f} ms of the server"
            if load.failed:
                yield f"{what} {load.failed} actions could not be recorded"
        for count in self.counts:
            added = count.with_limit - count.without
            if count.counted <= MOST_COUNTED and added > COUNT_TARGET:
                yield (
                    f"the daily limit adds {added:.2f} s to an intent, with {count.counted:,}"
                    f" disconnects of the day in {count.steps:,} steps"
                )
