"""All budgets of a workspace: whose share, whose own, and forgotten when idle."""

import pytest

from reconciler.domain import Deadline, DeadlinePassed, RateLimits
from reconciler.recall import RateLimiter
from reconciler.recall.rate_limiter import SWEEP_FROM, UserCall
from tests.recall.fake_clock import FakeClock


@pytest.mark.parametrize(
    ("share", "lists", "authenticates"), [(0.5, 30, 150), (1.0, 60, 300), (0.001, 1, 1)]
)
def test_a_run_takes_its_share_of_the_workspaces_budgets(
    share: float, lists: int, authenticates: int
) -> None:
    rate_limiter = RateLimiter(RateLimits(share=share), FakeClock())
    assert (rate_limiter.list_users.limit, rate_limiter.authenticate.limit) == (
        lists,
        authenticates,
    )


def test_a_share_is_rounded_down_but_not_by_the_error_of_the_product() -> None:
    assert RateLimits(share=0.29).shared(100) == 29
    assert RateLimits(share=0.5).shared(5) == 2


def test_each_user_and_each_call_has_a_budget_of_its_own() -> None:
    clock = FakeClock()
    rate_limiter = RateLimiter(RateLimits(user=1), clock)
    deadline = Deadline(clock, at=clock.time + 1)
    for call in UserCall:
        for subject in ("alice", "bob"):
            rate_limiter.take_user(call, subject, deadline).answered()
    with pytest.raises(DeadlinePassed):
        rate_limiter.take_user(UserCall.GET, "alice", deadline)


def test_idle_budgets_of_users_do_not_pile_up() -> None:
    clock = FakeClock()
    rate_limiter = RateLimiter(RateLimits(), clock)
    for number in range(5 * SWEEP_FROM):
        rate_limiter.take_user(UserCall.GET, str(number), Deadline(clock)).answered()
        clock.time += 1
    assert len(rate_limiter) <= SWEEP_FROM


def test_a_budget_in_use_is_not_forgotten() -> None:
    clock = FakeClock()
    rate_limiter = RateLimiter(RateLimits(user=1), clock)
    held = rate_limiter.take_user(UserCall.GET, "held", Deadline(clock))
    for number in range(2 * SWEEP_FROM):
        rate_limiter.take_user(UserCall.GET, str(number), Deadline(clock)).release()
    with pytest.raises(DeadlinePassed):
        rate_limiter.take_user(UserCall.GET, "held", Deadline(clock, at=clock.time + 1))
    held.release()
