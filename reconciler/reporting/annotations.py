"""Findings as workflow commands of GitHub, which annotate the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions. A step shows ten
errors, ten warnings and ten notices, and drops the rest without a word; here it is counted.
"""

from typing import Final

from reconciler.reporting.checkout import Checkout
from reconciler.reporting.documents import Report
from reconciler.reporting.findings import Finding, findings_of
from reconciler.reporting.links import place_of
from reconciler.reporting.phrase import counted, visible
from reconciler.reporting.wording import findings
from reconciler.reporting.wording.findings import Weight

MOST: Final = 10
"""Annotations of one kind that GitHub shows of a step."""

_COMMANDS: Final = {Weight.ERROR: "error", Weight.WARNING: "warning", Weight.NOTE: "notice"}


def render_annotations(report: Report, checkout: Checkout | None = None) -> str:
    """``report`` as workflow commands, the heaviest first, and a notice of the rest at the end.

    Raises ``TypeError`` for a report that judges nothing.
    """
    parts = findings_of(report)
    shown: list[str] = []
    left_out = 0
    for weight, command in _COMMANDS.items():
        found = [
            finding for part in parts for finding in part.by_weight if finding.rule.level is weight
        ]
        # The last notice is that of the rest, or of the whole.
        room = MOST - 1 if weight is Weight.NOTE else MOST
        shown += [_annotation(command, each, checkout or Checkout()) for each in found[:room]]
        left_out += max(len(found) - room, 0)
    said = " ".join(part.summary for part in parts)
    if left_out:
        said += f" {findings.cut(left_out, counted(left_out, 'finding').partition(' ')[2])}"
    shown.append(_command("notice", said.strip() or findings.NOTHING, title=findings.SUMMARY))
    return "\n".join(shown) + "\n"


def _annotation(command: str, finding: Finding, checkout: Checkout) -> str:
    properties = {}
    place = None if finding.place is None else place_of(finding.place)
    path = None if place is None else checkout.inside(place.file)
    if path is not None and place is not None:
        properties = {"file": visible(path), "line": str(place.line or 1)}
        if place.column:
            properties["col"] = str(place.column)
    where = f"{visible(finding.place)}: " if finding.place is not None and path is None else ""
    return _command(command, f"{where}{finding.message}", **properties, title=finding.rule.name)


def _command(name: str, message: str, **properties: str) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
