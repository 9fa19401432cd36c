"""Findings as JUnit XML: a suite for each workspace, a case for each user, guard or error.

The suite is green when the fleet is known to be as declared. A case fails where it is not, is an
error where that is unknown, and is skipped where a run would leave it as it is.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

from reconciler.reporting.checkout import Checkout
from reconciler.reporting.documents import Report
from reconciler.reporting.findings import Finding, WorkspaceFindings, findings_of
from reconciler.reporting.links import place_of
from reconciler.reporting.phrase import visible
from reconciler.reporting.wording.findings import CaseState

_NOT_XML: Final = re.compile("[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even as a reference."""

_QUOTES: Final = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_ELEMENTS: Final = {
    CaseState.FAILED: "failure",
    CaseState.ERROR: "error",
    CaseState.SKIPPED: "skipped",
}


def render_junit(report: Report, checkout: Checkout | None = None) -> str:
    """``report`` as an XML document. Raises ``TypeError`` for one that judges nothing."""
    parts = findings_of(report)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites{_counts(each for part in parts for each in part.found)}>")
    for part in parts:
        lines.extend(_suite(part, checkout or Checkout()))
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _suite(part: WorkspaceFindings, checkout: Checkout) -> Iterable[str]:
    name = part.workspace or "reconciler"
    yield f"  <testsuite{_attributes(name=visible(name))}{_counts(part.found)}>"
    said = {"summary": part.summary, "status": str(part.status), "commit": part.commit or ""}
    yield "    <properties>"
    for key, value in said.items():
        if value:
            yield f"      <property{_attributes(name=key, value=visible(value))}/>"
    yield "    </properties>"
    names: Counter[tuple[str, str]] = Counter()
    for finding in part.found:
        yield from _case(finding, checkout, names)
    yield "  </testsuite>"


def _case(finding: Finding, checkout: Checkout, names: Counter[tuple[str, str]]) -> Iterable[str]:
    place = None if finding.place is None else place_of(finding.place)
    path = None if place is None else checkout.inside(place.file)
    group = visible(path or finding.group)
    name = f"{visible(finding.subject)}: {finding.what}" if finding.subject else finding.what
    names[group, name] += 1
    if names[group, name] > 1:  # readers know a case by its name
        name = f"{name} ({names[group, name]})"
    attributes = {"classname": group, "name": name, "time": "0"}
    if path is not None and place is not None:
        attributes |= {"file": visible(path), "line": str(place.line or 1)}
    opening = f"    <testcase{_attributes(**attributes)}"
    element = _ELEMENTS.get(finding.rule.state)
    if element is None:
        yield f"{opening}/>"
        return
    yield f"{opening}>"
    where = "" if finding.place is None else f"{visible(finding.place)}: "
    about = {"message": finding.message}
    if element != "skipped":
        about["type"] = finding.rule.id
    text = _xml(f"{where}{finding.message}\n{finding.rule.help}")
    yield f"      <{element}{_attributes(**about)}>{text}</{element}>"
    yield "    </testcase>"


def _counts(found: Iterable[Finding]) -> str:
    states = Counter(finding.rule.state for finding in found)
    return _attributes(
        tests=str(states.total()),
        failures=str(states[CaseState.FAILED]),
        errors=str(states[CaseState.ERROR]),
        skipped=str(states[CaseState.SKIPPED]),
        time="0",
    )


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{_xml(value, quoted=True)}"' for name, value in values.items())


def _xml(text: str, *, quoted: bool = False) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), _QUOTES if quoted else {})
