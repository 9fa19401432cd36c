"""The transcript in docs/ledger.md is what a run that is killed, and resumed, prints."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from reconciler.sandbox import Fault, FaultKind, Match, SandboxState

ROOT = Path(__file__).parents[2]
STATE = ".reconciler/sandbox-sandbox.db"
MADE_UP_EACH_TIME = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "RUN"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"(apply|resume) +\S+@\S+ +"), r"\1 WHO "),
)
DISCONNECT = "/api/v1/calendar/user/disconnect/"


def _settled(text: str) -> list[str]:
    for pattern, name in MADE_UP_EACH_TIME:
        text = pattern.sub(name, text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from reconciler.cli import main; main()", *arguments]


def _printed(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        _command(*arguments), cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def _kill_in_the_call_for(user: str, folder: Path) -> None:
    """Start an apply, and kill it once its call for ``user`` has arrived, before the answer."""
    with SandboxState.open(folder / STATE) as state:
        state.add_fault(
            Fault(
                kind=FaultKind.LATENCY,
                match=Match(endpoint="disconnect", external_id=user),
                answer_delay=600,
            )
        )
        apply = subprocess.Popen(
            _command("apply", "--auto-approve", "--parallelism", "1"),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not any(
                u.external_id == user and not u.connections[0].connected for u in state.users()
            ):
                assert apply.poll() is None
                time.sleep(0.05)
        finally:
            os.kill(apply.pid, signal.SIGKILL)
            apply.wait()
        state.clear_faults()


def test_the_transcript_of_a_crash_is_what_is_printed(tmp_path: Path) -> None:
    for name in ("manifests", "sandbox"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "reconciler.yaml", tmp_path)
    _printed(tmp_path, "sandbox", "reset")
    _kill_in_the_call_for("dave@example.com", tmp_path)
    (dead,) = json.loads(_printed(tmp_path, "runs", "--format", "json"))["runs"]
    printed = _settled(
        _printed(tmp_path, "runs")
        + _printed(tmp_path, "runs", dead["run"])
        + _printed(tmp_path, "resume", dead["run"])
    )
    page = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    (transcript,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    shown = [line for line in _settled(transcript) if line not in ("…", "Killed")]
    rest = iter(printed)
    assert [line for line in shown if not line.startswith("$") and line not in rest] == []
