"""``reconciler resume``: resolves and continues what a crash or an interrupt left of a run."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.inputs import load
from reconciler.cli.logs import LogFormat
from reconciler.cli.run_command import DEFAULTS, AllowGuards, RunCommand, run_command
from reconciler.cli.saved_plan import approve_resumed
from reconciler.domain import COMMAND_LINE
from reconciler.engine import RunOptions, apply_settings, overrides
from reconciler.engine.approval import ALLOW_OPTION, GUARDS
from reconciler.ledger import open_ledger
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
                approved = approve_resumed(command, resumed, declarations, allowed.guards)
                return command.carry_out(approved, resumes=resumed)

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
