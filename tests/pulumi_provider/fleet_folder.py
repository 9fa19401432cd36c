"""A folder with a configuration, manifests and a sandbox of its own, for every level of tests."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from reconciler.domain import Platform
from reconciler.sandbox import Fault, SandboxServer, SandboxState, load_seed
from tests.small_fleet import CONFIGURATION, MANIFEST, SEED

MOVER_LOSES_GOOGLE = ("mover@example.com", "google")
LEAVER_LOSES_GOOGLE = ("leaver@example.com", "google")
SETTLED_LOSES_MICROSOFT = ("settled@example.com", "microsoft")
BOTH = [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]


class FleetFolder:
    """The folder, and what reached its sandbox."""

    def __init__(self, folder: Path, seed: str = SEED) -> None:
        self.folder = folder
        self.configure("")
        self.write("manifests/people.yaml", MANIFEST)
        self.write("seed.yaml", seed)
        self.sandbox = SandboxState.open(folder / "state/sandbox.db")
        self.sandbox.seed(load_seed(folder / "seed.yaml"))
        self.address = f"sandbox:{self.sandbox.id}"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def configure(self, extra: str) -> None:
        """Add a line to the workspace's configuration."""
        self.write("reconciler.yaml", CONFIGURATION.format(extra=extra))

    def declare(self, *entries: str) -> None:
        """Replace the manifest by one with these users."""
        users = "".join(f"  - {entry}\n" for entry in entries)
        self.write("manifests/people.yaml", f"apiVersion: reconciler/v1\nusers:\n{users}")

    def connect(self, user: str, platform: Platform) -> None:
        self.sandbox.connect(user, platform)

    def delete(self, user: str) -> None:
        """Delete the calendar user, as the customer's own product may."""
        key = self.sandbox.api_key.reveal()
        with (
            SandboxServer(self.folder / "state/sandbox.db") as server,
            httpx.Client(base_url=f"{server.url}/api/v1/calendar") as http,
        ):
            headers = {"Authorization": f"Token {key}"}
            token = http.post("/authenticate/", json={"user_id": user}, headers=headers)
            mine = {"x-recallcalendarauthtoken": token.json()["token"]}
            http.delete("/user/", headers=mine).raise_for_status()

    def rotate_key(self, key: str) -> None:
        """From now on the API knows ``key``, and no other."""
        with closing(sqlite3.connect(self.folder / "state/sandbox.db")) as db, db:
            db.execute("UPDATE meta SET value = ? WHERE key = 'api_key'", (key,))

    def report(self, name: str = "report.json") -> dict[str, Any]:
        """The JSON report that was written there."""
        return dict(json.loads((self.folder / name).read_text("utf-8")))

    def fail(self, *faults: Fault) -> None:
        for fault in faults:
            self.sandbox.add_fault(fault)

    def disconnects(self) -> list[tuple[str | None, str]]:
        """The disconnects that arrived: whom, and which platform; sorted."""
        return disconnects_of(self.sandbox)

    def mutations(self) -> int:
        """How many mutating calls arrived; minting a token is none."""
        return sum(
            entry.method != "GET" and not entry.path.endswith("/authenticate/")
            for entry in self.sandbox.log()
        )

    def lists(self) -> int:
        """How many times the users were listed."""
        return sum(entry.endpoint == "list_users" for entry in self.sandbox.log())

    def tokens(self) -> int:
        return sum(entry.path.endswith("/authenticate/") for entry in self.sandbox.log())


def disconnects_of(sandbox: SandboxState) -> list[tuple[str | None, str]]:
    """The disconnects that arrived at ``sandbox``: whom, and which platform; sorted."""
    return sorted(
        (entry.external_id, (entry.body or "").split('"')[3])
        for entry in sandbox.log()
        if entry.endpoint == "disconnect"
    )
