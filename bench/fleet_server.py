"""A process that writes a fleet's files and answers the list call from memory, at full speed.

``python -m bench.fleet_server FOLDER USERS [settled | hr-export]``, started by
:mod:`bench.companion`. It is a process of its own so that it takes no time from what is measured.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec import Struct

from bench.companion import stand_by
from bench.environment import KEY
from bench.fleet import PROTECTED, Fleet, generate_fleet
from bench.hr_export import SOURCE, TABLE, HrExport, generate_hr_export

SETTLED = "settled"
"""Asks for a fleet in which everybody is as declared."""

HR_EXPORT = "hr-export"
"""Asks for leavers, which a second workspace declares by the rows of a CSV file."""

ROWS = "rows"
"""The name of this workspace."""

RULED = "ruled"
"""The name of a workspace that has rules beside the entries; not with `hr-export`."""

MANIFEST = "users.yaml"
SOURCE_MANIFEST = "rows.yaml"
RULES_MANIFEST = "rules.yaml"
CONFIGURATION = "reconciler.yaml"
LIST_PATH = "/api/v1/calendar/users/"


class ServedFleet(Struct, frozen=True):
    """What the process tells about its fleet. Sizes in bytes."""

    declared: int
    changed: int
    manifest_bytes: int
    listing_bytes: int


def main() -> None:
    """Write the files, serve, and end when the starting process lets go."""
    folder, declared = Path(sys.argv[1]), int(sys.argv[2])
    fleet: Fleet | HrExport
    if HR_EXPORT in sys.argv[3:]:
        fleet = generate_hr_export(declared)
        (folder / TABLE).write_text(fleet.table, encoding="utf-8", newline="")
        (folder / SOURCE_MANIFEST).write_text(SOURCE, encoding="utf-8")
    else:
        fleet = generate_fleet(declared, 0 if SETTLED in sys.argv[3:] else None)
    manifest = fleet.manifest.encode()
    (folder / MANIFEST).write_bytes(manifest)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(fleet.listing)) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        percent = "null" if isinstance(fleet, HrExport) else "20"
        configuration = _HEAD + _workspace("bench", url, MANIFEST, percent)
        if not isinstance(fleet, HrExport):
            (folder / RULES_MANIFEST).write_text(_RULES, encoding="utf-8")
            both = f"{MANIFEST}, {RULES_MANIFEST}"
            configuration += _workspace(RULED, url, both, percent)
        else:
            configuration += _workspace(ROWS, url, SOURCE_MANIFEST, percent)
        (folder / CONFIGURATION).write_text(configuration, encoding="utf-8")
        served = ServedFleet(fleet.declared, fleet.changed, len(manifest), len(fleet.listing))
        del fleet, manifest
        stand_by(served, server.serve_forever, server.shutdown)


_RULES = """\
apiVersion: reconciler/v1
rules:
  - name: guests
    match: {id: "guest.00000*"}
    platforms: []
    reason: SEC-12
    mode: enforce
  - name: on-microsoft
    match: {connected: [microsoft], unmanaged: true}
    platforms: [google]
    mode: enforce
""" + "".join(
    f"""\
  - name: team-{number}
    match: {{email: "*@team-{number}.example.com"}}
    except: ["lead@team-{number}.example.com"]
    platforms: []
    reason: SEC-12
  - name: batch-{number}
    match: {{id: "*.0{number}00*"}}
    preferences: {{bot_name: Minutes}}
"""
    for number in range(9)
)

_HEAD = "apiVersion: reconciler/v1\ndefaultWorkspace: bench\nworkspaces:\n"


def _workspace(name: str, url: str, manifest: str, percent: str) -> str:
    protected = ", ".join(f'"{pattern}"' for pattern in PROTECTED)
    return f"""\
  {name}:
    baseUrl: {url}
    apiKey: {{env: RECALL_API_KEY}}
    manifests: [{manifest}]
    limits: {{maxDisconnects: null, maxDisconnectPercent: {percent}}}
    protected: [{protected}]
"""


def _handler(listing: bytes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path.partition("?")[0] == LIST_PATH
            allowed = self.headers["authorization"] == f"Token {KEY}"
            body = listing if known and allowed else b"{}"
            self.send_response(200 if known and allowed else 401 if known else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


if __name__ == "__main__":
    main()
