"""One fleet evaluated without a program: approved, or the error that the program would raise."""

from collections.abc import Mapping
from typing import Final

from reconciler.pulumi_provider import Fleet
from reconciler.pulumi_provider.evaluation import (
    ApprovedFleet,
    EvaluationRequest,
    Failure,
    evaluate,
)
from reconciler.pulumi_provider.reports import ProgramReporter

OWNER: Final = "stack organization/trial/dev"


def approved(
    fleet: Fleet,
    request: EvaluationRequest,
    *,
    update: bool,
    environ: Mapping[str, str] | None = None,
) -> ApprovedFleet:
    """``fleet``, if it is approved. Raises ``pulumi.RunError``, and reports as ``environ`` says."""
    evaluated = evaluate([fleet], request, update=update)
    if isinstance(evaluated, Failure):
        raise ProgramReporter(environ or {}, [fleet.workspace]).failed(evaluated)
    (one,) = evaluated
    return one
