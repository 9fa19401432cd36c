"""A cycle as one line of the log, which must not read like success where a cycle is none."""

from reconciler.reporting.phrase import counted
from reconciler.reporting.wording import summary
from reconciler.watching.snapshot import WatchSnapshot
from reconciler.watching.state import problems


def cycle_line(snapshot: WatchSnapshot) -> str:
    """``cycle 6: old plan, manifests broken (people.yaml:4:15): …``, the first error."""
    wrong = problems(snapshot)
    broken = _broken(snapshot)
    content = snapshot.report.plan.content if snapshot.report else None
    planned = summary.of_planned(content) if content else ""
    if snapshot.current is None:
        said = "no plan"
    elif wrong:
        said = "old plan"
    elif content is not None and content.problems:
        said = f"incomplete list, {counted(len(content.problems), 'problem')}"
    else:
        return f"cycle {snapshot.number}: {planned}"
    said = ", ".join([said, *broken])
    if not wrong:
        return f"cycle {snapshot.number}: {said}. {planned}"
    others = len(wrong) - 1
    more = f" (and {counted(others, 'more error')})" if others else ""
    last = f". The old plan: {planned}" if snapshot.current is not None else "."
    return f"cycle {snapshot.number}: {said}: {wrong[0].message}{more}{last}"


def _broken(snapshot: WatchSnapshot) -> list[str]:
    """What could not be read, with the place of its first error."""
    found = []
    for what, state in (
        ("configuration", snapshot.configuration),
        ("manifests", snapshot.manifests),
    ):
        if state.problems:
            place = state.problems[0].location
            found.append(f"{what} broken ({place})" if place else f"{what} broken")
    return found
