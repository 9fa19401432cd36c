"""``import-file`` as a command of its own: it reads, says where the file is, and ends quietly."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pulumi_provider.fleet_folder import FleetFolder

COMMAND = [sys.executable, "-m", "reconciler.pulumi_provider", "import-file", "found.json"]


@pytest.mark.parametrize(("granularity", "resources"), [("user", 4), ("fleet", 1)])
def test_it_writes_what_exists_and_prints_no_more_than_what_to_do_with_it(
    tmp_path: Path, granularity: str, resources: int
) -> None:
    folder = FleetFolder(tmp_path)
    ended = subprocess.run(
        [*COMMAND, "--workspace", "trial", "--granularity", granularity],
        cwd=folder.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    assert ended.stdout.startswith(f"{resources} resources in found.json; import them with: ")
    found = json.loads((folder.folder / "found.json").read_text(encoding="utf-8"))
    assert len(found["resources"]) == resources
    assert (folder.mutations(), folder.tokens()) == (0, 0)
