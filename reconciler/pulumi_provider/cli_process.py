"""The Pulumi command that this process works for: the nearest ``pulumi`` among its ancestors."""

import os
from collections.abc import Sequence
from pathlib import Path

import psutil
from msgspec import Struct

_NAME = "pulumi"
_UPDATES = frozenset({"up", "update"})


class CliProcess(Struct, frozen=True):
    """One process of this machine, told from a later one of the same number by its ``started``."""

    pid: int
    started: str
    space: str
    """The space of process numbers in which it has its own: containers may share a folder."""

    def gone(self) -> bool:
        """Whether it runs no more; False where that cannot be seen from here."""
        return self.space == space() and _started(self.pid) != self.started

    def previews(self) -> bool:
        """Whether it is an update that begins with a preview of its own."""
        try:
            arguments = psutil.Process(self.pid).cmdline()[1:]
        except psutil.Error:
            return False
        return _UPDATES.intersection(arguments) != set() and not _skips(arguments)


def space() -> str:
    """The space of process numbers that this process sees."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _skips(arguments: Sequence[str]) -> bool:
    """Whether ``arguments``, or the environment, leave the preview out."""
    short = [a for a in arguments if a.startswith("-") and not a.startswith("--")]
    return (
        any("f" in flags for flags in short)
        or not {"--skip-preview", "--skip-preview=true"}.isdisjoint(arguments)
        or os.environ.get("PULUMI_SKIP_PREVIEW", "").lower() in {"1", "true", "t"}
    )


def cli_of(pid: int | None = None) -> CliProcess | None:
    """The Pulumi command above the process ``pid`` (None: this one), if there is one."""
    try:
        ancestors = psutil.Process(pid or os.getpid()).parents()
        found = next((a.pid for a in ancestors if a.name() == _NAME), None)
    except psutil.Error:
        return None
    started = None if found is None else _started(found)
    return None if found is None or started is None else CliProcess(found, started, space())


def _started(pid: int) -> str | None:
    """When ``pid`` started; not by the wall clock where the system tells it otherwise."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        # The name, in brackets, may hold anything; the 22nd field is the 20th after it.
        ticks = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return None if ticks[0] == "Z" else f"{boot} {ticks[19]}"
    except (OSError, IndexError):
        pass
    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else str(process.create_time())
    except (psutil.Error, ValueError):
        return None
