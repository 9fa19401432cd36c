"""A folder with configuration, manifests and a sandbox of its own, and the command line in it."""

import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.domain import COMMAND_LINE, SqliteFile, SystemClock, rfc3339
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.opening import current_process
from reconciler.runs import Front
from reconciler.sandbox import Behaviour, Fault, LoggedRequest, SandboxState, load_seed
from tests.small_fleet import CONFIGURATION, KEY, MANIFEST, SEED

MOVER_LOSES_GOOGLE = ("POST", "/api/v1/calendar/user/disconnect/", "mover@example.com", "google")
LEAVER_LOSES_GOOGLE = ("POST", "/api/v1/calendar/user/disconnect/", "leaver@example.com", "google")


class Project:
    """The folder, and what happened in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.out = ""
        self.err = ""
        self.write("reconciler.yaml", CONFIGURATION.format(extra=""))
        self.write("manifests/people.yaml", MANIFEST)
        self.write("seed.yaml", SEED)
        self.sandbox = SandboxState.open(folder / "state/sandbox.db")
        self.sandbox.seed(load_seed(folder / "seed.yaml"))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def populate(self, *rows: str) -> None:
        """Let exactly these calendar users be there, each as a line of a seed file."""
        seed = f"apiVersion: reconciler/sandbox/v1\napiKey: {KEY}\nusers:\n"
        self.write("seed.yaml", seed + "".join(f"  - {row}\n" for row in rows))
        self.sandbox.seed(load_seed(self.folder / "seed.yaml"))

    def configure(self, extra: str) -> None:
        """Add a line to the workspace's configuration."""
        self.write("reconciler.yaml", CONFIGURATION.format(extra=extra))

    def run_on_a_terminal(
        self, monkeypatch: pytest.MonkeyPatch, answer: str, *arguments: str
    ) -> int:
        """Run as if somebody sat there, who types ``answer`` when asked."""
        self._capsys.readouterr()
        typed = StringIO(answer)
        with monkeypatch.context() as patched:
            patched.setattr(typed, "isatty", lambda: True, raising=False)
            patched.setattr("sys.stdin", typed)
            patched.setattr(sys.stderr, "isatty", lambda: True)
            status = run(list(arguments))
        self.out, self.err = self._capsys.readouterr()
        return status

    def run(self, *arguments: str) -> int:
        """The exit status of ``reconciler ARGUMENTS``; its output is in ``out`` and ``err``."""
        self._capsys.readouterr()
        status = run(list(arguments))
        self.out, self.err = self._capsys.readouterr()
        return status

    def requests(self) -> tuple[LoggedRequest, ...]:
        return self.sandbox.log()

    def mutations(self) -> list[tuple[str, str, str | None, str]]:
        """The mutating calls that arrived, sorted: method, path, whom, and platform or body."""
        return sorted(
            (entry.method, entry.path, entry.external_id, _gist(entry.body or ""))
            for entry in self.requests()
            if entry.method != "GET" and not entry.path.endswith("/authenticate/")
        )

    def methods(self) -> set[str]:
        return {entry.method for entry in self.requests()}

    def fail(self, *faults: Fault) -> None:
        for fault in faults:
            self.sandbox.add_fault(fault)

    def behave(self, behaviour: Behaviour) -> None:
        self.sandbox.set_behaviour(behaviour)


def _gist(body: str) -> str:
    for platform in ("google", "microsoft"):
        if body == f'{{"platform":"{platform}"}}':
            return platform
    return body


@contextmanager
def another_run(project: Project) -> Iterator[str]:
    """Another run that holds the lock, in this process."""
    address = f"sandbox:{project.sandbox.id}"
    clock = SystemClock()
    claim = Claim(
        run=str(uuid.uuid4()),
        front=Front.APPLY,
        workspace="trial",
        base_url=address,
        owner=COMMAND_LINE,
        who=current_process(),
        opened=rfc3339(clock.now()),
        tool_version="0",
        commit=None,
    )
    with (
        open_ledger(SqliteFile(project.folder / ".reconciler/ledger.db"), create=True) as ledger,
        ledger.begin(claim, clock=clock, pause=lambda _: None) as run,
    ):
        yield run.id


def everything_written(folder: Path, but: Sequence[str] = ()) -> bytes:
    """All bytes of all files under ``folder``, but those in the named subfolders and files."""
    return b"".join(
        path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part in but for part in path.relative_to(folder).parts)
    )
