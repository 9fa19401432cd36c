"""How the last run went, in one word for an alarm: a completed run may still be partial."""

from enum import StrEnum

from reconciler.runs import Outcome, RunState, RunSummary


class LastRunState(StrEnum):
    """The state of a run, with what its outcomes add to it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"  # completed, and every action is in effect
    PARTIAL = "partial"  # completed, and an action is not in effect, or not known to be
    REFUSED = "refused"
    DECLINED = "declined"
    STOPPED = "stopped"
    DIED = "died"


def last_run_state(run: RunSummary) -> LastRunState:
    """The state of ``run``. What was skipped because it was stale needs nobody's attention."""
    if run.state is not RunState.COMPLETED:
        return LastRunState(run.state)
    fine = {Outcome.VERIFIED, Outcome.ALREADY_ABSENT, Outcome.SKIPPED_STALE}
    left = any(number for outcome, number in run.outcomes.items() if outcome not in fine)
    partial = left or run.in_doubt or run.halted is not None
    return LastRunState.PARTIAL if partial else LastRunState.SUCCEEDED
