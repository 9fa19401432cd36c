"""What to type next, as the last lines of what a command prints."""

import shlex

from reconciler.planning import Judgement
from reconciler.reporting.documents import PlanReport
from reconciler.reporting.untrusted import PROSE_LIMIT, visible


def after_plan(report: PlanReport) -> tuple[str, ...]:
    """The commands that go on from a plan; none where nobody but a person can."""
    if report.again is None:
        return ()
    if any(verdict.judgement is Judgement.REFUSED for verdict in report.guards):
        return (f"Next: settle what refused it, then {_command('plan', report.again)}",)
    if not report.plan.content.actions:
        return ()
    if report.saved_to is not None:
        apply = _command("apply", report.again, report.saved_to)
        return (f"Next: {apply}  # does exactly this",)
    save = _command("plan", report.again, "-o", "fleet.plan")
    return (
        f"Next: {_command('apply', report.again)}  # asks, then does this",
        f"  or: {save}  # saves it, to be reviewed and applied as it is",
    )


def _command(name: str, options: tuple[str, ...], *more: str) -> str:
    words = ("reconciler", name, *options, *more)
    return " ".join(shlex.quote(visible(word, PROSE_LIMIT)) for word in words)
