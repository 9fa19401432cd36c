"""A process that writes many workspaces, and answers the list call of each from memory.

``python -m bench.many.tenants_server FOLDER TENANTS USERS IDLE LARGE``, started by
:mod:`bench.companion`. Each workspace is a file with a key of its own, so that each has a rate
budget of its own, as the tenants of a vendor have. ``LARGE`` is how many users each of the two
large workspaces has.
"""

import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec import Struct

from bench.companion import stand_by
from bench.environment import KEY
from bench.fleet import EVERY_CHANGE, PROTECTED, generate_fleet

TENANTS = "tenant-*"
"""The workspaces with as many users each as were asked for."""

IDLE = "idle-*"
"""Workspaces with one user each, who is as declared."""

IDLE_ONE = "idle-000"
"""One of them."""

START_UP = "start-up"
"""A workspace with one user of each kind that a plan tells apart. Its plan loads all that one of a
large workspace loads, and does next to nothing."""

FIRST, LAST = "a-large", "z-large"
"""A large workspace, whose name comes before all others or after them."""

LIST_PATH = "/api/v1/calendar/users/"


class ServedTenants(Struct, frozen=True):
    """What the process says about the workspaces. ``changed`` of the ``users`` of each of the
    ``tenants`` are not as declared; ``large`` and ``large_changed`` are those of a large one."""

    tenants: tuple[str, ...]
    users: int
    changed: int
    idle: int
    large: int
    large_changed: int


def main() -> None:
    """Write the files, serve, and end when the starting process lets go."""
    folder = Path(sys.argv[1])
    number, users, idle, large = map(int, sys.argv[2:6])
    (folder / "workspaces").mkdir()
    (folder / "keys").mkdir()
    (folder / "manifests").mkdir()
    listings: dict[str, bytes] = {}

    def write(name: str, manifest: str, listing: bytes) -> str:
        workspace = f"apiVersion: reconciler/v1\nname: {name}\n"
        (folder / f"workspaces/{name}.yaml").write_text(workspace, encoding="utf-8")
        (folder / f"keys/{name}").write_text(f"{KEY}-{name}", encoding="utf-8")
        (folder / f"manifests/{name}.yaml").write_text(manifest, encoding="utf-8")
        listings[f"Token {KEY}-{name}"] = listing
        return name

    tenant, one = generate_fleet(users), generate_fleet(1, 0)
    names = [write(f"tenant-{i:03}", tenant.manifest, tenant.listing) for i in range(number)]
    for i in range(idle):
        write(f"idle-{i:03}", one.manifest, one.listing)
    every = generate_fleet(EVERY_CHANGE, EVERY_CHANGE)
    write(START_UP, every.manifest, every.listing)
    fleet = generate_fleet(large)
    for name in (FIRST, LAST):
        write(name, fleet.manifest, fleet.listing)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(listings)) as server:
        protected = ", ".join(f'"{pattern}"' for pattern in PROTECTED)
        url = f"http://127.0.0.1:{server.server_port}"
        configuration = _CONFIGURATION.format(url=url, protected=protected)
        (folder / "reconciler.yaml").write_text(configuration, encoding="utf-8")
        served = ServedTenants(tuple(names), users, tenant.changed, idle, large, fleet.changed)
        stand_by(served, server.serve_forever, server.shutdown)


_CONFIGURATION = """\
apiVersion: reconciler/v1
defaults:
  baseUrl: {url}
  apiKey: {{file: "keys/{{workspace}}"}}
  manifests: ["manifests/{{workspace}}.yaml"]
  limits: {{maxDisconnects: null, maxDisconnectPercent: null}}
  protected: [{protected}]
workspaces: {{include: ["workspaces/*.yaml"]}}
"""


def _handler(listings: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path.partition("?")[0] == LIST_PATH
            listing = listings.get(self.headers["authorization"] or "")
            body = b"{}" if listing is None or not known else listing
            self.send_response(404 if not known else 401 if listing is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


if __name__ == "__main__":
    main()
