"""What a plan follows besides entries: sources and rules, and what begins or ends soon."""

from collections.abc import Iterator
from typing import Final

from reconciler.domain import Boundary, BoundaryKind, RuleMode
from reconciler.planning import Content, PlanRule, PlanSource
from reconciler.reporting.phrase import Foreign, Phrase, counted, listed

NAMED: Final = 10
"""How many users, and how many boundaries, are named at most."""

_DIGEST: Final = len("sha256:") + 12

_BOUNDARIES: Final = {BoundaryKind.BEGINS: "begins", BoundaryKind.ENDS: "ends"}

MODES: Final = {RuleMode.REPORT: "report", RuleMode.ENFORCE: "enforce"}


def sections(content: Content) -> Iterator[tuple[str, list[Phrase]]]:
    """A title and its lines, for each kind of which there is something."""
    if content.sources:
        yield counted(len(content.sources), "source"), [source(use) for use in content.sources]
    if content.rules:
        yield counted(len(content.rules), "rule"), [rule(found) for found in content.rules]
    if content.upcoming:
        lines = [boundary(moment) for moment in content.upcoming[:NAMED]]
        if (more := len(content.upcoming) - NAMED) > 0:
            lines.append((f"and {more} more",))
        yield f"{len(content.upcoming)} to begin or end within fourteen days", lines


def source(use: PlanSource) -> Phrase:
    """``hr-leavers: 42 rows, sha256:1a2b3c4d5e6f``"""
    return (Foreign(use.name), f": {counted(use.rows, 'row')}, ", Foreign(use.digest[:_DIGEST]))


def rule(found: PlanRule) -> Phrase:
    """``contractors (report): matches 12 users, 2 not as it asks: ana, bruno``"""
    said = f" ({MODES[found.mode]}): matches {counted(found.matched, 'user')}"
    if not found.users:
        return (Foreign(found.name), f"{said}, all as it asks" if found.matched else said)
    differ = f", {len(found.users)} not as it asks: "
    return (Foreign(found.name), said + differ, *listed(found.users, NAMED))


def boundary(moment: Boundary) -> Phrase:
    """``2026-12-01T00:00:00Z: the rule contractors begins (rules.yaml:3:5)``"""
    what = (f": the {moment.what} ", Foreign(moment.name), f" {_BOUNDARIES[moment.kind]} (")
    return (Foreign(moment.at), *what, Foreign(moment.place), ")")
