"""``python -m tests.chaos``: many schedules, or one again.

    --schedules N   how many (10 000)
    --workers N     processes (2)
    --seed N        what they follow from (0)
    --replay WORD   play the one schedule that WORD is, and tell all of it

Ends with 1 at a violation, or when the schedules did not do all that they have to.
"""

import argparse
import multiprocessing
import sys
import time

from tests.chaos.campaign import Tally, begin_to_work, chunk, own_stage
from tests.chaos.census import missing
from tests.chaos.schedule import Schedule, from_blob
from tests.postgresql import HOW_TO_INSTALL, NOT_INSTALLED, binaries

CHUNK = 100
"""Schedules that follow from one seed."""

ENOUGH = 10_000
"""Schedules that have to have done everything that is asked of them."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--schedules", type=int, default=ENOUGH)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay")
    arguments = parser.parse_args()
    if arguments.replay:
        return replay(from_blob(arguments.replay))
    return many(arguments.schedules, arguments.workers, arguments.seed)


def replay(schedule: Schedule) -> int:
    """Tell a schedule, how it goes, and what it violates."""
    for name in schedule.__struct_fields__:
        value = getattr(schedule, name)
        lines = value if isinstance(value, tuple) else (value,)
        print(f"{name}:", *(f"\n    {line}" for line in lines), sep="")
    with own_stage() as stage:
        played = stage.play(schedule)
    print(*played.trace, sep="\n")
    for violation in played.violations:
        print(f"\nVIOLATED: {violation}")
    return 1 if played.violations else 0


def many(number: int, workers: int, seed: int) -> int:
    """Play ``number`` schedules; tell what they did."""
    began = time.monotonic()
    chunks = [
        (seed + index, min(CHUNK, number - start))
        for index, start in enumerate(range(0, number, CHUNK))
    ]
    tally = Tally()
    with multiprocessing.get_context("spawn").Pool(workers, begin_to_work) as pool:
        for one in pool.imap_unordered(chunk, chunks):
            tally.merge(one)
            print(
                f"{tally.played:6d} schedules, {tally.times['steps']} steps,"
                f" {tally.times['calls']} calls, {tally.times['incident Crash']} crashes,"
                f" {tally.times['takeover from a run that still lives']} takeovers,"
                f" {time.monotonic() - began:.0f} s",
                flush=True,
            )
            if tally.violated is not None:
                pool.terminate()
                break
        else:
            pool.close()
            pool.join()
    return _summary(tally, number)


def _summary(tally: Tally, number: int) -> int:
    print(f"\n{'times':>8} {'in schedules':>12}")
    for name in sorted(tally.times):
        print(f"{tally.times[name]:8d} {tally.schedules[name]:12d}  {name}")
    print(f"{tally.played:8d} {'':12}  schedules")
    if tally.violated is not None:
        print(f"\nVIOLATED after {tally.found_after} schedules:{tally.violated}")
        return 1
    if binaries() is None:
        print(f"\n{NOT_INSTALLED}: all schedules were played on SQLite; {HOW_TO_INSTALL}")
    print("\nno invariant was violated")
    if number >= ENOUGH and (lacking := missing(tally.schedules)):
        print("but none of the schedules had:", *lacking, sep="\n    ")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
