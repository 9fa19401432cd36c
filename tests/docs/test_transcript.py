"""The transcript in the README is what ``make demo`` prints."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE_UP_EACH_TIME = (
    (re.compile(r"sandbox:[0-9a-f]{16}"), "sandbox:ID"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:DIGEST"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
)


def settled(text: str) -> list[str]:
    for pattern, name in MADE_UP_EACH_TIME:
        text = pattern.sub(name, text)
    return [line for line in text.splitlines() if line.strip()]


def test_the_transcript_in_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    for name in ("manifests", "sandbox", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "reconciler.yaml", tmp_path)
    command = tmp_path / "reconciler-here"
    command.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from reconciler.cli import main; main()" "$@"\n'
    )
    command.chmod(0o755)
    printed = settled(
        subprocess.run(
            ["sh", "docs/demo.sh", str(command)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (transcript,) = re.findall(r"```console\n(.*?)```", readme, re.DOTALL)
    rest = iter(printed)
    missing = [line for line in settled(transcript) if line != "…" and line not in rest]
    assert missing == []
