"""The remote side, as a program in a pod of the image: a sandbox for each workspace, behind TLS.

``serve`` serves the sandbox of every seed in ``SEEDS`` at a port of its own; ``log`` writes what
all of them received; ``seed`` lets those that standard input names begin again.
"""

import asyncio
import contextlib
import json
import ssl
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from reconciler.sandbox import SandboxServer, SandboxState, load_seed, open_seeded

SEEDS = Path("/seeds")
STATES = Path("/state")
CERTIFICATE = "/tls/tls.crt"
KEY = "/tls/tls.key"
FIRST_PORT = 8443


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, to the end or until either side is gone."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def forward(server: SandboxServer, port: int, context: ssl.SSLContext) -> None:
    host, inner_port = server.url.removeprefix("http://").split(":")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_connection(host, int(inner_port))
        await asyncio.gather(pump(reader, inner[1]), pump(inner[0], writer))

    await asyncio.start_server(connected, "0.0.0.0", port, ssl=context)


async def serve() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    with ExitStack() as stack:
        for place, seed in enumerate(sorted(SEEDS.glob("*.yaml"))):
            state = STATES / f"{seed.stem}.db"
            with open_seeded(state, seed):
                pass
            server = stack.enter_context(SandboxServer(state, allow_remote=True))
            await forward(server, FIRST_PORT + place, context)
        Path("/state/ready").touch()
        await asyncio.Event().wait()


def log() -> None:
    logs = {}
    for path in STATES.glob("*.db"):
        with SandboxState.open(path, create=False) as state:
            logs[path.stem] = state.log()
    print(msgspec.json.encode(logs).decode())


def seed() -> None:
    for name, text in json.load(sys.stdin).items():
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            with SandboxState.open(STATES / f"{name}.db", create=False) as state:
                state.seed(load_seed(Path(file.name)))


if __name__ == "__main__":
    match sys.argv[1]:
        case "serve":
            asyncio.run(serve())
        case "log":
            log()
        case "seed":
            seed()
