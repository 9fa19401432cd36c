"""The example of an own program, in docs/, on the real engine."""

import json
import subprocess
from pathlib import Path

from reconciler.sandbox import SandboxState
from tests.docs.pulumi_projects import environment, example


def disconnects(folder: Path, workspace: str) -> list[tuple[str | None, str | None]]:
    with SandboxState.open(folder / f".reconciler/sandbox-{workspace}.db") as sandbox:
        return sorted(
            (entry.external_id, entry.body)
            for entry in sandbox.log()
            if entry.endpoint == "disconnect"
        )


def test_the_example_converges_both_fleets_and_tells_what_is_left(tmp_path: Path) -> None:
    folder = example(tmp_path)
    variables = environment(tmp_path)

    def pulumi(*arguments: str) -> str:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    pulumi("stack", "init", "dev")
    pulumi("up", "--yes")
    assert json.loads(pulumi("stack", "output", "--json")) == {
        "berlinToConnect": {"boris@example.com": ["microsoft"]},
        "berlinDone": {"anna@example.com": {"disconnect google": "verified"}},
        "chicagoToConnect": {},
        "chicagoDone": {
            "carol@example.com": {
                "disconnect google": "verified",
                "disconnect microsoft": "verified",
            }
        },
    }
    assert [user for user, _ in disconnects(folder, "berlin")] == ["anna@example.com"]
    assert [user for user, _ in disconnects(folder, "chicago")] == ["carol@example.com"] * 2
    pulumi("preview", "--expect-no-changes")
    assert len(disconnects(folder, "berlin") + disconnects(folder, "chicago")) == 3
