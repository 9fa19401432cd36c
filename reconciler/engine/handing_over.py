"""A run whose actions another process does: what the process that opened it does instead.

The other half is ``joining``.
"""

from msgspec import structs

from reconciler.applying import (
    ActionResult,
    ActionStory,
    Cause,
    Ended,
    Outcome,
    RunClosed,
    RunOpened,
    RunResult,
    StepKind,
)
from reconciler.engine.acting import Approved
from reconciler.engine.acting_run import ActingRun
from reconciler.planning import rfc3339


def hand_over(run: ActingRun, approved: Approved) -> None:
    """Store the plan: from now on another process may join the run and act on it.

    Raises ``applying.JournalFailed``.
    """
    journal, at = run.journal, rfc3339(run.session.clock.now())
    journal.run_opened(
        RunOpened(
            journal.id,
            at,
            approved.plan,
            approved.verdicts,
            approved.fleet,
            approved.declared,
            approved.seen,
        )
    )
    for stale in approved.stale:
        result = ActionResult(stale.action, Outcome.SKIPPED_STALE, str(stale.standing))
        journal.outcome(Ended(journal.id, at, result))


def take_back(run: ActingRun, approved: Approved) -> RunResult:
    """Close a run that was handed over; how each of its actions ended.

    What is in doubt stays so in the ledger, for the next run to settle. Raises
    ``applying.JournalFailed`` and ``ledger.LedgerError``.
    """
    session, journal = run.session, run.journal
    story = journal.story(journal.id)
    content = approved.plan.content
    finished = rfc3339(session.clock.now())
    result = RunResult(
        run=journal.id,
        workspace=content.workspace,
        base_url=content.base_url,
        plan_digest=content.digest(),
        started=story.summary.opened,
        finished=finished,
        results=tuple(_ended(action) for action in story.actions),
        in_doubt=len(content.in_doubt),
    )
    known = tuple(
        ended
        for ended, action in zip(result.results, story.actions, strict=True)
        if action.result is not None or not action.begun
    )
    journal.run_closed(RunClosed(journal.id, finished, structs.replace(result, results=known)))
    return result


def _ended(story: ActionStory) -> ActionResult:
    if story.result is not None:
        return story.result
    if not story.begun:
        return ActionResult(story.action, Outcome.NOT_ATTEMPTED, Cause.NOT_HANDED_OVER)
    calls = sum(1 for step in story.steps if step.kind is StepKind.INTENT)
    return ActionResult(story.action, Outcome.UNKNOWN, Cause.NOT_READABLE, calls=calls)
