"""A plan that was made before: how it compares with one made now, and what its run left to do."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, Struct

from reconciler.domain import Connection, Observation
from reconciler.engine.preview import PlanInputs, preview
from reconciler.engine.session import Session, protection_of
from reconciler.planning import (
    Action,
    Content,
    Plan,
    PlanChanges,
    PlanUnusable,
    Stale,
    UnmatchedSelector,
    UserIndex,
    changes_since,
    divide,
)
from reconciler.runs import (
    ActionHistory,
    ActionResult,
    Cause,
    HaltCause,
    Outcome,
    RunHistory,
    RunState,
    verified_disconnects,
)

_LONGEST: Final = 300
"""Characters of a selection that a message repeats: it may be hostile."""


def preview_again(session: Session, saved: Plan, inputs: PlanInputs) -> Plan:
    """The plan made now with the selection and the exclusion of ``saved``.

    Raises ``planning.PlanUnusable`` if one of them names nobody any more.
    """
    content = saved.content
    exclusion = None if content.exclusion is UNSET else content.exclusion
    try:
        return preview(session, inputs, content.selection, exclusion)
    except UnmatchedSelector as error:
        raise PlanUnusable(f"the plan's selection: {str(error)[:_LONGEST]}; plan again") from None


class Comparison(Struct, frozen=True):
    """A saved ``plan`` compared with today's: its actions that are ``ready`` and those that went
    ``stale``, and what ``changes`` there are for people to read."""

    plan: Plan
    ready: tuple[Action, ...]
    stale: tuple[Stale, ...]
    changes: PlanChanges


def compare(
    session: Session,
    saved: Plan,
    today: Content,
    observation: Observation,
    disconnected: Mapping[str, Sequence[Connection]] = {},
) -> Comparison:
    """Compare ``saved`` with the plan that ``observation`` gives ``today``.

    ``disconnected``: as for :func:`plan_inputs`.
    """
    ready, stale = divide(
        saved.content,
        today,
        UserIndex(observation.state),
        protection_of(session.workspace),
        disconnected,
    )
    return Comparison(saved, ready, stale, changes_since(saved.content, today, stale))


class Resumption(Struct, frozen=True):
    """A run to continue: its plan, the results that it has, and how many actions are left.

    ``cut_short`` says that it died, or that a signal stopped it before its end.
    """

    plan: Plan
    carried: tuple[ActionResult, ...]
    left: int
    cut_short: bool

    @property
    def done(self) -> bool:
        """Whether everything of the plan is in effect, and nothing waits to be found out."""
        in_effect = all(result.outcome.in_effect for result in self.carried)
        return in_effect and not (self.left or self.plan.content.in_doubt)

    @property
    def disconnected(self) -> Mapping[str, Sequence[Connection]]:
        """What the run disconnected, by the id of the calendar user."""
        return verified_disconnects(self.carried)


def resumption(lineage: Sequence[RunHistory]) -> Resumption:
    """What is left of a run, the first of ``lineage``; the others are the runs that it resumed.

    It may have died before it recorded their results as its own.

    Raises ``planning.PlanUnusable`` for a run that was not let through to act, or was continued
    already.
    """
    history, *earlier = lineage
    summary = history.summary
    if summary.resumed_by is not None:
        raise PlanUnusable(
            f"run {summary.run} was resumed already: resume {summary.resumed_by} instead"
        )
    if history.plan is None or not history.accepted:
        raise PlanUnusable(f"run {summary.run} {_ENDED[summary.state]}: plan again")
    results = [_carried(action) for action in history.actions]
    for older in earlier:
        for position, action in enumerate(older.actions):
            results[position] = results[position] or _carried(action)
    carried = tuple(result for result in results if result is not None)
    left = len(results) - len(carried)
    interrupted = summary.halted == HaltCause.INTERRUPTED and left > 0
    return Resumption(
        history.plan, carried, left, cut_short=summary.state is RunState.DIED or interrupted
    )


def _carried(history: ActionHistory) -> ActionResult | None:
    """The result that stands; None for an action that never began and so may be done."""
    if history.result is not None and history.result.outcome is not Outcome.NOT_ATTEMPTED:
        return history.result
    if not history.begun:
        return None
    # Still in doubt: it may have happened, so it is not done again here.
    return ActionResult(history.action, Outcome.UNKNOWN, Cause.NOT_READABLE, calls=history.calls)


_ENDED = {
    RunState.RUNNING: "has not begun to act yet",
    RunState.COMPLETED: "had no plan",
    RunState.REFUSED: "was refused",
    RunState.DECLINED: "was declined",
    RunState.STOPPED: "was stopped before it acted",
    RunState.DIED: "died before it began to act",
}
