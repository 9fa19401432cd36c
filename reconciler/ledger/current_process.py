"""Who runs this process, and whether the process of another run has ended.

A lock is taken over only from a run whose process is proven to have ended.
"""

import getpass
import os

from reconciler.process import boot_id, is_running, pid_namespace
from reconciler.runs import Who


def current_process() -> Who:
    """Who runs this process, and where."""
    return Who(_user(), os.uname().nodename, os.getpid(), _machine())


def is_alive(who: Who, start: str | None = None) -> bool | None:
    """Whether that process still runs; None if it cannot be known. False is proof.

    ``start`` is when it started. Earlier versions did not record that: without it, a later process
    that got the same id counts as that process.
    """
    machine = _machine()
    # Clones of a virtual machine share the boot id, but hardly the host name.
    if machine is None or (who.machine, who.host) != (machine, os.uname().nodename):
        return None
    return is_running(who.pid, start)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        return f"uid {os.getuid()}"


def _machine() -> str | None:
    """This boot of this machine and this namespace of process ids; None if unknown."""
    boot, namespace = boot_id(), pid_namespace()
    return f"{boot} {namespace}" if boot and namespace else None
