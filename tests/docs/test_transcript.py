"""The transcripts in the README are what ``make demo`` and ``make pulumi-demo`` print."""

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pulumi_projects import environment, needs_cli, repository

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


def missing_of(program: str, printed: list[str]) -> list[str]:
    """The lines that the README shows of ``program`` and that were not printed, in that order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (transcript,) = (
        text
        for text in re.findall(r"```console\n(.*?)```", readme, re.DOTALL)
        if text.startswith(f"$ {program} ")
    )
    rest = iter(printed)
    return [line for line in settled(transcript) if line != "…" and line not in rest]


def test_the_transcript_in_the_readme_is_what_the_demo_prints() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler", "demo"], capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    assert missing_of("reconciler", settled(ended.stdout)) == []


@needs_cli
def test_the_transcript_of_pulumi_in_the_readme_is_what_its_demo_prints(tmp_path: Path) -> None:
    ended = subprocess.run(
        ["sh", ROOT / "docs/pulumi-demo.sh"],
        cwd=repository(tmp_path),
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert missing_of("pulumi", settled(ended.stdout)) == []
