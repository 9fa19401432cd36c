"""``reconciler plan``: what would be done. Changes nothing, anywhere but in the plan file."""

from collections.abc import Iterable, Set
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from reconciler.cli import options
from reconciler.cli.command_limit import CommandLimitReached
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.cli.exits import exit_status
from reconciler.cli.inputs import gather, owner_of, read_plan, selectors_of
from reconciler.cli.logs import LogFormat
from reconciler.cli.workspace_choice import JOBS, Several, only, several
from reconciler.domain import Exit, UndeclaredPolicy
from reconciler.engine import (
    FAILING,
    PlanState,
    compare,
    limit_sources,
    preview,
    preview_again,
    with_history,
    with_last_plan,
    worst,
)
from reconciler.manifest import gc_paused
from reconciler.planning import encode_plan
from reconciler.reporting import Format, PlanReport, WorkspaceReport, WorkspacesReport


def plan(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Save the plan here, for `apply PLAN`.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="PLAN", help="Show what changed since this saved plan."),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="Exit with 2 on changes, 7 if something waits for a person.",
        ),
    ] = False,
    fail_on: Annotated[
        list[PlanState],
        typer.Option("--fail-on", help="Exit with the status of such a plan. Can be repeated."),
    ] = [],
    success_on: Annotated[
        list[PlanState],
        typer.Option("--success-on", help="Exit with 0 all the same. Can be repeated."),
    ] = [],
    summary: Annotated[
        bool,
        typer.Option("--summary", help="Show counts and the first names only, at most 40 lines."),
    ] = False,
    stack: options.Stack = None,
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
    """Show what would be changed; changes nothing."""
    asked = several(workspace, jobs, everything=all_workspaces, shard=shard)
    context = CommandContext(
        config,
        only(workspace),
        output_format,
        report,
        quiet,
        verbose,
        log_format,
        gives=(PlanReport,),
        link_base=link_base,
    )

    def check() -> None:
        if against and (select or exclude):
            option = "--select" if select else "--exclude"
            raise UsageError(
                f"{option} cannot be combined with --against: the saved plan has its own selection"
            )
        for state in set(fail_on).intersection(success_on):
            raise UsageError(f"--fail-on {state} contradicts --success-on {state}: give one")

    def body(context: CommandContext) -> WorkspaceReport:
        owner = owner_of(stack)
        selectors = selectors_of(context, select)
        exclusion = selectors_of(context, exclude, "--exclude")
        earlier = read_plan(context, context.plan_file(against)) if against else None
        with context.session() as session:
            undeclared = session.workspace.undeclared
            failing = _failing(undeclared, detailed_exitcode, fail_on, success_on)
            saved = context.output(out) if out else None
            inputs, ledger = gather(context, session, owner, earlier=earlier)
            changes = None
            narrowing = (*_repeated("--select", select), *_repeated("--exclude", exclude))
            if out:  # the plan itself has it
                narrowing = ()
            if earlier:
                planned = preview_again(session, earlier, inputs)
                changes = compare(session, earlier, planned.content, inputs.observation).changes
            else:
                planned = preview(session, inputs, selectors, exclusion)
            if saved:
                saved.write(encode_plan(planned))
            made = PlanReport(
                planned,
                exit_status(planned, failing=failing),
                saved_to=str(context.plan_file(out)) if out and out != DASH else None,
                limit_sources=limit_sources(session.workspace),
                verbose=verbose,
                ledger=ledger,
                changes=changes,
                undeclared=undeclared,
                brief=summary,
                # What went to standard output is somebody else's to store and to name.
                again=None if out == DASH or asked else (*context.again(), *narrowing),
            )
            if not context.writes(Format.HTML):
                return made
            return with_last_plan(with_history(made, session.workspace), session, inputs)

    with gc_paused():  # until the fleet is gone
        context.run_each(
            asked, body, check=check, plans=True, after=partial(_together, context, asked, out)
        )


def _together(
    context: CommandContext, asked: Several | None, out: Path | None, report: WorkspacesReport
) -> WorkspacesReport:
    """``report``, which also says whether all plans together are within the limit of a command."""
    disconnects = 0
    for section in report.sections:
        made = section.report
        if isinstance(made, PlanReport) and not made.plan.content.refusals:
            disconnects += len(made.plan.content.disconnects)
    try:
        context.limit.check(disconnects)
    except CommandLimitReached as reached:
        status = worst([report.status, Exit.REFUSED])
        return structs.replace(report, status=status, beyond=reached.diagnostics[0])
    if asked is None or out is None or not disconnects:
        return report
    words = ("reconciler", "apply", str(out), *asked.words, *context.again())
    return structs.replace(report, again=words)


def _failing(
    undeclared: UndeclaredPolicy,
    detailed: bool,  # noqa: FBT001 - as the option is
    fail_on: Iterable[PlanState],
    success_on: Iterable[PlanState],
) -> Set[PlanState]:
    """The states of a plan in which the command fails."""
    failing = FAILING.union(fail_on)
    if undeclared is UndeclaredPolicy.FAIL:
        failing |= {PlanState.UNDECLARED}
    if detailed:
        failing |= {PlanState.CHANGES, PlanState.PENDING}
    return failing.difference(success_on)


def _repeated(option: str, values: list[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
