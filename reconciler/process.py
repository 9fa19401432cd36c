"""Which process of this machine is which, and whether it still runs.

A process id alone proves little, because the system reuses ids. Together with the time at which the
process started it names one process of one boot.
"""

import os
from functools import cache
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_PROC: Final = Path("/proc/self/stat")
_NAMESPACE: Final = Path("/proc/self/ns/pid")


@cache
def boot_id() -> str | None:
    """Names this boot of this machine; None where the system does not say."""
    try:
        return _BOOT.read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


@cache
def pid_namespace() -> str | None:
    """Names the namespace of this process's ids: each container has its own. None if unknown."""
    try:
        return str(_NAMESPACE.readlink())
    except OSError:
        return None


def start_of(pid: int) -> str | None:
    """When the process ``pid`` started, to compare with another start of the same machine.

    None if the process has ended or cannot be looked at.
    """
    ended, start = _look_at(pid)
    return None if ended else start


def is_running(pid: int, start: str | None = None) -> bool | None:
    """Whether the process ``pid`` of this machine still runs; None if that cannot be known.

    False is proof. Without ``start`` (:func:`start_of`), a later process that got the same id
    counts as the same process.
    """
    if pid < 1:
        return None
    try:
        os.kill(pid, 0)  # sends no signal: it only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another account's
    except OverflowError:
        return None
    ended, now = _look_at(pid)
    return not ended and (start is None or now is None or now == start)


def _look_at(pid: int) -> tuple[bool, str | None]:
    """Whether ``pid`` is a zombie, and when it started; False and None if it is hidden or gone."""
    try:
        # The name is in brackets and may hold anything. The start is the 20th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return fields[0] == "Z", f"{boot_id() or ''} {fields[19]}"
    except (OSError, IndexError):
        if _PROC.exists():
            return False, None  # hidden or gone; another source's start cannot be compared
    import psutil  # noqa: PLC0415 - not needed on Linux, and slow to load

    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE, str(process.create_time())
    except (psutil.Error, ValueError, OverflowError):
        return False, None
