"""The Pulumi command that this process works for.

It is the parent of the plugin that started this process: the Python language host for a program,
the dynamic provider's plugin for a provider. Both plugins have fixed names, because the command
finds them by name. The command itself may have any name: packages wrap it as ``.pulumi-wrapped``,
and people keep copies of several versions.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

from reconciler.process import is_running, pid_namespace, start_of
from reconciler.pulumi_provider.cli_arguments import only_previews, skips_preview

_PLUGIN: Final = re.compile(r"\.?pulumi-(language|resource-pulumi)-python(?!-exec)")
"""The file name of a plugin, which a package may wrap too."""

_PROVIDER: Final = "pulumi.dynamic"
"""The module that a provider process runs."""

_NAME: Final = "pulumi"
_WORDS: Final = 4
"""Words of a command line to look at: a file or module comes after its interpreter's options."""


class CliProcess(Struct, frozen=True):
    """One process of this machine. Its ``start`` tells it from a later one with the same id."""

    pid: int
    start: str
    namespace: str
    """Where the id counts: containers have their own, and may share a folder with this process."""

    def gone(self) -> bool:
        """Whether it has ended. False if that cannot be known from here."""
        return self.namespace == namespace() and is_running(self.pid, self.start) is False

    def only_previews(self) -> bool:
        """Whether it certainly is a preview that no update follows."""
        return only_previews(self._arguments())

    def skips_preview(self) -> bool:
        """Whether it certainly updates without a preview of its own."""
        try:
            # The environment of the command: the program may have another one.
            environment = psutil.Process(self.pid).environ()
        except psutil.Error:
            environment = {}
        return skips_preview(self._arguments(), environment)

    def _arguments(self) -> list[str]:
        """The words after its name; none if they cannot be read."""
        try:
            return psutil.Process(self.pid).cmdline()[1:]
        except psutil.Error:
            return []


def namespace() -> str:
    """Where the process ids that this process sees count; empty if the system does not say."""
    return pid_namespace() or ""


def cli_of(pid: int | None = None) -> CliProcess | None:
    """The Pulumi command that the process ``pid`` (by default this one) works for.

    None if there is none, or if it has ended: the plugin then has another parent.
    """
    try:
        process = psutil.Process(pid or os.getpid())
        line = [process, *process.parents()]
    except psutil.Error:
        return None
    plugins = [position for position, each in enumerate(line) if _is_plugin(each)]
    if not plugins:
        return None
    # The nearest plugin and its wrappers: a command may run below the program of another one.
    last = next(at for at in plugins if at + 1 not in plugins)
    plugin, above = line[last], line[last + 1 : last + 2]
    found = next((each for each in above if _is_command(each, plugin)), None)
    start = None if found is None else start_of(found.pid)
    return None if found is None or start is None else CliProcess(found.pid, start, namespace())


def _is_plugin(process: psutil.Process) -> bool:
    words = _line(process)[:_WORDS]
    return _PROVIDER in words or any(_PLUGIN.match(name) for name in _names(process, words))


def _is_command(process: psutil.Process, plugin: psutil.Process) -> bool:
    """Whether ``process`` has a name like the command's, or serves the ``plugin`` below it.

    A process that inherits the plugin of a dead command does neither.
    """
    names = _names(process, _line(process)[:1])
    return any(_NAME in name for name in names) or _serves(process, _line(plugin))


def _serves(process: psutil.Process, addresses: Sequence[str]) -> bool:
    """Whether ``process`` listens at one of ``addresses``: a plugin gets that of the engine."""
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
    """The file names of the program that ``process`` runs and of ``words``."""
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
