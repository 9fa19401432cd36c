"""``apply PLAN`` is killed at points all through it, or at every point, and resumed.

The full story, with several workers and runs that are killed again while they resume, is told by
``python -m tests.crash``.
"""

from collections.abc import Callable
from typing import Final

import pytest

from tests.crash.enumerating import Answer, Kills, enumerate_points
from tests.crash.world import World

EVERY: Final = 12
"""A sample has every so manieth point."""

SHARES: Final = 4
"""All points are shared out, so that several workers of the test run can have some."""


def test_at_points_all_through_a_run_nothing_is_lost_and_nothing_is_done_twice(
    trial: World,
) -> None:
    points = list(enumerate_points(trial, Kills(thorough=False), first=2, step=EVERY))
    assert {Answer.NO_RUN, Answer.CONTINUED} <= {point.answer for point in points}
    assert {point.number % EVERY for point in points} == {2}


@pytest.mark.exhaustive
@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_point_a_run_is_killed_at_nothing_is_lost_and_nothing_is_done_twice(
    trial: World, share: int, record_property: Callable[[str, object], None]
) -> None:
    kills = Kills(thorough=False)
    points = list(enumerate_points(trial, kills, first=1 + share, step=SHARES))
    record_property("crash_points", f"{len(points)} on {trial.database}")
    assert {Answer.NO_RUN, Answer.CONTINUED} <= {point.answer for point in points}
    assert {point.number % SHARES for point in points} == {(1 + share) % SHARES}
