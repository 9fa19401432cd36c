"""Where the API of a workspace is found."""

import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconciler.config import (
    BaseUrl,
    Region,
    Remote,
    SandboxSource,
    SecretFromEnvironment,
    Workspace,
)
from reconciler.domain import (
    InvalidInput,
    Limits,
    RateLimits,
    Secret,
    SourceLocation,
    SqliteFile,
    Timeouts,
    UndeclaredPolicy,
    UnknownEmail,
)
from reconciler.engine.session import open_remote
from reconciler.sandbox import SandboxServer, SandboxState

HERE = SourceLocation("reconciler.yaml", 3, 1)
KEY = SecretFromEnvironment("KEY", HERE)


def workspace(remote: Remote, key: SecretFromEnvironment | None = KEY) -> Workspace:
    return Workspace(
        name="prod",
        remote=remote,
        api_key=key,
        manifests=(),
        limits=Limits(),
        protected=(),
        undeclared=UndeclaredPolicy.REPORT,
        protected_unknown_email=UnknownEmail.HOLD,
        rate_limits=RateLimits(),
        timeouts=Timeouts(),
        ledger=SqliteFile(Path("/nowhere/ledger.db")),
        require_ledger=False,
        time_zone=ZoneInfo("UTC"),
        source=HERE,
    )


def test_a_region_is_at_its_own_host_with_the_key_of_the_environment() -> None:
    with open_remote(workspace(Region("eu-central-1")), {"KEY": "sk-1"}) as endpoint:
        assert endpoint.address == endpoint.url == "https://eu-central-1.recall.ai"
        assert endpoint.key == Secret("sk-1")


def test_a_base_url_is_where_it_says() -> None:
    with open_remote(workspace(BaseUrl("http://127.0.0.1:8088")), {"KEY": "sk-1"}) as endpoint:
        assert endpoint.url == "http://127.0.0.1:8088"


def test_a_workspace_without_a_key_says_where_to_put_one() -> None:
    with (
        pytest.raises(InvalidInput, match=r"reconciler.yaml:3:1: .*RECALL_API_KEY"),
        open_remote(workspace(Region("eu-central-1"), None), {}),
    ):
        pass


def test_a_sandbox_that_somebody_serves_is_not_served_again(tmp_path: Path) -> None:
    source = SandboxSource(tmp_path / "seed.yaml", tmp_path / "sandbox.db")
    source.seed.write_text("apiVersion: reconciler/sandbox/v1\nusers: []\n")
    served: list[str] = []
    server = SandboxServer(source.state)

    def ask() -> None:
        with open_remote(workspace(source, None), {}) as endpoint:
            served.append(endpoint.url)
        server.stop()

    with SandboxState.open(source.state) as state:
        identity = state.id
    asking = threading.Thread(target=ask)
    server.serve_forever(asking.start)
    asking.join()
    assert served == [server.url]
    with open_remote(workspace(source, None), {}) as endpoint:
        assert endpoint.address == f"sandbox:{identity}"
        assert endpoint.url != server.url
