"""What ``apply`` and ``resume`` share: ``--allow``, the run around them, and their report on it."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import structs

from reconciler.applying import STOP_GRACE, ApplySettings
from reconciler.cli.command_limit import CommandLimitReached
from reconciler.cli.context import CommandContext
from reconciler.cli.exits import exit_status
from reconciler.cli.inputs import list_users
from reconciler.cli.run_progress import RunProgress
from reconciler.domain import Cancellation, Declarations, Diagnostic, InvalidInput
from reconciler.engine import (
    ActingRun,
    Approved,
    Observation,
    Refused,
    RunOptions,
    Session,
    acting_run,
    carry_out,
    limit_sources,
    with_history,
)
from reconciler.engine.approval import ALLOW_OPTION, GUARDS, NEW_LEDGER, overrides
from reconciler.notifying import DELIVERY_SECONDS
from reconciler.planning import Plan, PlanChanges, PlanUnusable
from reconciler.reporting import ErrorReport, Format, PlanReport, RunReport, WorkspaceReport
from reconciler.reporting.wording import notifications, outcomes
from reconciler.runs import ActionResult, CallsInDoubt, HaltCause, Outcome, RunResult

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger


DEFAULTS = ApplySettings()

log = logging.getLogger(__name__)


@dataclass
class RunCommand:
    """A command that acts: its run, and the report that it ends with.

    ``changes`` are the differences of today from the saved plan, once they are known.
    """

    context: CommandContext
    session: Session
    run: ActingRun
    progress: RunProgress
    changes: PlanChanges | None = None

    def observe(self) -> Observation:
        """Resolve what dead runs left in doubt; returns the list that the run acts by."""
        self.progress.phase = "listing calendar users"
        observation = list_users(self.context, self.session)
        self.progress.phase = "finding out what became of calls of dead runs"
        observation = self.run.recover_calls(observation, self.context.say)
        self.progress.phase = "planning"
        return observation

    def within_limit(self, approved: Approved) -> Approved:
        """``approved``, whose disconnects are within the limit of the command from now on.

        Raises ``CommandLimitReached``.
        """
        try:
            self.context.limit.take(approved.disconnects)
        except CommandLimitReached:
            detail = "the limit of one command"
            self.run.journal.refused(detail, approved.plan, approved.verdicts, approved.fleet)
            raise
        return approved

    def carry_out(self, approved: Approved, *, resumes: str | None = None) -> RunReport:
        """Do what was approved; from now on a signal stops gracefully."""
        journal = CallsInDoubt(self.run.journal)
        self._stop_gracefully(journal)
        actions = len(approved.plan.content.actions)
        run, cancellation = self.run.journal.id, self.session.cancellation
        with self.context.progress().counting("Applying", actions) as count:

            def on_result(result: ActionResult) -> None:
                self.progress.ended(result)
                log.info("%s: %s (%s)", result.action.key, result.outcome, result.cause)

            def on_halt(cause: HaltCause, detail: str | None) -> None:
                self.progress.halted(cause, detail, cancellation.signal)

            carried = frozenset(result.action.key for result in approved.carried)
            self.progress.planned(approved.plan, run, carried, count)
            result = carry_out(
                self.session, run, approved, journal, self.run.settings, on_result, on_halt
            )
        return structs.replace(
            self.report(approved.plan, result, resumes=resumes),
            verdicts=approved.verdicts,
            changes=self.changes if approved.stale else None,
            continue_with=self._resume if _stopped_before_its_end(result) else (),
        )

    def report(self, plan: Plan, result: RunResult, *, resumes: str | None) -> RunReport:
        """What there is to say of ``result``, however the run came to it."""
        return RunReport(
            plan,
            result,
            exit_status(result),
            limit_sources=limit_sources(self.session.workspace),
            ledger=self.run.ledger_view,
            resumes=resumes,
        )

    @property
    def _resume(self) -> tuple[str, ...]:
        return self.context.to_type("resume", self.run.journal.id)

    def _stop_gracefully(self, journal: CallsInDoubt) -> None:
        answer_within = self.session.settings().call_total
        look_for = min(STOP_GRACE, self.run.settings.read_back)

        def remark() -> None:
            in_doubt = journal.count
            self.context.say(
                outcomes.stopping(in_doubt, answer_within=answer_within, look_for=look_for)
            )

        self.context.signals.stop_gracefully(
            self.session.cancellation, remark, outcomes.aborted(self.run.journal.id, self._resume)
        )


def _stopped_before_its_end(result: RunResult) -> bool:
    """Whether a signal left actions of the run that never began."""
    never = any(done.outcome is Outcome.NOT_ATTEMPTED for done in result.results)
    return result.halted is HaltCause.INTERRUPTED and never


def run_command(
    context: CommandContext,
    session: Session,
    declarations: Declarations,
    options: RunOptions,
    body: Callable[[RunCommand], RunReport],
    ledger: "Ledger | None" = None,
) -> WorkspaceReport:
    """Do ``body`` in a run for ``declarations``; ``ledger`` is given where it is open already.

    A refusal, and a plan that cannot be used, are reports too. The targets of the workspace are
    notified once the run is closed; raises :class:`InvalidInput` before it begins if one of them
    cannot be used.
    """
    notifier = session.notifier(os.environ)
    report = _report_of_run(context, session, declarations, options, body, ledger)
    if not notifier or isinstance(report, ErrorReport):
        return report
    # From now on a first signal lets the deliveries end.
    stopping = partial(context.say, notifications.stopping(DELIVERY_SECONDS))
    context.signals.stop_gracefully(Cancellation(), stopping, outcomes.NOT_WRITTEN)
    if isinstance(report, RunReport):
        return structs.replace(report, deliveries=notifier.of_run(report))
    return structs.replace(report, deliveries=notifier.of_refused_run(report))


def _report_of_run(
    context: CommandContext,
    session: Session,
    declarations: Declarations,
    options: RunOptions,
    body: Callable[[RunCommand], RunReport],
    ledger: "Ledger | None",
) -> RunReport | PlanReport | ErrorReport:
    command: RunCommand | None = None
    try:
        with context.following() as progress:
            progress.phase = "waiting for the lock of the workspace"
            with acting_run(session, declarations, options, ledger) as run:
                command = RunCommand(context, session, run, progress)
                return body(command)
    except Refused as refused:
        report = PlanReport(
            refused.plan,
            exit_status(refused),
            verdicts=refused.verdicts,
            limit_sources=limit_sources(session.workspace),
            verbose=context.verbose,
            ledger=command.run.ledger_view if command else None,
            changes=command.changes if command else None,
            run=command.run.journal.id if command else None,
        )
        return with_history(report, session.workspace) if context.writes(Format.HTML) else report
    except PlanUnusable as error:
        return ErrorReport(
            exit_status(error),
            (Diagnostic(None, str(error)),),
            ledger=command.run.ledger_view if command else None,
            changes=command.changes if command else None,
        )


APPLY_TAKES = (*GUARDS, NEW_LEDGER)


def _checked(takes: tuple[str, ...]) -> Callable[[list[str]], list[str]]:
    def check(words: list[str]) -> list[str]:
        try:
            overrides(words, "it", takes)
        except InvalidInput as error:
            (found,) = error.diagnostics
            raise typer.BadParameter(f"{found.message}; {found.hint}") from None
        return words

    return check


def _allow(takes: tuple[str, ...], and_more: str = "") -> Any:
    """``--allow``, which ``takes`` these words."""
    return typer.Option(
        ALLOW_OPTION,
        metavar="GUARD",
        help="Let a guard pass in this run; can be repeated."
        f" Guards: {', '.join(GUARDS)}.{and_more}",
        callback=_checked(takes),
        autocompletion=lambda: list(takes),
        show_default=False,
    )


AllowGuards = Annotated[list[str], _allow(GUARDS)]
Allow = Annotated[
    list[str],
    _allow(
        APPLY_TAKES,
        f" Also {NEW_LEDGER}: create a ledger if there is none, although requireLedger is set.",
    ),
]
