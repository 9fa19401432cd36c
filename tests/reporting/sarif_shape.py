"""The rules of the SARIF 2.1.0 schema for the objects that we write.

The schema belongs to OASIS, so it is not in this repository. These are its `required` and its
`additionalProperties: false` for each object that appears in our logs, and its enumerations. The
whole schema is at https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_URI: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/%?#-]+")

REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "log": frozenset({"version", "runs"}),
    "run": frozenset({"tool"}),
    "tool": frozenset({"driver"}),
    "toolComponent": frozenset({"name"}),
    "reportingDescriptor": frozenset({"id"}),
    "invocation": frozenset({"executionSuccessful"}),
    "notification": frozenset({"message"}),
    "result": frozenset({"message"}),
    "versionControlDetails": frozenset({"repositoryUri"}),
}
CHILDREN: Final[Mapping[str, Mapping[str, str]]] = {
    "log": {"$schema": "uri", "version": "text", "runs": "[run]"},
    "run": {
        "tool": "tool",
        "invocations": "[invocation]",
        "results": "[result]",
        "columnKind": "text",
        "originalUriBaseIds": "{artifactLocation}",
        "versionControlProvenance": "[versionControlDetails]",
    },
    "tool": {"driver": "toolComponent"},
    "toolComponent": {
        "name": "text",
        "version": "text",
        "semanticVersion": "text",
        "rules": "[reportingDescriptor]",
    },
    "reportingDescriptor": {
        "id": "text",
        "name": "text",
        "shortDescription": "message",
        "fullDescription": "message",
        "help": "message",
        "defaultConfiguration": "reportingConfiguration",
    },
    "reportingConfiguration": {"level": "level"},
    "message": {"text": "text", "markdown": "text"},
    "invocation": {
        "executionSuccessful": "bool",
        "exitCode": "int",
        "toolExecutionNotifications": "[notification]",
    },
    "notification": {"level": "level", "message": "message"},
    "result": {
        "ruleId": "text",
        "ruleIndex": "int",
        "level": "level",
        "message": "message",
        "locations": "[location]",
        "partialFingerprints": "{text}",
        "properties": "{text}",
    },
    "location": {"physicalLocation": "physicalLocation", "logicalLocations": "[logicalLocation]"},
    "logicalLocation": {"fullyQualifiedName": "text", "kind": "text"},
    "physicalLocation": {"artifactLocation": "artifactLocation", "region": "region"},
    "artifactLocation": {"uri": "uri", "uriBaseId": "text", "description": "message"},
    "region": {"startLine": "positive", "startColumn": "positive"},
    "versionControlDetails": {
        "repositoryUri": "uri",
        "revisionId": "text",
        "mappedTo": "artifactLocation",
    },
}


def check(value: Any, shape: str = "log") -> None:
    """Assert that ``value`` is a ``shape`` of the schema."""
    if shape.startswith("["):
        assert isinstance(value, list)
        for item in value:
            check(item, shape[1:-1])
    elif shape.startswith("{"):
        assert isinstance(value, dict)
        for item in value.values():
            check(item, shape[1:-1])
    elif shape in CHILDREN:
        assert isinstance(value, dict)
        assert REQUIRED.get(shape, frozenset()) <= set(value) <= set(CHILDREN[shape]), shape
        for name, item in value.items():
            check(item, CHILDREN[shape][name])
    else:
        _check_value(value, shape)


def _check_value(value: Any, shape: str) -> None:
    if shape == "bool":
        assert isinstance(value, bool)
    elif shape in ("int", "positive"):
        assert isinstance(value, int)
        assert value >= (shape == "positive")
    else:
        assert isinstance(value, str)
        assert shape != "level" or value in ("none", "note", "warning", "error")
        assert shape != "uri" or _URI.fullmatch(value)
