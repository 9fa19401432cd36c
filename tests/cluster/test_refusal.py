"""The tests run on a cluster for tests, and on no other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kubernetes.objects import ROOT

FAKE = """\
#!/bin/sh
echo "$*" >>"$CALLS"
[ -z "$CONTEXT" ] || { echo "$CONTEXT"; exit 0; }
echo "error: current-context is not set" >&2
exit 1
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where a kubectl of the test's own writes what it is asked."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(FAKE)
    kubectl.chmod(0o755)
    path = tmp_path / "calls"
    path.touch()
    return path


def run(calls: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    own = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    own |= {"PATH": f"{calls.parent}:{own['PATH']}", "CALLS": str(calls), **environ}
    command = [sys.executable, "-m", "tests.cluster"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=own,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("context", ["production", "kind-reconciler-test", ""])
def test_a_context_with_another_name_is_refused_before_anything_is_done(
    calls: Path, context: str
) -> None:
    done = run(calls, KUBECONFIG="somewhere", CONTEXT=context)
    assert done.returncode == 1
    assert done.stderr.startswith("refused: the current context of KUBECONFIG is ")
    assert context in done.stderr
    assert calls.read_text() == "config current-context\n"


def test_without_a_cluster_the_tests_are_skipped(calls: Path) -> None:
    done = run(calls)
    assert (done.returncode, done.stdout) == (0, "skipped: KUBECONFIG names no cluster\n")
    assert calls.read_text() == ""
