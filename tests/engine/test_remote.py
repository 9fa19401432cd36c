"""Where the API of a workspace is found."""

import threading
from pathlib import Path

import pytest

from reconciler.config import (
    BaseUrl,
    KeyFromEnvironment,
    RateLimits,
    Region,
    Remote,
    SandboxSource,
    Timeouts,
    Workspace,
)
from reconciler.domain import InvalidInput, Limits, Secret, SourceLocation, SqliteFile, UnknownEmail
from reconciler.engine.previewing import commit_of
from reconciler.engine.remote import open_remote
from reconciler.sandbox import SandboxServer, SandboxState
from tests.repository import commit, git

HERE = SourceLocation("reconciler.yaml", 3, 1)
KEY = KeyFromEnvironment("KEY", HERE)


def workspace(remote: Remote, key: KeyFromEnvironment | None = KEY) -> Workspace:
    return Workspace(
        name="prod",
        remote=remote,
        api_key=key,
        manifests=(),
        limits=Limits(),
        protected=(),
        protected_unknown_email=UnknownEmail.HOLD,
        rate_limits=RateLimits(),
        timeouts=Timeouts(),
        ledger=SqliteFile(Path("/nowhere/ledger.db")),
        require_ledger=False,
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


def test_the_commit_is_that_of_the_folder_the_manifests_are_in(tmp_path: Path) -> None:
    manifest = tmp_path / "people.yaml"
    manifest.touch()
    head = commit(tmp_path, "people.yaml")
    assert commit_of([manifest]) == commit_of([tmp_path]) == head
    (tmp_path / "elsewhere.txt").touch()
    assert commit_of([manifest]) == head
    assert commit_of([manifest, tmp_path.parent]) is None


@pytest.mark.parametrize("changed", ["people.yaml", "new.yaml"])
def test_manifests_that_are_not_as_committed_are_dirty(tmp_path: Path, changed: str) -> None:
    (tmp_path / "people.yaml").touch()
    commit(tmp_path, "people.yaml")
    (tmp_path / changed).write_text("# changed\n")
    found = commit_of([tmp_path])
    assert found is not None
    assert found.endswith("-dirty")


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert commit_of([tmp_path]) is None


def test_outside_git_there_is_no_commit(tmp_path: Path) -> None:
    assert commit_of([tmp_path]) is None


def test_without_manifests_there_is_no_commit() -> None:
    assert commit_of([]) is None
