"""Does an approved plan: every action once, every one to exactly one outcome.

Nothing here decides *whether*: the guards have judged, the operator has approved. Who calls it has
taken the list that the run acts by and divided the plan into what is ready and what went stale.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from reconciler.applying.crew import Crew, Means
from reconciler.applying.journal import Journal, JournalFailed, RunClosed, RunOpened
from reconciler.applying.outcome import ActionResult, HaltCause, Outcome, RunResult
from reconciler.applying.settings import ApplySettings
from reconciler.domain import Clock, ObservedState, Platform
from reconciler.planning import Action, FleetSize, Plan, Protection, Stale, Verdict, rfc3339
from reconciler.recall import CalendarReader, CalendarWriter, Stop


@dataclass(frozen=True)
class Assignment:
    """What one run has to do.

    ``plan`` is the whole plan; ``ready``, ``stale`` and ``settled`` divide its actions: by the
    list ``observed``, which was asked for at ``observed_at`` (monotonic), and by what an earlier
    run of the same plan brought to an end. Those results are this run's too, with the calls
    that were sent for them then; nothing is done for them, and they do not count as failures.
    ``declared`` are the platforms of all whose connections are managed, ``seen`` those that are
    declared and listed.
    """

    run: str
    plan: Plan
    verdicts: tuple[Verdict, ...]
    fleet: FleetSize
    declared: Mapping[str, frozenset[Platform]]
    seen: frozenset[str]
    settled: Sequence[ActionResult]
    ready: Sequence[Action]
    stale: Sequence[Stale]
    observed: ObservedState
    observed_at: float
    protection: Protection


class Executor:
    """Acts on the API. One for each run."""

    def __init__(
        self,
        reader: CalendarReader,
        writer: CalendarWriter,
        journal: Journal,
        *,
        clock: Clock,
        stop: Stop,
        settings: ApplySettings,
        chance: random.Random,
    ) -> None:
        self._means = Means(reader, writer, clock, stop, settings, chance)
        self._journal = journal

    def execute(
        self, assignment: Assignment, on_result: Callable[[ActionResult], None]
    ) -> RunResult:
        """Do the assignment; ``on_result`` is told each result as it comes, from any thread.

        Raises :class:`JournalFailed` when the run could not even be opened. After that nothing is
        raised for what the API, the journal or a defect of ours did: it is in the result.
        """
        started = rfc3339(self._means.clock.now())
        self._journal.run_opened(
            RunOpened(
                assignment.run,
                started,
                assignment.plan,
                assignment.verdicts,
                assignment.fleet,
                assignment.declared,
                assignment.seen,
            )
        )
        crew = Crew(
            assignment.run,
            self._means,
            self._journal,
            observed=assignment.observed,
            observed_at=assignment.observed_at,
            protection=assignment.protection,
            on_result=on_result,
        )
        for result in assignment.settled:
            crew.carry(result)
        for stale in assignment.stale:
            crew.pass_over(stale)
        crew.act(assignment.ready)
        return self._close(assignment, started, crew)

    def _close(self, assignment: Assignment, started: str, crew: Crew) -> RunResult:
        results = crew.results
        content = assignment.plan.content
        finished = rfc3339(self._means.clock.now())
        result = RunResult(
            run=assignment.run,
            workspace=content.workspace,
            base_url=content.base_url,
            plan_digest=content.digest(),
            started=started,
            finished=finished,
            # Only a defect leaves an action without a result, and only before it was begun.
            results=tuple(
                results.get(action.key)
                or ActionResult(action, Outcome.NOT_ATTEMPTED, HaltCause.DEFECT)
                for action in content.actions
            ),
            halted=crew.halted,
            halt_detail=crew.halt_detail,
            signal=self._means.stop.signal,
            carried=frozenset(result.action.key for result in assignment.settled),
            in_doubt=len(content.in_doubt),
        )
        try:
            self._journal.run_closed(RunClosed(assignment.run, finished, result))
        except JournalFailed as error:
            return structs.replace(result, halted=HaltCause.JOURNAL_FAILED, halt_detail=str(error))
        return result
