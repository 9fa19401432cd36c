"""What commands begin with: manifests, the list of users, selectors, an owner, a saved plan.

A plan file is hostile input until ``decode_plan`` has accepted it.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.domain import COMMAND_LINE, Declarations, InvalidInput, stack_owner
from reconciler.engine import (
    Observation,
    PlanInputs,
    Session,
    load_declarations,
    observe,
    plan_inputs,
    remember,
)
from reconciler.manifest.source import MAX_BYTES, as_source, read_source
from reconciler.planning import MAX_BYTES as MAX_PLAN_BYTES
from reconciler.planning import Plan, PlanUnusable, decode_plan
from reconciler.reporting import LedgerView

_STACK_PARTS = 3


def load(context: CommandContext, session: Session, traced: str | None = None) -> Declarations:
    """What the manifests of the workspace declare, with the layers of the user ``traced``.

    Raises ``domain.InvalidInput``, and :class:`UsageError` if an output would replace a source's
    file.
    """
    with context.progress().counting("Reading manifests") as done:
        declarations = load_declarations(
            session.workspace, session.inputs, done, traced, session.telemetry
        )
    context.reads(*source_files(declarations))
    return declarations


def source_files(declarations: Declarations) -> Iterator[Path]:
    """The files that the sources of ``declarations`` read."""
    for source in declarations.sources:
        if "file" in source.definition:
            yield Path(source.place.file).parent / str(source.definition["file"])


def list_users(context: CommandContext, session: Session) -> Observation:
    """The workspace's calendar users. Raises ``recall.RecallError``."""
    what = f"Listing calendar users of {session.workspace.name}"
    with context.progress().counting(what, in_bytes=True) as done:
        return observe(session, done)


def gather(
    context: CommandContext,
    session: Session,
    owner: str | None,
    *,
    earlier: Plan | None = None,
    traced: str | None = None,
) -> tuple[PlanInputs, LedgerView]:
    """What a command that only looks plans from: manifests, history and list, in this order.

    ``owner``, ``earlier`` and ``traced`` as for ``remember`` and :func:`load`. Raises what
    :func:`load` and :func:`list_users` do.
    """
    declarations = load(context, session, traced)
    remembered = remember(
        session.workspace, session.endpoint.address, owner, earlier, declarations=declarations
    )
    observation = list_users(context, session)
    inputs = plan_inputs(session, declarations, observation, remembered.history)
    return inputs, remembered.ledger


def owner_of(stack: str | None) -> str:
    """The owner that a plan is judged for. Raises :class:`UsageError`."""
    if stack is None:
        return COMMAND_LINE
    if len(stack.split("/")) != _STACK_PARTS or not all(stack.split("/")):
        raise UsageError(
            f"--stack {stack!r} is not ORGANIZATION/PROJECT/STACK; without Pulumi Cloud the"
            " organization is `organization`"
        )
    return stack_owner(stack)


def selectors_of(
    context: CommandContext, values: Sequence[str], option: str = "--select"
) -> list[str] | None:
    """The ``values`` of ``option``, those in ``@FILE`` among them; None where none was given.

    Raises :class:`UsageError`.
    """
    if not values:
        return None
    found: list[str] = []
    for value in values:
        if value == "@":
            raise UsageError(f"{option} @: name a file behind the @")
        if value.startswith("@"):
            found.extend(_lines(context, Path(value[1:]), f"{option} {value}"))
        else:
            found.append(value)
    return found


def _lines(context: CommandContext, path: Path, name: str) -> list[str]:
    try:
        if path == DASH:
            source = as_source("-", context.standard_input(MAX_BYTES))
        else:
            context.reads(path)
            source = read_source(path, str(path))
    except InvalidInput as error:
        problem = error.diagnostics[0]
        raise UsageError(": ".join(filter(None, (name, problem.message, problem.hint)))) from None
    lines = [line.strip() for line in io.StringIO(source.data.decode(), newline=None)]
    selectors = [line for line in lines if line and not line.startswith("#")]
    if not selectors:
        raise UsageError(f"{name}: the file names nobody")
    return selectors


def read_plan(context: CommandContext, path: Path) -> Plan:
    """The plan in ``path``, or on standard input for ``-``; no output may replace it.

    Raises ``PlanUnusable``, and :class:`UsageError` if there is no such file.
    """
    try:
        if path == DASH:
            data = context.standard_input(MAX_PLAN_BYTES)
        else:
            context.reads(path)
            with path.open("rb") as file:
                data = file.read(MAX_PLAN_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read the plan {path}: {error.strerror}") from None
    try:
        return decode_plan(data)
    except PlanUnusable as error:
        raise PlanUnusable(f"{path}: {error}") from None
