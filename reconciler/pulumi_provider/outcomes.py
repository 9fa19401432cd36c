"""How planned actions ended, as a resource holds it in its outputs."""

from collections.abc import Sequence
from typing import Any

from reconciler.pulumi_provider.pins import label
from reconciler.runs import ActionResult


def outcomes(run: str | None, results: Sequence[ActionResult]) -> dict[str, Any]:
    """The ``run`` and, by user, each action with its outcome; and what is not settled.

    ``run`` is None where nothing was planned.
    """
    ended: dict[str, dict[str, str]] = {}
    for result in results:
        ended.setdefault(result.action.user, {})[label(result.action)] = result.outcome.value
    return {
        "run": run or "",
        "outcomes": ended,
        "unsettled": sorted(r.action.key for r in results if not r.outcome.settled),
    }
