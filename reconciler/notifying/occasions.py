"""What a plan or a run gives reason to notify of. Pure.

An occasion names a state by a digest. A target is notified when the digest is not the one that it
was notified of last, so a state is notified once, however often it is seen. What is not known makes
no occasion: an incomplete list says nothing of drift, an unreadable ledger nothing of dead runs.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct, structs

from reconciler.domain import NotificationEvent, Privacy
from reconciler.planning import Content, Plan, canonical_json
from reconciler.planning.canonical import digest
from reconciler.reporting import LedgerAccess, LedgerView, PlanReport, RunReport, notification
from reconciler.reporting.notification import Message

NOTHING: Final = "nothing"
"""The digest of a state that there is nothing to say of."""


class Occasion(Struct, frozen=True):
    """A state of a workspace: ``digest`` names it, ``say`` puts it into words.

    ``run`` is the run that it is about; ``over`` says that it ends what was notified before.
    """

    event: NotificationEvent
    digest: str
    say: Callable[[Privacy], Message]
    run: str | None = None

    @property
    def over(self) -> bool:
        return self.digest == NOTHING


def of_plan(report: PlanReport) -> Iterator[Occasion]:
    """What a plan gives reason for that nobody is about to apply."""
    content = report.plan.content
    yield _refused(report, acting=False)
    yield from _dead_runs(content.workspace, report.ledger)
    if _is_whole(content):
        yield _drift(report.plan)
        yield _pending(content)


def of_refused_run(report: PlanReport) -> Iterator[Occasion]:
    """What a run gives reason for that was refused before it acted."""
    yield from _by_run(report.run, _of_refused_run(report))


def of_run(report: RunReport) -> Iterator[Occasion]:
    """What a run gives reason for that has ended. A run with nothing to do is no occasion."""
    yield from _by_run(report.result.run, _of_run(report))


def _by_run(run: str | None, found: Iterator[Occasion]) -> Iterator[Occasion]:
    """What was ``found`` by ``run``, and is about no other run."""
    for occasion in found:
        yield occasion if occasion.run is not None else structs.replace(occasion, run=run)


def _of_refused_run(report: PlanReport) -> Iterator[Occasion]:
    yield _refused(report, acting=True)
    yield from _dead_runs(report.plan.content.workspace, report.ledger)


def _of_run(report: RunReport) -> Iterator[Occasion]:
    content, result = report.plan.content, report.result
    yield from _dead_runs(content.workspace, report.ledger)
    if result.results or not result.converged:
        event = NotificationEvent.RUN if result.converged else NotificationEvent.PARTIAL
        say = partial(notification.of_run, report)
        # What an earlier run did is notified of once, as of that run.
        by_earlier = all(ended.action.key in result.carried for ended in result.results)
        about = report.resumes if by_earlier and report.resumes else result.run
        yield Occasion(event, about, say, result.run)
    if _is_whole(content):
        yield _over(NotificationEvent.REFUSED, content.workspace)
        yield _pending(content)


def _is_whole(content: Content) -> bool:
    """Whether ``content`` says something of the whole fleet."""
    return not (content.problems or content.selection is not None or content.exclusion)


def _drift(plan: Plan) -> Occasion:
    content = plan.content
    acting = [(action.key, action.reason) for action in content.actions]
    held = [(blocked.action.key, blocked.holds) for blocked in content.blocked]
    if not (acting or held):
        return _over(NotificationEvent.DRIFT, content.workspace)
    say = partial(notification.of_drift, plan)
    return Occasion(NotificationEvent.DRIFT, digest(canonical_json((acting, held))), say)


def _refused(report: PlanReport, *, acting: bool) -> Occasion:
    refusals = notification.refusing(report.guards)
    if not refusals:
        return _over(NotificationEvent.REFUSED, report.plan.content.workspace)
    # Not the numbers: they differ from day to day, and the refusal is the same.
    names = [(verdict.guard, verdict.subject or None) for verdict in refusals]
    say = partial(notification.of_refusal, report, acting=acting)
    return Occasion(NotificationEvent.REFUSED, digest(canonical_json(names)), say)


def _dead_runs(workspace: str, view: LedgerView | None) -> Iterator[Occasion]:
    if view is None or view.state in (LedgerAccess.NONE, LedgerAccess.UNREADABLE):
        return
    if not view.dead:
        yield _over(NotificationEvent.DEAD_RUN, workspace)
        return
    names = digest(canonical_json(sorted(run.run for run in view.dead)))
    say = partial(notification.of_dead_runs, workspace, view)
    yield Occasion(NotificationEvent.DEAD_RUN, names, say, view.dead[0].run)


def _pending(content: Content) -> Occasion:
    waiting = notification.connections(content)
    if not waiting:
        return _over(NotificationEvent.PENDING, content.workspace)
    names = [(entry.user, platform) for entry, platform in waiting]
    say = partial(notification.of_pending, content)
    return Occasion(NotificationEvent.PENDING, digest(canonical_json(names)), say)


def _over(event: NotificationEvent, workspace: str) -> Occasion:
    return Occasion(event, NOTHING, lambda _: notification.of_end(event, workspace))
