"""``declare_fleet``: what a Pulumi program calls, and all that happens in it.

Every fleet is evaluated before anything is registered. In an update the provider then acts in the
runs of the fleets. The last step of the program checks that every planned action came to its end.
That check asks the ledger and not the outputs of the resources: an action that a target or an
option kept from the provider has no output of this run.
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pulumi
from pulumi.runtime import is_dry_run
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from reconciler.domain import stack_owner
from reconciler.engine.approval import overrides_of
from reconciler.manifest.source import read_regular
from reconciler.planning import MAX_BYTES, Plan, PlanUnusable, decode_plan
from reconciler.pulumi_provider.cli_process import CliProcess, cli_of
from reconciler.pulumi_provider.errors import invalid
from reconciler.pulumi_provider.evaluation import (
    ApprovedFleet,
    EvaluationRequest,
    Failure,
    abandon,
    evaluate,
)
from reconciler.pulumi_provider.preview_record import CommandPreview
from reconciler.pulumi_provider.reports import ProgramReporter
from reconciler.pulumi_provider.resources import (
    DeclaredFleet,
    Fleet,
    FleetResource,
    Granularity,
    UserResource,
    register,
)
from reconciler.reporting.wording import stacks

_PLAN: Final = "RECONCILER_PLAN"
_REFUSED_OPTIONS: Final = {
    "ignore_changes": "it would silently keep the provider from a planned disconnect",
    "import_": "`pulumi up` adopts what exists by itself",
    "id": "it would read another resource in place of this one",
    "urn": "it would take another resource in place of this one",
    "parent": "the type of the parent would become part of every name in the state",
}

_declared: Final[list[ApprovedFleet]] = []


def declare_fleet(
    *fleets: Fleet, require_preview: bool = False, opts: pulumi.ResourceOptions | None = None
) -> Mapping[str, DeclaredFleet]:
    """Declare ``fleets``, all that the program has. Gives a :class:`DeclaredFleet` by workspace.

    An update does what its own preview showed and no more. ``require_preview`` refuses an update
    without one. ``opts`` apply to every resource. ``retain_on_delete`` is always set, since
    removing a resource only forgets it. Options that would go around the plan, or rename
    resources, are refused.

    Raises :class:`pulumi.RunError` if anything is wrong or refused. Then nothing is registered, and
    a program that goes on fails all the same.
    """
    try:
        return _declare(fleets, cli_of(), require_preview=require_preview, opts=opts)
    except BaseException:
        if not _mocked():
            fail_at_exit()
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
        # The engine interrupts the program when it gives up, and Python would print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    fleets = _checked_fleets(given)
    reporter = ProgramReporter(os.environ, [fleet.workspace for fleet in fleets])
    with reporter.failures():
        options = _checked_options(opts)
        if command is None and not _mocked():
            raise invalid(stacks.NO_COMMAND)
        _check_once(fleets)
        stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        saved = _saved_plan(fleets)
        preview = CommandPreview(command, stack, os.environ, required=require_preview)
        request = EvaluationRequest(
            stack_owner(stack), saved, overrides_of(os.environ), preview.shown, pulumi.log.info
        )
    evaluated = evaluate(fleets, request, update=not is_dry_run())
    if isinstance(evaluated, Failure):
        raise reporter.failed(evaluated)
    try:
        for one in evaluated:
            reporter.announce(one)
            with reporter.failures(one):
                if one.run is None and saved is None:
                    preview.keep(one.session.target, one.approved.ready)
                reporter.approved(one)
        for one in evaluated:
            with reporter.failures(one):
                one.share_run()
    except BaseException:
        abandon(evaluated)
        raise
    _declared.extend(evaluated)
    resources = [
        register(one.fleet, one.session.endpoint.address, one.desired, one.approved.ready, options)
        for one in evaluated
    ]
    if not is_dry_run():
        check = CompletionCheck(evaluated, reporter)
        check.run_after([each for by_user in resources for each in by_user.values()])
    return {
        one.fleet.workspace: DeclaredFleet(
            one.approved.plan.content, by_user, one.run.journal.id if one.run else None
        )
        for one, by_user in zip(evaluated, resources, strict=True)
    }


def _mocked() -> bool:
    """Whether the SDK's mocks replace the engine: then nothing can be done."""
    return isinstance(get_monitor(), MockMonitor)


def _checked_fleets(fleets: Sequence[Fleet]) -> tuple[Fleet, ...]:
    """``fleets`` with the types that they should have. Raises :class:`pulumi.RunError`."""
    checked = []
    for fleet in fleets:
        try:
            checked.append(msgspec.convert(msgspec.structs.asdict(fleet), Fleet))
        except (TypeError, msgspec.ValidationError) as error:
            raise pulumi.RunError(f"declare_fleet cannot use {fleet!r}: {error}") from None
        if not fleet.workspace:
            raise pulumi.RunError(f"declare_fleet cannot use {fleet!r}: it names no workspace")
    return tuple(checked)


def _checked_options(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """``opts`` with what a fleet needs. Raises ``InvalidInput``."""
    if opts is not None and not isinstance(opts, pulumi.ResourceOptions):
        raise invalid(f"opts has to be pulumi.ResourceOptions, but it is {opts!r}")
    given = opts or pulumi.ResourceOptions()
    for name, why in _REFUSED_OPTIONS.items():
        if getattr(given, name):
            raise invalid(f"a fleet takes no option {name}: {why}")
    # A preview then says that a resource is only forgotten, and nobody expects a call.
    return pulumi.ResourceOptions.merge(given, pulumi.ResourceOptions(retain_on_delete=True))


def _check_once(fleets: Sequence[Fleet]) -> None:
    """All fleets come in one call, and each workspace once. Raises ``InvalidInput``."""
    if _declared:
        abandon(_declared)
        raise invalid(
            "declare_fleet was called twice: declare all fleets of a program in one call, so that"
            " all are checked before anything is done"
        )
    if not fleets:
        raise invalid("declare_fleet needs a fleet: declare_fleet(Fleet('prod'))")
    names = [fleet.workspace for fleet in fleets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(f"declared twice: workspace {', '.join(twice)}")


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


def main() -> None:
    """Declare the fleet of the configured workspace."""
    config = pulumi.Config()
    granularity = config.require("granularity")
    if granularity not in list(Granularity):
        names = " or ".join(Granularity)
        raise pulumi.RunError(f"granularity is {granularity!r}: set it to {names}")
    declare_fleet(
        Fleet(
            config.require("workspace"),
            config.require("configuration"),
            Granularity(granularity),
        ),
        require_preview=config.require_bool("requirePreview"),
    )


_EXPLAINED: Final = 32
"""The status of a program that failed and has said why (``pulumi-language-python``)."""


class CompletionCheck:
    """Lets the program succeed only if everything that was planned is done."""

    def __init__(self, fleets: Sequence[ApprovedFleet], reporter: ProgramReporter) -> None:
        self._fleets = fleets
        self._reporter = reporter
        self._done = False
        # The program may end before it gets here. Its runs end all the same.
        atexit.register(self._leave)

    def run_after(self, resources: Sequence[UserResource | FleetResource]) -> None:
        """Check once each of ``resources`` is done, whether its outputs are known or not."""
        done = pulumi.Output.all(*(resource.outcomes for resource in dict.fromkeys(resources)))
        done.apply(lambda _: self._check(), run_with_unknowns=True)

    def _check(self) -> None:
        self._done = True
        errors = [error for fleet in self._fleets if (error := self._close(fleet))]
        if errors:
            # Log it here and now: a program that exits by itself would lose an exception.
            pulumi.log.error("\n".join(errors))
            sys.exit(_EXPLAINED)
        atexit.unregister(self._leave)

    def _close(self, fleet: ApprovedFleet) -> str | None:
        """Close the run of ``fleet``; the error in words, if not everything went well."""
        try:
            with self._reporter.failures(fleet):
                with fleet.open:
                    result = fleet.close_run()
                return None if result is None else self._reporter.ended(fleet, result)
        except pulumi.RunError as error:
            return str(error)

    def _leave(self) -> None:
        """Let the program fail whatever its status is: it may call ``sys.exit(0)``, even after the
        error of this check."""
        abandon(self._fleets)
        if not self._done:
            sys.stderr.write(f"{stacks.UNCHECKED}\n")
        _fail()


def fail_at_exit() -> None:
    """Let the program fail whatever it still does: an error that it caught was an error."""
    atexit.register(_fail)


def _fail() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_EXPLAINED)
