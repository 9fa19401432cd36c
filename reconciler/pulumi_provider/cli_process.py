"""The Pulumi command that this process works for.

It is the parent of the plugin that started this process: of Python's language host for a program,
of the dynamic provider's own plugin for a provider. Those two have fixed names, since the command
finds them by name; the command itself may be called anything: packages start it through a wrapper,
as ``.pulumi-wrapped``, and people keep copies of several versions.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

from reconciler.pulumi_provider.cli_arguments import only_previews, skips_preview

_PLUGIN: Final = re.compile(r"\.?pulumi-(language|resource-pulumi)-python(?!-exec)")
"""The file of a plugin; a package may wrap that one, too."""

_PROVIDER: Final = "pulumi.dynamic"
"""The module that a provider's process runs."""

_NAME: Final = "pulumi"
_WORDS: Final = 4
"""Of a command line: a file or module comes after its interpreter and the options of that."""


class CliProcess(Struct, frozen=True):
    """One process of this machine, told from a later one of the same number by its ``started``."""

    pid: int
    started: str
    space: str
    """The space of process numbers in which it has its own: containers may share a folder."""

    def gone(self) -> bool:
        """Whether it runs no more; False where that cannot be seen from here."""
        return self.space == space() and _started(self.pid) != self.started

    def only_previews(self) -> bool:
        """Whether it is certain to be a preview that no update follows."""
        return only_previews(self._arguments())

    def skips_preview(self) -> bool:
        """Whether it is certain to update without a preview of its own."""
        try:
            # Its own environment: the program may have been given another one.
            environment = psutil.Process(self.pid).environ()
        except psutil.Error:
            environment = {}
        return skips_preview(self._arguments(), environment)

    def _arguments(self) -> list[str]:
        """What follows its name; nothing where that cannot be read."""
        try:
            return psutil.Process(self.pid).cmdline()[1:]
        except psutil.Error:
            return []


def space() -> str:
    """The space of process numbers that this process sees."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def cli_of(pid: int | None = None) -> CliProcess | None:
    """The Pulumi command that the process ``pid`` (None: this one) works for, if there is one.

    None also once it is gone: the plugin then has another parent.
    """
    try:
        process = psutil.Process(pid or os.getpid())
        line = [process, *process.parents()]
    except psutil.Error:
        return None
    plugins = [position for position, each in enumerate(line) if _is_plugin(each)]
    if not plugins:
        return None
    # The nearest one, with what wraps it: a command may run below another one's program.
    last = next(at for at in plugins if at + 1 not in plugins)
    plugin, above = line[last], line[last + 1 : last + 2]
    found = next((each for each in above if _is_command(each, plugin)), None)
    started = None if found is None else _started(found.pid)
    return None if found is None or started is None else CliProcess(found.pid, started, space())


def _is_plugin(process: psutil.Process) -> bool:
    words = _line(process)[:_WORDS]
    return _PROVIDER in words or any(_PLUGIN.match(name) for name in _names(process, words))


def _is_command(process: psutil.Process, plugin: psutil.Process) -> bool:
    """Whether ``process`` is called like the command, or else serves the ``plugin`` below it.

    What inherits the plugin of a command that died does neither.
    """
    names = _names(process, _line(process)[:1])
    return any(_NAME in name for name in names) or _serves(process, _line(plugin))


def _serves(process: psutil.Process, addresses: Sequence[str]) -> bool:
    """Whether ``process`` listens at one of ``addresses``: a plugin is given the engine's."""
    try:
        sockets = process.net_connections("tcp")
    except psutil.Error:
        return False
    listening = {
        f"{socket.laddr.ip}:{socket.laddr.port}"
        for socket in sockets
        if socket.status == psutil.CONN_LISTEN
    }
    return not listening.isdisjoint(addresses)


def _names(process: psutil.Process, words: Sequence[str]) -> set[str]:
    """The names of the file that ``process`` executes, and of those in ``words``."""
    try:
        program = process.exe()
    except psutil.Error:
        program = ""
    return {Path(file).name for file in (program, *words)}


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


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
