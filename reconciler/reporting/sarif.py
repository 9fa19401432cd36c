"""Findings as SARIF 2.1.0, which code scanning shows beside the lines of a manifest.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html. GitHub takes one run a tool
and category, 25 000 results a run and 10 MB of gzip a file, and refuses a result without a file.
"""

import gzip
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from reconciler import __version__
from reconciler.reporting.checkout import Checkout
from reconciler.reporting.documents import Report
from reconciler.reporting.findings import Finding, WorkspaceFindings, findings_of
from reconciler.reporting.json_text import encode
from reconciler.reporting.links import Place, is_commit, place_of
from reconciler.reporting.wording import findings
from reconciler.reporting.wording.findings import FindingRule

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
TOOL: Final = "calendar-reconciler"
MOST_RESULTS: Final = 25_000
MOST_BYTES: Final = 10_000_000
"""Compressed; nothing that is shorter without compression can be more."""

_ROOT: Final = "%SRCROOT%"
_FINGERPRINT: Final = "primaryLocationLineHash"
"""The only fingerprint that GitHub reads; without it, it would take a hash of the lines."""


def render_sarif(report: Report, checkout: Checkout | None = None) -> str:
    """``report`` as a SARIF log with one run; what does not fit is counted in its last result.

    Raises ``TypeError`` for a report that judges nothing.
    """
    parts = findings_of(report)
    found = [(part, finding) for part in parts for finding in part.by_weight]
    order = list(findings.Weight)
    found.sort(key=lambda pair: order.index(pair[1].rule.level))
    room = MOST_RESULTS
    while True:
        shown = found if len(found) <= room else found[: room - 1]
        text = encode(_log(parts, shown, len(found) - len(shown), checkout or Checkout())) + "\n"
        if len(text) <= MOST_BYTES or len(gzip.compress(text.encode(), 6, mtime=0)) <= MOST_BYTES:
            return text
        room = len(shown) // 2


def _log(
    parts: tuple[WorkspaceFindings, ...],
    shown: list[tuple[WorkspaceFindings, Finding]],
    left_out: int,
    checkout: Checkout,
) -> Mapping[str, Any]:
    rules = {finding.rule.id: finding.rule for _, finding in shown}
    results = _results(shown, {name: at for at, name in enumerate(rules)}, checkout)
    if left_out:
        rules[findings.CUT.id] = findings.CUT
        results.append(_cut(left_out, len(rules) - 1, checkout))
    commits = sorted({part.commit for part in parts if part.commit and is_commit(part.commit)})
    driver = {
        "name": TOOL,
        "semanticVersion": __version__,
        "version": __version__,
        "rules": [_descriptor(rule) for rule in rules.values()],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The repository, or else the working folder."}}
        },
        "invocations": [
            {
                "executionSuccessful": all(part.judged for part in parts),
                "exitCode": max((part.status for part in parts), default=0),
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": part.summary}} for part in parts
                ],
            }
        ],
        "results": results,
    }
    if checkout.url is not None and commits:
        run["versionControlProvenance"] = [
            {"repositoryUri": checkout.url, "revisionId": commit, "mappedTo": {"uriBaseId": _ROOT}}
            for commit in commits
        ]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(rule: FindingRule) -> Mapping[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help, "markdown": rule.help},
        "defaultConfiguration": {"level": rule.level},
    }


def _results(
    shown: Iterable[tuple[WorkspaceFindings, Finding]], rules: Mapping[str, int], checkout: Checkout
) -> list[Mapping[str, Any]]:
    results: list[Mapping[str, Any]] = []
    seen: dict[str, int] = {}
    for part, finding in shown:
        name = f"{part.workspace or ''}\0{finding.rule.id}\0{finding.key}"
        hashed = sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        seen[hashed] = seen.get(hashed, 0) + 1
        result: dict[str, Any] = {
            "ruleId": finding.rule.id,
            "ruleIndex": rules[finding.rule.id],
            "level": finding.rule.level,
            "message": {"text": finding.message},
            "locations": [_location(finding, checkout)],
            "partialFingerprints": {_FINGERPRINT: f"{hashed}:{seen[hashed]}"},
        }
        if part.workspace:
            result["properties"] = {"workspace": part.workspace}
        results.append(result)
    return results


def _cut(number: int, index: int, checkout: Checkout) -> Mapping[str, Any]:
    text = findings.cut(number, "findings" if number > 1 else "finding")
    return {
        "ruleId": findings.CUT.id,
        "ruleIndex": index,
        "level": findings.CUT.level,
        "message": {"text": text},
        "locations": [{"physicalLocation": _physical(None, checkout)}],
        "partialFingerprints": {_FINGERPRINT: f"{findings.CUT.id}:1"},
    }


def _location(finding: Finding, checkout: Checkout) -> Mapping[str, Any]:
    """Where it is; what has no file of its own is in the configuration, and named beside it."""
    location: dict[str, Any] = {"physicalLocation": _physical(finding.place, checkout)}
    if finding.place is not None and checkout.inside(place_of(finding.place).file) is None:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.place, "kind": "resource"}]
    return location


def _physical(where: str | None, checkout: Checkout) -> Mapping[str, Any]:
    place = Place("") if where is None else place_of(where)
    path = None if where is None else checkout.inside(place.file)
    if path is None:
        place = Place(checkout.configuration or "reconciler.yaml")
        path = checkout.inside(place.file) or "reconciler.yaml"
    region = {"startLine": max(place.line or 1, 1)}
    if place.column:
        region["startColumn"] = place.column
    uri = quote(path.encode("utf-8", "replace"), safe="/")
    return {"artifactLocation": {"uri": uri, "uriBaseId": _ROOT}, "region": region}
