"""``reconciler apply``: the command that can disconnect people."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.errors import NotApproved, UsageError
from reconciler.cli.inputs import gather, load, read_plan, selectors_of
from reconciler.cli.logs import LogFormat
from reconciler.cli.run_command import APPLY_TAKES, DEFAULTS, Allow, RunCommand, run_command
from reconciler.cli.saved_plan import apply_saved, disconnects_left
from reconciler.cli.workspace_choice import JOBS, only, several
from reconciler.domain import COMMAND_LINE, Exit
from reconciler.engine import (
    Approved,
    RunOptions,
    apply_settings,
    judge_fresh,
    limit_sources,
    overrides,
    plan_inputs,
    preview,
)
from reconciler.engine.approval import ALLOW_OPTION
from reconciler.planning import GuardName
from reconciler.reporting import Format, PlanReport, RunReport, WorkspaceReport, visible
from reconciler.runs import Front


def apply(
    plan: Annotated[
        Path | None,
        typer.Argument(
            help="A saved plan, applied exactly as it is; for several workspaces, the folder of"
            " their plans. [default: plan now]"
        ),
    ] = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Do not ask. The guards still judge.")
    ] = False,
    same_commit: Annotated[
        bool,
        typer.Option("--same-commit", help="Refuse a saved plan made at another git commit."),
    ] = False,
    or_resume: Annotated[
        bool,
        typer.Option(
            "--or-resume",
            help="If a run of this saved plan died or was interrupted, finish that run; if one did"
            " all of it, do nothing and succeed. So the same command can be given again.",
        ),
    ] = False,
    allow: Allow = [],
    lock_timeout: options.LockTimeout = 0,
    max_failures: options.MaxFailures = DEFAULTS.max_failures,
    parallelism: options.Parallelism = DEFAULTS.workers,
    select: options.Select = [],
    exclude: options.Exclude = [],
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    all_workspaces: options.AllWorkspaces = False,
    shard: options.Shard = None,
    jobs: options.Jobs = JOBS,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Disconnect what the manifests do not want, and verify it."""
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(
        config,
        only(workspace),
        output_format,
        report,
        quiet,
        verbose,
        log_format,
        gives=(PlanReport, RunReport),
        link_base=link_base,
    )
    allowed = overrides(allow, ALLOW_OPTION, APPLY_TAKES)

    def check() -> None:
        if plan and (select or exclude):
            option = "--select" if select else "--exclude"
            raise UsageError(
                f"{option} cannot be combined with a saved plan: a plan is applied as a whole"
            )
        if same_commit and not plan:
            raise UsageError("--same-commit needs a saved plan: name one")
        if or_resume and not plan:
            raise UsageError("--or-resume needs a saved plan: name one")
        if asked and not plan and not auto_approve:
            raise UsageError(
                "nobody is asked about several workspaces: apply saved plans (`plan -o FOLDER`,"
                " `apply FOLDER`) or add --auto-approve"
            )
        if not plan and not auto_approve:
            _check_terminal()

    def body(context: CommandContext) -> WorkspaceReport:
        selectors = selectors_of(context, select)
        exclusion = selectors_of(context, exclude, "--exclude")
        saved = read_plan(context, context.plan_file(plan)) if plan else None
        with context.session() as session:
            declarations = load(context, session)

            def run(command: RunCommand) -> RunReport:
                if saved:
                    return apply_saved(
                        command,
                        saved,
                        declarations,
                        allowed.guards,
                        same_commit=same_commit,
                        or_resume=or_resume,
                    )
                observation = command.observe()
                history = command.run.history(declarations)
                inputs = plan_inputs(session, declarations, observation, history)
                planned = preview(session, inputs, selectors, exclusion)
                approved = command.within_limit(judge_fresh(planned, inputs, allowed.guards))
                _ask(command, approved, auto_approve=auto_approve)
                return command.carry_out(approved)

            settings = apply_settings(
                session.workspace, max_failures=max_failures, parallelism=parallelism
            )
            terms = RunOptions(
                Front.APPLY, settings, new_ledger=allowed.new_ledger, lock_timeout=lock_timeout
            )
            return run_command(context, session, declarations, terms, run)

    def count(context: CommandContext) -> int:
        if plan:
            saved = read_plan(context, context.plan_file(plan))
            if or_resume:
                return disconnects_left(saved, context.chosen_workspace().ledger)
            return len(saved.content.disconnects)
        return _would_disconnect(context, select, exclude, allowed.guards)

    context.run_each(asked, body, check=check, plans=True, count=count)


def _would_disconnect(
    context: CommandContext, select: list[str], exclude: list[str], allowed: frozenset[GuardName]
) -> int:
    """The disconnects that a run would make; 0 where its guards would refuse it."""
    selectors = selectors_of(context, select)
    exclusion = selectors_of(context, exclude, "--exclude")
    with context.session() as session:
        inputs, _ = gather(context, session, COMMAND_LINE)
        content = preview(session, inputs, selectors, exclusion).content
    refused = {verdict.guard for verdict in content.refusals} - allowed
    return 0 if refused else len(content.disconnects)


def _check_terminal() -> None:
    """Raise :class:`UsageError` where nobody can be asked; before anything else is done."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "there is no terminal to ask on: apply a saved plan (`plan -o PLAN`, `apply PLAN`)"
            " or add --auto-approve"
        )


def _ask(command: RunCommand, approved: Approved, *, auto_approve: bool) -> None:
    """Show the plan and ask for approval. Raises :class:`NotApproved`."""
    if not approved.ready:
        return
    context = command.context
    shown = PlanReport(
        approved.plan,
        Exit.OK,
        limit_sources=limit_sources(command.session.workspace),
        verdicts=approved.verdicts,
        verbose=context.verbose,
        ledger=command.run.ledger_view,
    )
    if auto_approve:
        if context.format is Format.TEXT:
            context.show(shown)
        return
    context.show(shown, on_stderr=context.format is not Format.TEXT)
    expected = str(approved.disconnects) if approved.disconnects else "yes"
    what = "the number of disconnects" if approved.disconnects else "yes"
    what_exactly = f"`{expected}`" + (f", {what}" if approved.disconnects else "")
    typer.echo(f"To apply this, type {what}: ", err=True, nl=False)
    try:
        answer = sys.stdin.readline()
    except BaseException:
        typer.echo(err=True)  # what is said next begins on a line of its own
        raise
    if not answer:
        typer.echo(err=True)
    if answer.strip() != expected:
        command.run.journal.declined(approved.plan, approved.verdicts, approved.fleet)
        found = visible(answer.strip(), 40)
        typed = f"you typed `{found}`" if found else "nothing was typed"
        raise NotApproved(f"not approved: {typed} instead of {what_exactly}; nothing was changed")
