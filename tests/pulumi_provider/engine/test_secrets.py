"""No key, no token and no address of the moment is written anywhere, by either process."""

from pathlib import Path

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind, Match, SandboxServer
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, SETTLED_LOSES_MICROSOFT
from tests.small_fleet import KEY

TOKEN = "eyJhbGciOi"  # how every token of the sandbox begins
COMMANDS = (
    ("preview", "--diff", "--save-plan", "saved.json", "--show-secrets"),
    ("up", "--yes", "--skip-preview", "--logtostderr", "--logflow", "-v=9"),
    ("refresh", "--yes", "--diff", "--show-sames"),
    ("up", "--yes", "--json"),
    ("stack", "export", "--show-secrets"),
)


@pytest.mark.sample
def test_no_secret_and_no_port_is_written_anywhere(stack: Stack, tmp_path: Path) -> None:
    stack.configure("apiKey: {env: TRIAL_KEY}")
    refused = Match(endpoint="disconnect", external_id="mover@example.com")
    stack.fail(Fault(kind=FaultKind.STATUS, status=400, match=refused))
    with SandboxServer(stack.folder / "state/sandbox.db") as server:
        found = {" ".join(command): print_of(stack, *command) for command in COMMANDS}
        assert set(stack.disconnects()) == {*BOTH, SETTLED_LOSES_MICROSOFT}
        port = server.url.rpartition("/")[2]
    found |= files_of(stack, tmp_path) | logs_of(stack, tmp_path / "home/logs")
    for secret in (KEY, TOKEN, port):
        assert [place for place, text in found.items() if secret in text] == []


def print_of(stack: Stack, *command: str) -> str:
    if command[0] == "refresh":
        stack.connect("settled@example.com", Platform.MICROSOFT)
    stack.run(*command, environment={"TRIAL_KEY": KEY})
    assert "settled@example.com" in stack.out or stack.granularity == "fleet"
    return stack.out


def files_of(stack: Stack, folder: Path) -> dict[str, str]:
    """All that was written, but for the sandbox itself."""
    outside = (stack.folder / "state", stack.folder / "seed.yaml")
    read = {
        str(path): path.read_text("latin-1")
        for path in folder.rglob("*")
        if path.is_file() and not any(path.is_relative_to(place) for place in outside)
    }
    for name in ("saved.json", "ledger.db", "dev.json"):  # else nothing was looked at
        assert any(path.endswith(f"/{name}") for path in read), list(read)
    return read


def logs_of(stack: Stack, folder: Path) -> dict[str, str]:
    """Pulumi's own logs of every command, decrypted."""
    logs = sorted(folder.glob("organization+trial+dev-*.log"))
    assert len(logs) >= len(COMMANDS) - 1
    read = {}
    for path in logs:
        assert stack.run("logs", "decrypt", str(path)) == 0, stack.out
        read[f"{path}, decrypted"] = stack.out
    assert any("CalendarUser" in text or "CalendarFleet" in text for text in read.values())
    return read
