"""Which process this is, and whether another one has ended: the proof that a lock needs."""

import getpass
import os
from functools import cache
from pathlib import Path
from typing import Final

from reconciler.runs import Who

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES: Final = Path("/proc/self/ns/pid")


def who() -> Who:
    """Who runs this process, and where."""
    return Who(user=_user(), host=os.uname().nodename, pid=os.getpid(), machine=_machine())


def alive(who: Who) -> bool | None:
    """Whether that process still runs; None where it cannot be told.

    False is proof. A process that has its number by now reads as the one that had it before.
    """
    machine = _machine()
    # Clones of one virtual machine share the boot, hardly the name.
    if machine is None or (who.machine, who.host) != (machine, os.uname().nodename) or who.pid < 1:
        return None
    try:
        os.kill(who.pid, 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:
        return None
    return not _ended(who.pid)


def _ended(pid: int) -> bool:
    """Whether a process that still has its number is a zombie."""
    import psutil  # noqa: PLC0415 - rarely needed, and slow to load

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False  # gone since, or hidden: not proven


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        return f"uid {os.getuid()}"


@cache
def _machine() -> str | None:
    """This boot of this machine with this space of process ids; None where it is not told."""
    try:
        boot = _BOOT.read_text("ascii").strip()
        processes = _PROCESSES.readlink()
    except (OSError, ValueError):
        return None
    return f"{boot} {processes}" if boot else None
