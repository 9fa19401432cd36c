"""What machine-readable reports hold of the ledger, the same in JSON and in JSON Lines."""

from msgspec import Struct

from reconciler.applying.outcome import Outcome
from reconciler.applying.records import (
    ActionStory,
    Front,
    RunState,
    RunStory,
    RunSummary,
    Settled,
    Step,
    Who,
)
from reconciler.planning import Action, Plan
from reconciler.reporting import documents, entries, facts
from reconciler.reporting.documents import MemoryState
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import memory as wording
from reconciler.reporting.wording import runs


class RecordedRun(Struct, frozen=True):
    """One run as the ledger has it; times are RFC 3339 in UTC.

    ``owner`` is on whose behalf it acted, null where an earlier version ran. ``summary`` counts the
    outcomes so far, ``in_doubt`` the actions whose call may have been sent and that have no
    outcome, ``never_begun`` those that were not begun. ``message`` says how it ended, ``halted``
    the code of what stopped it early, ``detail`` a sentence on why.
    """

    run: str
    front: Front
    workspace: str
    base_url: str
    owner: str | None
    state: RunState
    message: str
    opened: str
    ended: str | None
    who: Who
    commit: str | None
    tool_version: str
    plan_digest: str | None
    actions: int
    summary: facts.RunCounts
    in_doubt: int
    never_begun: int
    resumes: str | None
    resumed_by: str | None
    halted: str | None
    detail: str | None


class SettledAction(Struct, frozen=True):
    """How something that ``run`` left in doubt when it died turned out."""

    run: str
    result: facts.Ending


class Memory(Struct, frozen=True):
    """What the command had of the ledger; ``message`` is null where all is well."""

    place: str
    state: MemoryState
    message: str | None
    detail: str | None
    dead: tuple[RecordedRun, ...]
    settled: tuple[SettledAction, ...]
    used_by: str | None


class RecordedAction(Struct, frozen=True):
    """A planned action with every step that is recorded of it.

    ``result`` is its last outcome, null where it has none: then ``in_doubt`` says whether its
    call may have been sent.
    """

    action: Action
    message: str
    in_doubt: bool
    result: facts.Ending | None
    steps: tuple[Step, ...]


def memory(memory: documents.Memory | None) -> Memory | None:
    """``memory`` explained; None where the command has nothing to do with the ledger."""
    if memory is None:
        return None
    said = wording.state(memory)
    return Memory(
        place=memory.place,
        state=memory.state,
        message=None if said is None else plain(said),
        detail=memory.detail,
        dead=tuple(map(run, memory.dead)),
        settled=tuple(map(settled, memory.settled)),
        used_by=memory.used_by,
    )


def settled(settled: Settled) -> SettledAction:
    """``settled`` explained."""
    return SettledAction(settled.run, facts.ending(settled.result, None))


def run(summary: RunSummary) -> RecordedRun:
    """``summary`` explained."""
    counts = {outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome}
    return RecordedRun(
        run=summary.run,
        front=summary.front,
        workspace=summary.workspace,
        base_url=summary.base_url,
        owner=summary.owner,
        state=summary.state,
        message=plain(runs.why_ended(summary)),
        opened=summary.opened,
        ended=summary.ended,
        who=summary.who,
        commit=summary.commit,
        tool_version=summary.tool_version,
        plan_digest=summary.plan_digest,
        actions=summary.actions,
        summary=facts.RunCounts(**counts, calls=summary.calls),
        in_doubt=summary.in_doubt,
        never_begun=summary.unattempted,
        resumes=summary.resumes,
        resumed_by=summary.resumed_by,
        halted=summary.halted,
        detail=summary.detail,
    )


def actions(story: RunStory) -> tuple[RecordedAction, ...]:
    """The actions of ``story`` in plan order."""
    return tuple(_action(action, story.plan) for action in story.actions)


def _action(story: ActionStory, plan: Plan | None) -> RecordedAction:
    return RecordedAction(
        action=story.action,
        message=plain(entries.recorded(story).why),
        in_doubt=story.result is None and story.begun,
        result=None if story.result is None else facts.ending(story.result, plan),
        steps=story.steps,
    )
