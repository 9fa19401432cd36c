"""The yardstick: a dynamic provider that observes and does nothing, and the program that uses it.

Its resources have the inputs and outputs of ours, which it is given in a file. So it needs no
manifests, plans nothing, judges nothing and keeps no ledger; it looks users up in one list call.
The provider has no attributes and can be imported, as is fastest for Pulumi.
"""

import json
import threading
import urllib.request
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult

FILE = "bare.json"
PROGRAM = "from bench.pulumi_front.bare import main\n\nmain()\n"
OBSERVED = ("recallId", "connected")
"""The outputs that follow from the list call."""

_listing = threading.Lock()


class BareProvider(ResourceProvider):
    """One calendar user."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["user"], _outputs(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_outputs(news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, props | _observed(props["user"]))


class BareUser(Resource, module="bench", name="BareUser"):
    """As many of them as of ours."""

    def __init__(self, name: str, inputs: dict[str, Any]) -> None:
        super().__init__(BareProvider(), name, inputs)


def main() -> None:
    """Register everybody."""
    for name, inputs in _file()["inputs"].items():
        BareUser(name, inputs)


def write_file(folder: Path, shown: Mapping[str, object]) -> None:
    """Give the program and the provider what they need: ``inputs`` by resource, what all
    ``outputs`` have beside these and the observed, and the ``url`` and ``key`` of the list."""
    (folder / FILE).write_text(json.dumps(shown), encoding="utf-8")


@cache
def _file() -> Any:
    return json.loads(Path(FILE).read_text("utf-8"))


def _outputs(props: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in props.items() if name != "plan"}
    return {**kept, **_file()["outputs"], **_observed(props["user"])}


def _observed(user: str) -> dict[str, Any]:
    with _listing:
        row = _rows()[user]
    connected = {c["platform"]: c["id"] for c in row["connections"] if c["connected"]}
    return {"recallId": row["id"], "connected": connected}


@cache
def _rows() -> Mapping[str, Any]:
    file = _file()
    request = urllib.request.Request(file["url"], headers={"authorization": f"Token {file['key']}"})
    with urllib.request.urlopen(request) as answer:
        return {row["external_id"]: row for row in json.load(answer)}
