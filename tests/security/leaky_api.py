"""An API that sends back every secret that it is sent, and more of its own.

It serves the fleet of ``tests.cli.project``; ``spoil`` says what it answers where it is to fail.
"""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from tests.cli.project import Project
from tests.recall.scripted_server import Reply, Request, Scripted, reply

KEY: Final = "sk-recognisable-api-key-1234567890"
TOKEN: Final = "utok-recognisable-user-token-"
LINK: Final = "https://api.example/connect?state=recognisable-connect-link-0987654321"
OAUTH: Final = "recognisable-oauth-refresh-token-5647382910"

SECRETS: Final = (KEY, TOKEN, LINK.partition("=")[2], OAUTH)

Spoil = Callable[[Request], Reply]


class LeakyApi:
    """Everybody is connected as the project's seed says, until disconnected."""

    def __init__(self) -> None:
        self.spoilt: dict[str, Spoil] = {}
        self.disconnected: list[tuple[str, str]] = []
        self.asked: list[Request] = []
        self.emails: dict[str, str] = {}
        self.connected = {
            "mover@example.com": {"google", "microsoft"},
            "leaver@example.com": {"google"},
            "settled@example.com": {"google"},
            "waiting@example.com": {"google"},
            "stranger@example.com": {"google", "microsoft"},
        }

    def serve(self, request: Request) -> Reply:
        self.asked.append(request)
        name = f"{request.method} {request.path.rstrip('/').rpartition('/')[2]}"
        if name in self.spoilt:
            return self.spoilt[name](request)
        if name == "GET users":
            return reply(200, [self._row(user) for user in self.connected])
        if name == "POST authenticate":
            user = json.loads(request.body)["user_id"]
            return reply(200, {"token": TOKEN + _hex(user), "connect_url": LINK})
        user = _unhex(request.headers["x-recallcalendarauthtoken"].removeprefix(TOKEN))
        if name == "GET user":
            return reply(200, self._row(user))
        assert name == "POST disconnect"
        platform = json.loads(request.body)["platform"]
        self.disconnected.append((user, platform))
        self.connected[user].discard(platform)
        return reply(200, self._row(user))

    def _row(self, user: str) -> dict[str, Any]:
        return {
            "id": f"id-{user}",
            "external_id": user,
            "connections": [
                {
                    "connected": platform in self.connected[user],
                    "platform": platform,
                    "email": self.emails.get(user, user),
                    "id": f"{platform}-{user}",
                    "refresh_token": OAUTH,
                }
                for platform in ("google", "microsoft")
            ],
            "preferences": None,
            "connect_url": LINK,
            "oauth_client_secret": OAUTH,
        }


def _hex(user: str) -> str:
    """``user`` as a header can carry it."""
    return user.encode("utf-8", "surrogatepass").hex()


def _unhex(token: str) -> str:
    return bytes.fromhex(token).decode("utf-8", "surrogatepass")


def echo(status: int, **headers: str) -> Spoil:
    """An answer that repeats the credentials of the request, in its body and its headers."""

    def answer(request: Request) -> Reply:
        credentials = {
            name: request.headers[name]
            for name in ("authorization", "x-recallcalendarauthtoken")
            if name in request.headers
        }
        shown = " ".join(credentials.values())
        body = {"detail": f"refused: {shown}", "request": credentials}
        return reply(status, body, X_Echo=shown, **headers)

    return answer


def dropped(_request: Request) -> Reply:
    """The connection breaks off without an answer."""
    return Reply((), reset=True)


def malformed(request: Request) -> Reply:
    """What is no HTTP, with the credentials in it."""
    shown = " ".join(request.headers.values())
    return Reply((f"HTTP/9.9 {shown}\r\n\r\n".encode(),), close=True)


def not_json(request: Request) -> Reply:
    """A good status with a body that is none, with the credentials in it."""
    return reply(200, " ".join(request.headers.values()).encode())


@contextmanager
def serving(project: Project, ledger: str, more: str = "") -> Iterator[LeakyApi]:
    """The project's workspace is at a leaky API, for as long as the context lasts."""
    api = LeakyApi()
    with Scripted(api.serve) as server:
        project.write(
            "reconciler.yaml",
            "apiVersion: reconciler/v1\n"
            "defaultWorkspace: trial\n"
            f"ledger: '{ledger}'\n"
            "workspaces:\n"
            "  trial:\n"
            f"    baseUrl: {server.url}\n"
            "    apiKey: {env: TRIAL_KEY}\n"
            "    manifests: [manifests/]\n"
            "    timeouts: {readBackSeconds: 0.2}\n" + more,
        )
        yield api


def forms(secret: str) -> Iterator[bytes]:
    """``secret`` as it is, and as it may be written to look like something else."""
    data = secret.encode()
    yield data
    yield data[::-1]
    yield data.hex().encode()
    yield "".join(f"%{byte:02X}" for byte in data).encode()
    yield "".join(f"%{byte:02x}" for byte in data).encode()
    yield quote(secret, safe="").encode()
    yield "".join(f"\\u{byte:04x}" for byte in data).encode()
    for shift in range(3):
        # Within a longer text; what depends on the neighbours is cut off.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * shift + data)[4:-4]
