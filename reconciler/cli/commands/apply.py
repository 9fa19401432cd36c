"""``reconciler apply``: the one command that can disconnect anybody."""

import logging
import sys
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from reconciler.applying import ActionResult, ApplySettings, MemoryJournal
from reconciler.cli import options
from reconciler.cli.errors import NotApproved, UsageError
from reconciler.cli.exits import Exit, exit_status
from reconciler.cli.frame import Frame, limit_sources
from reconciler.cli.loading import list_users, load, selectors_of
from reconciler.cli.logs import LogFormat
from reconciler.cli.saved import read_plan
from reconciler.engine import (
    Approved,
    Refused,
    Session,
    carry_out,
    check_usable,
    judge_fresh,
    judge_saved,
    preview,
)
from reconciler.planning import GuardName
from reconciler.reporting import Format, PlanReport, Report, RunReport

log = logging.getLogger(__name__)


def apply(
    plan: Annotated[
        Path | None,
        typer.Argument(help="A saved plan: exactly that is done. [default: plan now]"),
    ] = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Do not ask. Guards judge all the same.")
    ] = False,
    allow_max_disconnects: options.AllowMaxDisconnects = False,
    allow_max_disconnect_percent: options.AllowMaxDisconnectPercent = False,
    allow_empty_desired: options.AllowEmptyDesired = False,
    allow_empty_observed: options.AllowEmptyObserved = False,
    max_failures: Annotated[
        int, typer.Option(min=0, help="Stop above this many failed or unknown outcomes.")
    ] = ApplySettings().max_failures,
    parallelism: Annotated[
        int, typer.Option(min=1, max=32, help="Users acted on at once.")
    ] = ApplySettings().workers,
    select: options.Select = [],
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Make the API be as the manifests say: disconnect what is not wanted, and verify it."""
    frame = Frame(config, workspace, output_format, report, quiet, verbose, log_format)
    allowed = {
        GuardName.MAX_DISCONNECTS: allow_max_disconnects,
        GuardName.MAX_DISCONNECT_PERCENT: allow_max_disconnect_percent,
        GuardName.EMPTY_DESIRED: allow_empty_desired,
        GuardName.EMPTY_OBSERVED: allow_empty_observed,
    }

    def body() -> Report:
        if plan and select:
            raise UsageError("a saved plan is done whole: --select goes with `plan -o`")
        selectors = selectors_of(select)
        if plan:
            frame.reads(plan)
        saved = read_plan(plan) if plan else None
        with frame.session() as session:
            desired = load(frame, session)
            if saved:
                check_usable(session, saved, desired)
            observation = list_users(frame, session)
            permitted = frozenset(guard for guard, yes in allowed.items() if yes)
            planned = saved or preview(session, desired, observation, selectors)
            judge = judge_saved if saved else judge_fresh
            try:
                approved = judge(session, planned, desired, observation, permitted)
            except Refused as refused:
                return PlanReport(
                    planned,
                    exit_status(refused),
                    verdicts=refused.verdicts,
                    limit_sources=limit_sources(session.workspace),
                    verbose=verbose,
                )
            if not saved:
                _ask(frame, session, approved, auto_approve=auto_approve)
            settings = ApplySettings(
                workers=parallelism,
                max_failures=max_failures,
                read_back=session.workspace.timeouts.read_back,
                retry_after_cap=session.workspace.timeouts.retry_after_cap,
            )
            return _carry_out(frame, session, approved, settings)

    frame.run(body)


def _carry_out(
    frame: Frame, session: Session, approved: Approved, settings: ApplySettings
) -> Report:
    done = count(1)
    frame.signals.stop_gracefully(session.stop)
    with frame.progress().counting("Applying", len(approved.plan.content.actions)) as tell:

        def on_result(result: ActionResult) -> None:
            tell(next(done))
            log.info("%s: %s (%s)", result.action.key, result.outcome, result.cause)

        result = carry_out(session, approved, MemoryJournal(), settings, on_result)
    return RunReport(
        approved.plan,
        result,
        exit_status(result),
        verdicts=approved.verdicts,
        limit_sources=limit_sources(session.workspace),
    )


def _ask(frame: Frame, session: Session, approved: Approved, *, auto_approve: bool) -> None:
    """Show the plan and have somebody say yes. Raises :class:`UsageError` if nobody can."""
    if not approved.ready:
        return
    shown = PlanReport(
        approved.plan,
        Exit.OK,
        limit_sources=limit_sources(session.workspace),
        verdicts=approved.verdicts,
        verbose=frame.verbose,
    )
    if auto_approve:
        if frame.format is Format.TEXT:
            frame.show(shown)
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "there is no terminal to ask on: apply a saved plan (`plan -o PLAN`, `apply PLAN`)"
            " or say --auto-approve"
        )
    frame.show(shown, on_stderr=frame.format is not Format.TEXT)
    expected = str(approved.disconnects) if approved.disconnects else "yes"
    what = "the number of disconnects" if approved.disconnects else "yes"
    typer.echo(f"To apply this, type {what}: ", err=True, nl=False)
    try:
        answer = sys.stdin.readline()
    except BaseException:
        typer.echo(err=True)  # what is said next begins on a line of its own
        raise
    if not answer:
        typer.echo(err=True)
    if answer.strip() != expected:
        raise NotApproved("not approved; nothing was changed")
