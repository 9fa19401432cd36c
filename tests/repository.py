"""A git repository for manifests to stand in."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """What git says in ``folder``."""
    name = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    command = ["git", "-C", str(folder), *name, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, *paths: str) -> str:
    """Make ``folder`` a repository, if it is none, with ``paths`` committed; the commit."""
    git(folder, "init", "-q")
    git(folder, "add", *paths)
    git(folder, "commit", "-q", "-m", "as they are")
    return git(folder, "rev-parse", "HEAD")
