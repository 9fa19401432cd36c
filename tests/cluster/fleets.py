"""The people of a workspace: what its manifest asks for, what its sandbox has, what is planned."""

from typing import Any, Final

import yaml
from msgspec import Struct

from tests.small_fleet import KEY, MANIFEST, SEED

HOST: Final = "recall.test"

Disconnects = list[tuple[str, str]]
"""User and body of disconnect calls, sorted."""


class Fleet(Struct, frozen=True, kw_only=True):
    """The five users of ``tests/small_fleet.py`` in a workspace of their own.

    ``faults`` and ``behaviour`` are those of its sandbox, ``settings`` those of its workspace.
    ``settled``: there is nothing to do. ``wrong_key``: the API refuses the key that it has.
    """

    name: str
    faults: tuple[dict[str, Any], ...] = ()
    behaviour: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    manifest: str = MANIFEST
    settled: bool = False
    wrong_key: bool = False

    @property
    def key(self) -> str:
        """The API key that its pods are given."""
        return self._own(f"wrong-{KEY}" if self.wrong_key else KEY)

    @property
    def written(self) -> str:
        """The manifest."""
        return self._own(self.manifest)

    def user(self, who: str) -> str:
        return f"{who}@{self.name}.example.com"

    @property
    def planned(self) -> Disconnects:
        """The disconnects that a plan has, once the sandbox has its seed."""
        if self.settled:
            return []
        return [(self.user(who), '{"platform":"google"}') for who in ("leaver", "mover")]

    @property
    def seed(self) -> str:
        """What the sandbox begins with."""
        seed = yaml.safe_load(self._own(SEED))
        if self.settled:
            for user in seed["users"]:
                if user["external_id"] in {self.user("leaver"), self.user("mover")}:
                    user["connected"].pop("google")
        return yaml.safe_dump(seed | {"behaviour": self.behaviour, "faults": list(self.faults)})

    @property
    def converged_seed(self) -> str:
        """A seed after which there is nothing to do."""
        return Fleet(name=self.name, settled=True).seed

    def _own(self, text: str) -> str:
        return text.replace("@example.com", f"@{self.name}.example.com").replace(
            KEY, f"sk-{self.name}-recognisable-api-key-1234567890"
        )


def slow(fleet: str, who: str = "leaver", *, seconds: float) -> dict[str, Any]:
    """A fault: the disconnect of ``who`` has its effect, and its answer comes late."""
    match = {"endpoint": "disconnect", "external_id": f"{who}@{fleet}.example.com"}
    return {"kind": "latency", "match": match, "answerDelay": seconds}
