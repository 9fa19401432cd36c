"""Say whether the container is healthy: ``watch`` answers at ``/healthz``.

Every other command is healthy while it runs: an orchestrator that replaces unhealthy containers
must not end an `apply`.
"""

import sys
import urllib.request
from pathlib import Path
from typing import Final

DEFAULT: Final = "127.0.0.1:9464"
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where we ask, not where we listen


def listening(command: list[str]) -> str | None:
    """Where the ``watch`` of a command line listens; None of a command that does not."""
    if "watch" not in command or "--once" in command:
        return None
    address = DEFAULT
    for word, following in zip(command, [*command[1:], ""], strict=True):
        if word == "--listen":
            address = following
        elif word.startswith("--listen="):
            address = word.partition("=")[2]
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    host = EVERYWHERE.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def main() -> int:
    """Ask the first process of the container."""
    command = Path("/proc/1/cmdline").read_bytes().decode(errors="replace").split("\0")
    address = listening(command)
    if address is None:
        return 0
    try:
        # No proxy: it is asked on loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{address}/healthz", timeout=5):
            return 0
    except OSError as error:
        print(f"{address}: {error}")  # noqa: T201 - what the engine records of a check
        return 1


if __name__ == "__main__":
    sys.exit(main())
