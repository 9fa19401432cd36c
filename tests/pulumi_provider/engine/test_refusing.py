"""What ends before anything is registered, in one clean error: guards, lists, locks, plans."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, KEY, LEAVER_LOSES_GOOGLE

COMMAND = [sys.executable, "-c", "from reconciler.cli import main; main()"]


def reconciler(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=stack.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_guard_refuses_with_the_command_lines_words_and_the_variable_that_allows_it(
    stack: Stack,
) -> None:
    stack.configure("limits: {maxDisconnects: 1}")
    assert stack.up("--skip-preview") == 1
    assert "max-disconnects refused: 2 disconnects; the limit is 1" in stack.out
    assert "RECONCILER_ALLOW=max-disconnects" in stack.out
    assert "--allow" not in stack.out
    assert stack.resources() == {}
    assert stack.disconnects() == []
    assert stack.up("--skip-preview", RECONCILER_ALLOW="max-disconnects") == 0
    assert stack.disconnects() == BOTH


def test_a_misspelt_allowance_is_refused(by_user: Stack) -> None:
    assert by_user.up("--skip-preview", RECONCILER_ALLOW="max-disconect") == 1
    assert "max-disconect, which cannot be allowed" in by_user.out
    assert by_user.disconnects() == []


@pytest.mark.parametrize("kind", [FaultKind.EMPTY_LIST, FaultKind.TRUNCATED_BODY])
def test_a_bad_list_changes_neither_people_nor_state(stack: Stack, kind: FaultKind) -> None:
    stack.converge()
    before = stack.resources()
    listing = Match(endpoint="list_users")
    stack.fail(Fault(kind=kind, match=listing, times="forever"))
    assert stack.up("--skip-preview") == 1
    assert stack.run("refresh", "--yes", "--skip-preview") != 0
    stack.sandbox.clear_faults()
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


def test_wrong_credentials_are_one_error_and_no_resource(by_user: Stack) -> None:
    by_user.configure("apiKey: {env: TRIAL_KEY}")
    assert by_user.up("--skip-preview", TRIAL_KEY="another-recognisable-key") == 1
    assert by_user.out.count("error: workspace trial") <= 2
    assert "another-recognisable-key" not in by_user.out
    assert by_user.resources() == {}
    assert by_user.mutations() == 0


def test_one_failure_of_many_is_named_and_the_next_update_heals_it(stack: Stack) -> None:
    leaver = Match(endpoint="disconnect", external_id="leaver@example.com")
    stack.fail(Fault(kind=FaultKind.STATUS, status=400, match=leaver))
    assert stack.up("--skip-preview") == 1
    assert "1 of 2 planned actions not settled" in stack.out
    assert "leaver@example.com (google): failed" in stack.out
    assert len(stack.resources()) == (4 if stack.granularity == "user" else 1)
    assert stack.up() == 0
    assert stack.disconnects() == sorted([*BOTH, LEAVER_LOSES_GOOGLE])


def test_what_appeared_after_the_preview_is_said_and_left(by_user: Stack) -> None:
    """The preview's note is that of another action: this update may do nothing else."""
    by_user.declare(
        "{id: settled@example.com, platforms: [google]}",
        "{id: waiting@example.com, platforms: [google]}",
    )
    by_user.converge()
    by_user.connect("settled@example.com", Platform.MICROSOFT)
    meddler = by_user.write(
        "__main__.py",
        "import pulumi\n"
        "from pathlib import Path\n"
        "from reconciler.domain import Platform\n"
        "from reconciler.sandbox import SandboxState\n"
        "if not pulumi.runtime.is_dry_run():\n"
        "    with SandboxState.open(Path('state/sandbox.db')) as sandbox:\n"
        "        sandbox.connect('waiting@example.com', Platform.MICROSOFT)\n"
        "from reconciler.pulumi_provider.program import main\n"
        "main()\n",
    )
    assert meddler.exists()
    assert by_user.up() == 0
    assert "not in the preview, and so left for the next one: waiting@example.com (microsoft)" in (
        by_user.out
    )
    assert by_user.disconnects() == [("settled@example.com", "microsoft")]
    assert list(by_user.notes.iterdir()) == []


def test_an_update_without_a_preview_says_so_or_is_refused(by_user: Stack) -> None:
    assert by_user.run("config", "set", "requirePreview", "true") == 0
    assert by_user.up("--skip-preview") == 1
    assert "no preview was made by this command, and one is required" in by_user.out
    assert by_user.disconnects() == []
    assert by_user.run("config", "set", "requirePreview", "false") == 0
    assert by_user.up("--skip-preview") == 0
    assert "no preview was made by this command" in by_user.out
    assert by_user.disconnects() == BOTH


def test_a_sealed_plan_is_applied_once_and_refused_the_second_time(stack: Stack) -> None:
    assert reconciler(stack, "plan", "-o", "saved.json").returncode == 0
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.up("--skip-preview", RECONCILER_PLAN="saved.json") == 0
    assert stack.disconnects() == BOTH  # and not what came since
    assert stack.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "the plan was already applied" in stack.out
    assert stack.disconnects() == BOTH


def test_a_sealed_plan_of_other_manifests_is_refused_whole(by_user: Stack) -> None:
    assert reconciler(by_user, "plan", "-o", "saved.json").returncode == 0
    by_user.declare(
        "{id: mover@example.com, platforms: [microsoft]}",
        "{id: leaver@example.com, platforms: [google]}",
        "{id: settled@example.com, platforms: [google]}",
        "{id: waiting@example.com, platforms: [microsoft]}",
    )
    assert by_user.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "the manifests changed since the plan was made" in by_user.out
    assert by_user.disconnects() == []


def test_a_pipeline_reads_the_command_lines_own_report(stack: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert stack.preview(RECONCILER_REPORT=f"json={report}") == 0
    assert json.loads(report.read_text())["summary"]["disconnect"] == 2
    assert stack.up("--skip-preview", RECONCILER_REPORT=f"json={report}") == 0
    assert json.loads(report.read_text())["summary"]["verified"] == 2
    assert stack.disconnects() == BOTH


def test_no_secret_and_no_port_is_written_anywhere(stack: Stack) -> None:
    stack.fail(Fault(kind=FaultKind.STATUS, status=400, match=Match(endpoint="disconnect")))
    stack.up("--logtostderr", "-v=3")
    printed = stack.out
    stack.up("--skip-preview")
    assert stack.run("stack", "export", "--show-secrets") == 0
    written = printed.encode() + stack.out.encode()
    for root in (stack.folder / ".reconciler", stack.folder.parent / "backend"):
        written += b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert KEY.encode() not in written
    assert b"eyJ" not in written  # how a token begins
    assert b"127.0.0.1" not in stack.out.encode()
    assert stack.resources()
