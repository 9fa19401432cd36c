"""What ``doctor`` looks at: can this workspace be worked with, and if not, what is missing.

Looks only: every call that it makes is a GET.
"""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.config import Workspace
from reconciler.domain import Cancellation, Clock, InvalidInput
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.engine.preview import IncompleteList, load_declarations, observe
from reconciler.engine.session import Session, open_session
from reconciler.ledger import LedgerError, LedgerMissing, read_ledger
from reconciler.recall import NetworkSettingsInvalid, RecallError
from reconciler.reporting import Check, CheckState
from reconciler.reporting.wording.history import how_ended
from reconciler.runs import RunSummary

_CLOCK_TOLERANCE = 60.0
"""Seconds that this machine's clock may differ from the server's before plans expire oddly."""


class Examination(Struct, frozen=True):
    """What was found. ``error`` is the first failure, None where the tool can work."""

    address: str | None
    checks: tuple[Check, ...]
    error: Exception | None


def examine(
    workspace: Workspace, environ: Mapping[str, str], *, clock: Clock, cancellation: Cancellation
) -> Examination:
    """Examine ``workspace``; never raises for what it finds."""
    checks = [Check("configuration", CheckState.OK, f"workspace {workspace.name!r} is readable")]
    errors: list[Exception] = []
    inputs = ConfiguredInputs(workspace, environ, clock=clock, cancellation=cancellation)
    _examine_manifests(workspace, inputs, checks, errors)
    _examine_ledger(workspace, checks, errors)
    _examine_targets(workspace, environ, checks, errors)
    address: str | None = None
    try:
        with open_session(workspace, environ, clock=clock, cancellation=cancellation) as session:
            address = session.endpoint.address
            fingerprint = session.endpoint.fingerprint()
            checks.append(
                Check(
                    "credentials", CheckState.OK, f"there is an API key, fingerprint {fingerprint}"
                )
            )
            _examine_api(session, checks, errors)
    except NetworkSettingsInvalid as error:
        checks.append(Check("credentials", CheckState.OK, "there is an API key"))
        checks.append(_failed("api", error))
        errors.append(error)
    except InvalidInput as error:
        checks.append(_failed("credentials", error))
        checks.append(Check("api", CheckState.SKIPPED, "not asked without a key"))
        errors.append(error)
    return Examination(address, tuple(checks), errors[0] if errors else None)


def _examine_manifests(
    workspace: Workspace, inputs: ConfiguredInputs, checks: list[Check], errors: list[Exception]
) -> None:
    try:
        users = len(load_declarations(workspace, inputs).users)
    except InvalidInput as error:
        checks.append(_failed("manifests", error))
        errors.append(error)
        return
    if not users:
        checks.append(
            Check(
                "manifests",
                CheckState.WARNING,
                "the manifests declare nobody",
                "the guard empty-desired will refuse a plan",
            )
        )
        return
    checks.append(Check("manifests", CheckState.OK, f"{users} declared users"))


def _examine_ledger(workspace: Workspace, checks: list[Check], errors: list[Exception]) -> None:
    place = str(workspace.ledger)
    try:
        with read_ledger(workspace.ledger) as ledger:
            dead, holder = ledger.dead_runs(workspace.name), ledger.holder(workspace.name)
            runs = ledger.runs(workspace.name, 1)
    except LedgerMissing as error:
        if workspace.require_ledger:
            checks.append(Check("ledger", CheckState.FAILED, str(error), error.hint))
            errors.append(error)
            return
        message = f"there is no ledger at {place}: the first run creates one"
        checks.append(Check("ledger", CheckState.WARNING, message, _NO_HISTORY))
        return
    except LedgerError as error:
        checks.append(Check("ledger", CheckState.FAILED, str(error), error.hint))
        errors.append(error)
        return
    last = f"the last run began {runs[0].opened}" if runs else "no run of this workspace yet"
    checks.append(Check("ledger", CheckState.OK, f"{place} can be read; {last}"))
    for run in dead:
        by = f"{run.who.user}@{run.who.host}, began {run.opened}"
        message = f"run {run.run} ({by}) {how_ended(run)}"
        checks.append(Check("ledger", CheckState.WARNING, message, _dead(run)))
    if holder is not None and not holder.dead:
        message = f"run {holder.run} holds the lock since {holder.since}"
        checks.append(Check("lock", CheckState.OK, message))


def _examine_targets(
    workspace: Workspace, environ: Mapping[str, str], checks: list[Check], errors: list[Exception]
) -> None:
    """Whether notifications could be sent; nothing is sent."""
    if not workspace.notify:
        return
    from reconciler.notifying import ready_targets  # noqa: PLC0415 - only some workspaces need it

    try:
        ready = ready_targets(workspace, environ)
    except InvalidInput as error:
        checks.append(_failed("notify", error))
        errors.append(error)
        return
    names = ", ".join(one.target.name for one in ready)
    checks.append(Check("notify", CheckState.OK, f"targets that can be used: {names}"))


_NO_HISTORY = "until then the guards that need history are skipped"


def _dead(run: RunSummary) -> str:
    left = (
        f"{run.in_doubt} in doubt, {run.unattempted} never begun; the next run resolves"
        " what is in doubt"
    )
    if run.resumed_by is not None:
        return f"{left}; run {run.resumed_by} continued it"
    return f"{left}; `reconciler resume {run.run}` continues it"


def _examine_api(session: Session, checks: list[Check], errors: list[Exception]) -> None:
    where = session.endpoint.address
    try:
        observed = observe(session).state
    except RecallError as error:
        checks.append(Check("api", CheckState.FAILED, error.detail, error.hint))
        errors.append(error)
        return
    checks.append(Check("api", CheckState.OK, f"{where} answers and accepts the key"))
    if observed.complete:
        checks.append(
            Check("list", CheckState.OK, f"{len(observed.users)} calendar users, all readable")
        )
    else:
        problems = "; ".join(observed.problems)
        checks.append(
            Check(
                "list",
                CheckState.FAILED,
                f"the list of calendar users is incomplete: {problems}",
                "nothing can be applied before it is complete",
            )
        )
        errors.append(IncompleteList(problems))
    checks.append(_clock_check(session))


def _clock_check(session: Session) -> Check:
    ahead = session.reader.server_ahead
    if ahead is None:
        return Check("clock", CheckState.SKIPPED, "the API's answer has no Date")
    apart = abs(ahead)
    if apart <= _CLOCK_TOLERANCE:
        return Check("clock", CheckState.OK, "this machine's clock agrees with the API's")
    return Check(
        "clock",
        CheckState.WARNING,
        f"this machine's clock is {apart:.0f} s off the API's",
        "set the clock: plans expire by it",
    )


def _failed(name: str, error: InvalidInput) -> Check:
    first, *others = error.diagnostics
    more = f" (and {len(others)} more)" if others else ""
    return Check(name, CheckState.FAILED, f"{first}{more}", first.hint)
