"""What is said at once when a run is told to stop."""

import pytest

from reconciler.reporting.wording.outcomes import aborted, stopping
from reconciler.runs import InDoubtCount


@pytest.mark.parametrize(
    ("unanswered", "unverified", "said"),
    [
        (0, 4, "reading back 4 calls, up to 10 s"),
        (0, 1, "reading back 1 call, up to 10 s"),
        (1, 0, "waiting for 1 answer, up to 60 s"),
        (2, 3, "waiting for 2 answers, up to 60 s, and reading back 3 calls, up to 10 s"),
        (0, 0, "no call is in doubt, nothing new starts"),
    ],
)
def test_a_run_says_what_it_waits_for_and_how_long(
    unanswered: int, unverified: int, said: str
) -> None:
    in_doubt = InDoubtCount(unanswered, unverified)
    assert stopping(in_doubt, answer_within=60.0, look_for=10.0) == (
        f"Stopping: {said}. Press again to abort."
    )


def test_an_abort_names_the_run_and_the_command_that_continues_it() -> None:
    assert aborted("run-1", ("reconciler", "resume", "run-1", "-w", "a b")) == (
        "Aborted in the middle of run run-1. To continue it: reconciler resume run-1 -w 'a b'"
    )
