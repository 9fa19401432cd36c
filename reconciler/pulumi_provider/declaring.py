"""``declare_fleet``: what a Pulumi program calls, and all that happens in it.

Everything is judged before anything is registered; in an update the runs are then handed over to
the provider, and the last step of the program asks how they ended.
"""

import os
import signal
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pulumi
from pulumi.runtime import is_dry_run
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from reconciler.domain import Diagnostic, InvalidInput, stack_owner
from reconciler.engine.overrides import overrides_of
from reconciler.manifest.source import read_regular
from reconciler.planning import MAX_BYTES, Plan, PlanUnusable, Target, decode_plan
from reconciler.pulumi_provider import options
from reconciler.pulumi_provider.cli_process import CliProcess, cli_of
from reconciler.pulumi_provider.fleet import Fleet, Granularity
from reconciler.pulumi_provider.gate import Gate, ends_red
from reconciler.pulumi_provider.judged import Judged
from reconciler.pulumi_provider.judging import Demands, judge_in_preview, judge_in_update
from reconciler.pulumi_provider.note import Note, Notes
from reconciler.pulumi_provider.outputs import DeclaredFleet
from reconciler.pulumi_provider.registering import register
from reconciler.pulumi_provider.reports import ReportFile, begun_report, plan_report
from reconciler.pulumi_provider.saying import told_by_program, wrong
from reconciler.pulumi_provider.staying import check_workspaces
from reconciler.reporting.wording import stacks
from reconciler.reporting.wording.stacks import MARKUP

_PLAN: Final = "RECONCILER_PLAN"
_SENTINELS: Final = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "4dabf18193072939515e22adb298388d",
}
"""What stands for an unknown value, and for one of a special kind, on the way to the engine
(pulumi.runtime.rpc)."""


def declare_fleet(
    *fleets: Fleet, require_preview: bool = False, opts: pulumi.ResourceOptions | None = None
) -> Mapping[str, DeclaredFleet]:
    """Declare ``fleets``, all that the program has: what it gets of each, by workspace.

    An update does what its own preview showed and no more; ``require_preview`` refuses one without.
    ``opts`` are for every resource; they are forgotten when they are removed, never deleted, so
    ``retain_on_delete`` is set, and what would go around the plan, or rename them, is refused.

    Raises :class:`pulumi.RunError` when anything is wrong or refused; nothing is registered then,
    and a program that goes on all the same ends red.
    """
    try:
        return _declare(fleets, cli_of(), require_preview=require_preview, opts=opts)
    except BaseException:
        if not _mocked():
            ends_red()
        raise


def _declare(
    given: Sequence[Fleet],
    command: CliProcess | None,
    *,
    require_preview: bool,
    opts: pulumi.ResourceOptions | None,
) -> Mapping[str, DeclaredFleet]:
    if threading.current_thread() is not threading.main_thread():
        raise pulumi.RunError("declare_fleet has to be called in the program's main thread")
    if command is not None and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        # The engine interrupts the program when it gives up, and Python would print where it was.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    fleets = _checked(given)
    with told_by_program():
        report = ReportFile(os.environ, [fleet.workspace for fleet in fleets])
    with told_by_program(report=report.of_any_error):
        checked = options.checked(opts)
        if command is None and not _mocked():
            raise wrong(stacks.NO_COMMAND)
        _only_once(fleets)
        stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        demands = Demands(stack_owner(stack), _saved_plan(fleets), overrides_of(os.environ), report)
        preview = _Preview(
            command, stack, required=require_preview, saved=demands.saved is not None
        )
        check_workspaces(fleets, demands)
    judged = _judge_all(fleets, demands, preview)
    try:
        for one in judged:
            _say(one)
            with report.telling(one.fleet.workspace, one.session.workspace):
                preview.remember(one)
                told = plan_report(one) if one.run is None else begun_report(one.run.journal.id)
                report.write(one.fleet.workspace, told)
        for one in judged:
            with report.telling(one.fleet.workspace, one.session.workspace):
                one.share_run()
    except BaseException:
        _abandon(judged)
        raise
    _declared.extend(judged)
    resources = [register(one, checked) for one in judged]
    if not is_dry_run():
        Gate(judged, report).close_after([r for of_fleet in resources for r in of_fleet.values()])
    return {
        one.fleet.workspace: DeclaredFleet(
            one.approved.plan.content, of_fleet, one.run.journal.id if one.run else None
        )
        for one, of_fleet in zip(judged, resources, strict=True)
    }


def _mocked() -> bool:
    """Whether the SDK's mocks stand in for an engine: nothing can be done then."""
    return isinstance(get_monitor(), MockMonitor)


class _Preview:
    """The preview of this command: remembered by it, asked for by its update."""

    def __init__(
        self, command: CliProcess | None, stack: str, *, required: bool, saved: bool
    ) -> None:
        self._command = command
        self._required = required
        self._saved = saved
        self._notes = Notes(os.environ)
        self._stack = stack
        self._notes.sweep()

    def remember(self, judged: Judged) -> None:
        """Write down, in a preview, what was shown.

        Raises :class:`InvalidInput` where that cannot be done and the command may go on to
        update: it would be held to nothing."""
        if self._command is None or self._saved or not is_dry_run():
            return
        target, ready = judged.session.target, judged.approved.ready
        kept = self._notes.write(self._command, self._stack, target, ready)
        if not kept and not self._command.only_previews():
            raise wrong(stacks.preview_not_kept(target, str(self._notes.folder)))

    def shown(self, target: Target) -> Note | None:
        """What was shown for ``target``.

        Raises ``PlanUnusable`` where that is required, and where it may have been shown and lost.
        """
        note = self._command and self._notes.take(self._command, self._stack, target)
        if note is None:
            if self._command is not None and not self._command.skips_preview():
                raise PlanUnusable(stacks.preview_lost(target))
            if self._required:
                raise PlanUnusable(stacks.no_preview_refused(target))
            pulumi.log.warn(stacks.no_preview(target))
        return note or None


_declared: list[Judged] = []


def _checked(fleets: Sequence[Fleet]) -> tuple[Fleet, ...]:
    """``fleets``, as their types say. Raises :class:`pulumi.RunError`."""
    checked = []
    for fleet in fleets:
        try:
            checked.append(msgspec.convert(msgspec.structs.asdict(fleet), Fleet))
        except (TypeError, msgspec.ValidationError) as error:
            raise pulumi.RunError(f"declare_fleet cannot use {fleet!r}: {error}") from None
        if not fleet.workspace:
            raise pulumi.RunError(f"declare_fleet cannot use {fleet!r}: it names no workspace")
    return tuple(checked)


def _only_once(fleets: Sequence[Fleet]) -> None:
    """All fleets have to be judged before one is registered. Raises :class:`InvalidInput`."""
    if _declared:
        _abandon(_declared)
        raise wrong(
            "declare_fleet was called twice: declare all fleets of a program in one call, so that"
            " all are judged before anything is done"
        )
    if not fleets:
        raise wrong("declare_fleet needs a fleet: declare_fleet(Fleet('prod'))")
    names = [fleet.workspace for fleet in fleets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise wrong(f"declared twice: workspace {', '.join(twice)}")


def _saved_plan(fleets: Sequence[Fleet]) -> Plan | None:
    """The plan that ``RECONCILER_PLAN`` names. Raises ``PlanUnusable``."""
    name = os.environ.get(_PLAN)
    if name is None:
        return None
    if not name:
        raise PlanUnusable(f"{_PLAN} is empty: unset it, or name a plan file")
    if name == "-":
        raise PlanUnusable(f"{_PLAN} is -: a program has no standard input; name a plan file")
    if len(fleets) > 1:
        raise PlanUnusable(f"{_PLAN} is for one workspace, and the program declares several")
    try:
        data = read_regular(Path(name), MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PlanUnusable(f"{_PLAN}: cannot read {name}: {reason}") from None
    try:
        return decode_plan(data)
    except PlanUnusable as error:
        raise PlanUnusable(f"{name}: {error}") from None


def _judge_all(fleets: Sequence[Fleet], demands: Demands, preview: _Preview) -> tuple[Judged, ...]:
    judged: list[Judged] = []
    try:
        for fleet in fleets:
            if is_dry_run():
                one = judge_in_preview(fleet, demands)
            else:
                one = judge_in_update(fleet, demands, preview.shown)
            judged.append(one)  # at once: its run is open
        with told_by_program(report=demands.report.of_any_error):
            _check_users_once(judged)
            _check_names(judged)
    except BaseException:
        _abandon(judged)
        with told_by_program():
            demands.report.of_others()
        raise
    return tuple(judged)


def _check_users_once(judged: Sequence[Judged]) -> None:
    """Nobody may be declared by two fleets of one API. Raises :class:`InvalidInput`."""
    seen: dict[tuple[str, str], str] = {}
    twice = []
    for one in judged:
        for user in one.desired.users.values():
            place = f"{user.source} (workspace {one.fleet.workspace})"
            first = seen.setdefault((one.session.endpoint.address, user.id), place)
            if first != place:
                twice.append(stacks.declared_twice(user.id, first, place))
    if twice:
        raise InvalidInput(*(Diagnostic(None, each) for each in twice))


def _check_names(judged: Iterable[Judged]) -> None:
    """Nobody may have an id that Pulumi takes for something else, and so would show, or record, as
    somebody else. Raises :class:`InvalidInput`."""
    for one in judged:
        for user in one.desired.users.values():
            if MARKUP in user.id or user.id in _SENTINELS:
                raise InvalidInput(Diagnostic(user.source, stacks.not_for_pulumi(user.id)))


def _abandon(judged: Iterable[Judged]) -> None:
    for one in judged:
        one.abandon()


def _say(judged: Judged) -> None:
    content = judged.approved.plan.content
    if line := stacks.planned(content, judged.approved.ready):
        pulumi.log.warn(line)
    if judged.left:
        pulumi.log.warn(stacks.appeared(content, judged.left))
    for line in stacks.standing(content):
        pulumi.log.info(line)
    declared = len(judged.desired.users)
    if judged.fleet.granularity is Granularity.USER and (line := stacks.many(content, declared)):
        pulumi.log.info(line)
