"""What an earlier run of the plan brought to an end is this run's result, and not its work."""

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import Platform
from reconciler.planning import ActionReason, Disconnect
from reconciler.runs import ActionResult, Ended, Outcome
from tests.applying.trial import GOOGLE, Trial, disconnected, fault, person, wanted

VERIFIED = ("verified", "read_back")
NAMES = ("alice", "bob", "carol", "dave")
DESIRED = [wanted(name) for name in NAMES]


@pytest.fixture(autouse=True)
def four_people(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE) for name in NAMES))


def earlier(trial: Trial, user: str, outcome: Outcome, cause: str, calls: int = 1) -> ActionResult:
    """How the plan's action on ``user`` ended in an earlier run."""
    now = trial.user(user)
    connection = now.connected("google")
    assert connection is not None
    action = Disconnect(
        workspace="trial",
        user=user,
        recall_id=now.id,
        platform=Platform.GOOGLE,
        connection_id=connection.id,
        email=connection.email,
        requires_connected=(),
        reason=ActionReason.NOTHING_WANTED,
        note="left",
    )
    return ActionResult(action, outcome, cause, "as it was", calls)


def test_a_carried_result_is_reported_and_recorded_and_nothing_is_done_for_it(trial: Trial) -> None:
    trial.carried = [
        earlier(trial, "alice", Outcome.VERIFIED, "read_back"),
        earlier(trial, "carol", Outcome.UNKNOWN, "not_seen_in_time"),
    ]
    done = trial.apply(*DESIRED)
    assert done.calls == [disconnected("bob", GOOGLE), disconnected("dave", GOOGLE)]
    assert done.tokens == ["bob", "dave"]
    assert done.outcomes == {
        "alice google": VERIFIED,
        "bob google": VERIFIED,
        "carol google": ("unknown", "not_seen_in_time"),
        "dave google": VERIFIED,
    }
    for result in trial.carried:
        assert result in done.result.results
        assert result in done.shown
        assert result in [r.result for r in trial.journal.records if isinstance(r, Ended)]
    assert trial.journal.story("carol") == ["outcome unknown"]
    assert not done.result.converged


def test_the_calls_of_a_run_are_those_that_it_sent_itself(trial: Trial) -> None:
    trial.carried = [
        earlier(trial, "alice", Outcome.VERIFIED, "read_back", calls=3),
        earlier(trial, "carol", Outcome.FAILED, "rejected", calls=1),
    ]
    done = trial.apply(*DESIRED)
    assert done.calls == [disconnected("bob", GOOGLE), disconnected("dave", GOOGLE)]
    assert [result.calls for result in done.result.results] == [3, 1, 1, 1]
    assert done.result.calls == 2


@pytest.mark.parametrize(
    ("outcome", "cause"), [(Outcome.FAILED, "rejected"), (Outcome.UNKNOWN, "not_seen_in_time")]
)
def test_what_failed_in_an_earlier_run_does_not_stop_this_one(
    trial: Trial, outcome: Outcome, cause: str
) -> None:
    trial.carried = [earlier(trial, name, outcome, cause) for name in ("alice", "bob")]
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=0))
    assert done.calls == [disconnected("carol", GOOGLE), disconnected("dave", GOOGLE)]
    assert done.result.halted is None
    assert done.result.count()[outcome] == 2


def test_what_fails_in_this_run_counts_beside_them(trial: Trial) -> None:
    trial.carried = [earlier(trial, "alice", Outcome.FAILED, "rejected")]
    trial.fail(fault(user="bob", status=400))
    trial.limits = type(trial.limits)(share=1.0, authenticate=1)
    done = trial.apply(*DESIRED, settings=ApplySettings(workers=1, max_failures=0))
    assert done.calls == [disconnected("bob", GOOGLE)]
    assert done.result.halted == "max_failures"
    assert done.result.calls == 1


def test_a_carried_result_that_cannot_be_recorded_halts_the_run(trial: Trial) -> None:
    trial.carried = [earlier(trial, "alice", Outcome.VERIFIED, "read_back")]
    trial.journal.fail_at("outcome", user="alice")
    done = trial.apply(*DESIRED)
    assert done.calls == []
    assert done.outcomes["alice google"] == VERIFIED
    assert done.result.count()[Outcome.NOT_ATTEMPTED] == 3
    assert done.result.halted == "journal_failed"
