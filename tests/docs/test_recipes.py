"""The recipes for sources work on recorded exports of the systems they are for."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from reconciler.config import load_configuration
from reconciler.domain import Declarations, SystemClock
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.manifest import load_manifests
from tests.docs.markdown import ROOT, Block, Page

EXPORTS = ROOT / "tests/manifest/exports"
PAGE = Page(ROOT / "docs/sources.md")
WORKSPACES = {"w": {"sandbox": {"seed": "seed.yaml"}, "manifests": ["people.yaml"]}}


def recipes() -> dict[str, list[Block]]:
    """The blocks below each heading of the recipes."""
    lines = PAGE.text.splitlines()
    found: dict[str, list[Block]] = {}
    blocks: list[Block] = []
    for number, line in enumerate(lines, 1):
        if line.startswith("### ") and lines.index("## Recipes") < number:
            blocks = found[line.removeprefix("### ")] = []
        blocks += [block for block in PAGE.blocks if block.line == number]
    return found


RECIPES = recipes()


def loaded(folder: Path, sources: Block, inputs: Block | None = None) -> Declarations:
    """What the manifest ``sources`` declares, with the exports beside it."""
    configuration = {"apiVersion": "reconciler/v1", "workspaces": WORKSPACES}
    configuration |= yaml.safe_load(inputs.text) if inputs else {}
    (folder / "reconciler.yaml").write_text(json.dumps(configuration))
    (folder / "people.yaml").write_text(f"apiVersion: reconciler/v1\n{sources.text}")
    workspace = load_configuration(folder / "reconciler.yaml").workspace("w")
    environ = {"PATH": f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin"}
    if (folder / "url").exists():
        environ |= {"OKTA_URL": (folder / "url").read_text(), "OKTA_TOKEN": "t"}
    reader = ConfiguredInputs(workspace, environ, clock=SystemClock())
    return load_manifests(workspace.manifests, inputs=reader)


def command_that_writes(folder: Path, name: str, export: str) -> None:
    """A program ``name``, first in the path, that writes a recorded export."""
    program = folder / name
    program.write_text(f"#!/bin/sh\nexec cat {EXPORTS / export}\n")
    program.chmod(0o755)


def reasons(declared: Declarations) -> dict[str, str | None]:
    assert all(user.platforms == frozenset() for user in declared.users.values())
    return {user.id: user.reason for user in declared.users.values()}


@pytest.fixture
def two_pages(tmp_path: Path) -> Iterator[None]:
    """A server that answers as Okta's API does: two pages, and only to those with the token."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            first = "after=" not in self.path
            known = self.headers["Authorization"] == "SSWS t" and "DEPROVISIONED" in self.path
            self.send_response(200 if known else 401)
            self.send_header("Link", f'<{url}/api/v1/users?limit=200>; rel="self"')
            if first:
                following = f"{url}/api/v1/users?after=200u&limit=200&filter=DEPROVISIONED"
                self.send_header("Link", f'<{following}>; rel="next"')
            self.end_headers()
            self.wfile.write((EXPORTS / f"okta-users-{1 if first else 2}.json").read_bytes())

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "url").write_text(url)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.mark.usefixtures("two_pages")
def test_okta(tmp_path: Path) -> None:
    script, inputs, sources = RECIPES["Okta"]
    (tmp_path / "okta_users.py").write_text(script.text)
    assert reasons(loaded(tmp_path, sources, inputs)) == {
        "amina.okafor@example.com": "deactivated in Okta on 2026-10-30T16:00:03.000Z",
        "jose.nunez@example.com": "deactivated in Okta on 2026-11-27T17:30:00.000Z",
    }


def test_entra_id(tmp_path: Path) -> None:
    inputs, sources, _ = RECIPES["Entra ID"]
    command_that_writes(tmp_path, "az", "entra-users.json")
    guest = "lidia.holloway_example.com#EXT#@contoso.onmicrosoft.com"
    assert reasons(loaded(tmp_path, sources, inputs)) == {
        "adele.vance@example.com": "disabled in Entra ID (adele.vance@example.com)",
        "lidia.holloway@example.com": f"disabled in Entra ID ({guest})",
    }


def test_google_directory(tmp_path: Path) -> None:
    inputs, sources, _ = RECIPES["Google Directory"]
    command_that_writes(tmp_path, "gam", "gam-users.csv")
    assert reasons(loaded(tmp_path, sources, inputs)) == {
        "liz@example.com": "suspended in Google (/Leavers)"
    }


def test_bamboohr_as_an_input(tmp_path: Path) -> None:
    _, inputs, sources = RECIPES["BambooHR"]
    command_that_writes(tmp_path, "curl", "bamboohr-report.csv")
    declared = loaded(tmp_path, sources, inputs)
    assert reasons(declared)["liz.smith@example.com"] == "left 2026-11-27"


def test_ldap(tmp_path: Path) -> None:
    inputs, sources = RECIPES["LDAP"]
    command_that_writes(tmp_path, "ldapsearch", "ldapsearch.ldif")
    declared = loaded(tmp_path, sources, inputs)
    assert reasons(declared) == {
        "amina.okafor@example.com": "inactive in LDAP (amina.okafor)",
        "josé@example.com": "inactive in LDAP (jose)",
    }
    assert [str(user.place) for user in declared.users.values()] == ["input ldap:1", "input ldap:6"]


@pytest.mark.parametrize(
    ("recipe", "block", "export", "expected"),
    [
        ("Entra ID", 2, "graph-users.json", {"adele.vance@example.com": "disabled in Entra ID"}),
        (
            "Google Directory",
            2,
            "google-users.json",
            {"liz@example.com": "suspended in Google: Elizabeth Smith"},
        ),
        (
            "BambooHR",
            0,
            "bamboohr-report.csv",
            {
                "amina.okafor@example.com": "left 2026-10-31 (employee 0042)",
                "liz.smith@example.com": "left 2026-11-27 (employee 0113)",
            },
        ),
    ],
)
def test_an_export_in_a_file(
    tmp_path: Path, recipe: str, block: int, export: str, expected: dict[str, str]
) -> None:
    (tmp_path / export).write_bytes((EXPORTS / export).read_bytes())
    assert reasons(loaded(tmp_path, RECIPES[recipe][block])) == expected


def test_every_recipe_is_tested() -> None:
    assert list(RECIPES) == ["Okta", "Entra ID", "Google Directory", "BambooHR", "LDAP"]
