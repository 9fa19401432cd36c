"""``reconciler resume``: resolves and continues what a crash or an interrupt left of a run."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import load
from reconciler.cli.logs import LogFormat
from reconciler.cli.run_command import DEFAULTS, AllowGuards, RunCommand, run_command
from reconciler.domain import COMMAND_LINE, Declarations
from reconciler.engine import (
    Approved,
    RunOptions,
    apply_settings,
    check_place,
    check_usable,
    compare,
    judge_saved,
    overrides,
    plan_inputs,
    preview_again,
    resumption,
)
from reconciler.engine.approval import ALLOW_OPTION, GUARDS
from reconciler.ledger import open_ledger
from reconciler.planning import GuardName, seal
from reconciler.reporting import Format, PlanReport, Report, RunReport
from reconciler.runs import Front


def resume(
    run: Annotated[
        str,
        typer.Argument(
            autocompletion=options.complete_runs, help="The id of the run, or its beginning."
        ),
    ],
    allow: AllowGuards = [],
    lock_timeout: options.LockTimeout = 0,
    max_failures: options.MaxFailures = DEFAULTS.max_failures,
    parallelism: options.Parallelism = DEFAULTS.workers,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Finish a run that was interrupted or killed.

    Resolves the calls that it left in doubt, then does the rest of its plan.
    """
    context = CommandContext(
        config,
        workspace,
        output_format,
        report,
        quiet,
        verbose,
        log_format,
        gives=(PlanReport, RunReport),
        link_base=link_base,
    )
    allowed = overrides(allow, ALLOW_OPTION, GUARDS)

    def body() -> Report:
        with (
            context.session() as session,
            # Opened for writing, which brings a ledger of an older version up to date.
            open_ledger(session.workspace.ledger, create=False) as ledger,
        ):
            resumed = ledger.find(run)
            declarations = load(context, session)

            def go_on(command: RunCommand) -> RunReport:
                return command.carry_out(
                    _approve(command, resumed, declarations, allowed.guards), resumes=resumed
                )

            terms = RunOptions(
                Front.RESUME,
                apply_settings(
                    session.workspace, max_failures=max_failures, parallelism=parallelism
                ),
                ledger.owner(resumed) or COMMAND_LINE,
                lock_timeout=lock_timeout,
                resumes=resumed,
            )
            return run_command(context, session, declarations, terms, go_on, ledger)

    context.run(body)


def _approve(
    command: RunCommand, run: str, declarations: Declarations, allowed: frozenset[GuardName]
) -> Approved:
    """Judge what is left of ``run``. Raises ``Refused`` and ``PlanUnusable``."""
    session, journal = command.session, command.run.journal
    observation, history = command.observe(), command.run.history(declarations)
    resumed = resumption(journal.lineage(run))
    check_place(session, resumed.plan)
    if resumed.left:
        # A saved plan may have been applied again after this run of it died.
        used_by = journal.used_by(seal(resumed.plan))
        used_by = None if used_by == run else used_by
        check_usable(session, resumed.plan, declarations, used_by=used_by)
    done = resumed.disconnected
    inputs = plan_inputs(session, declarations, observation, history, done)
    today = preview_again(session, resumed.plan, inputs)
    comparison = compare(session, resumed.plan, today.content, observation, done)
    command.changes = comparison.changes
    return command.within_limit(
        judge_saved(session, comparison, inputs, allowed, carried=resumed.carried)
    )
