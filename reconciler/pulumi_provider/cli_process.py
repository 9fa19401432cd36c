"""The Pulumi command that this process works for, and whether it previews before it updates.

The command is the parent of the plugin that started this process: the Python language host for a
program, the dynamic provider's plugin for a provider. Both plugins have fixed names, because the
command finds them by name. The command itself may have any name: packages wrap it as
``.pulumi-wrapped``, and people keep copies of several versions.

Its arguments are parsed as the CLI parses them (cobra and pflag). An option that only a later CLI
knows can be parsed in several ways: all of them are tried, and only what holds in all of them is
certain.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

from reconciler.process import is_running, pid_namespace, start_of

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


_UPDATES: Final = frozenset({"up", "update", "refresh", "destroy", "down", "dn"})
_PREVIEWS: Final = frozenset({"preview", "pre"})
_WATCHES: Final = frozenset({"watch"})
"""They update without a preview."""
_COMMANDS: Final = _UPDATES | _PREVIEWS | _WATCHES

_SKIP: Final = "skip-preview"
_OPTION: Final = "PULUMI_OPTION_SKIP_PREVIEW"
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})

_BARE: Final = frozenset(
    "attach-debugger clear-pending-creates config-path continue-on-error copilot debug diff"  # noqa: SIM905
    " disable-integrity-checking emoji exclude-dependents exclude-protected expect-no-changes"
    " fully-qualify-stack-names help ignore-protect json logflow logtostderr neo"
    " neo-task-on-failure non-interactive preview-only refresh remove run-program show-config"
    " show-full-output show-policy-remediations show-reads show-replacement-steps show-sames"
    " show-secrets skip-config-validation skip-pending-creates skip-plugin-pre-install strict"
    " suppress-outputs suppress-permalink suppress-progress target-dependents urns yes".split()
)
"""Options that never take the next argument as their value."""
_VALUED: Final = frozenset(
    "color config config-file cwd exclude message parallel policy-pack policy-pack-config"  # noqa: SIM905
    " replace secrets-provider stack target target-replace tracing verbose".split()
)
"""Options that take the next argument as their value, unless they have one after ``=``."""
_BARE_LETTERS: Final = frozenset("Qdehjry")
_VALUED_LETTERS: Final = frozenset("Ccmpstvx")
"""Their value is the rest of the argument or, if that is empty, the next one."""

_Readings = set[tuple[bool, int]]
"""Ways to parse an option: is the preview skipped after it, and how many arguments does it take?"""


def only_previews(arguments: Sequence[str]) -> bool:
    """Whether the command certainly is a preview that no update follows."""
    named = _named(arguments)
    return bool(named) and all(arguments[at] in _PREVIEWS for at in named)


def skips_preview(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the command certainly updates without a preview of its own."""
    named = _named(arguments)
    by_default = environment.get(_OPTION, "").lower() in {"1", "true"}
    return bool(named) and all(
        arguments[at] in _WATCHES
        or (
            arguments[at] in _UPDATES
            and _all_skip([*arguments[:at], *arguments[at + 1 :]], by_default=by_default)
        )
        for at in named
    )


def _named(arguments: Sequence[str]) -> list[int]:
    """Where the command's name may stand. The CLI parses the other arguments without that one."""
    named = [at for at, each in enumerate(arguments) if each in _COMMANDS]
    return [0] if 0 in named else named


def _all_skip(arguments: Sequence[str], *, by_default: bool) -> bool:
    """Whether ``arguments`` skip the preview in every way of parsing them."""
    end = len(arguments)
    reached: defaultdict[int, set[bool]] = defaultdict(set, {0: {by_default}})
    for at, argument in enumerate(arguments):
        for before in reached[at]:
            for after, length in _read(argument, skips=before, rest=end - at):
                reached[min(at + length, end)].add(after)
    return reached[end] == {True}


def _read(argument: str, *, skips: bool, rest: int) -> _Readings:
    if argument == "--":
        return {(skips, rest)}
    if argument.startswith("--"):
        return _read_long(argument.removeprefix("--"), skips=skips)
    return _read_letters(argument[1:], skips=skips) if argument.startswith("-") else {(skips, 1)}


def _read_long(option: str, *, skips: bool) -> _Readings:
    name, explicit, value = option.partition("=")
    if name == _SKIP:
        return {(not explicit or value in _TRUE, 1)}
    if explicit or name in _BARE:
        return {(skips, 1)}
    return {(skips, 2)} if name in _VALUED else {(skips, 1), (skips, 2)}


def _read_letters(letters: str, *, skips: bool) -> _Readings:
    for at, letter in enumerate(letters, 1):
        rest = letters[at:]
        explicit = len(rest) > 1 and rest.startswith("=")
        if letter == "f" and explicit:
            return {(rest.removeprefix("=") in _TRUE, 1)}
        if explicit:
            return {(skips, 1)}
        if letter in _VALUED_LETTERS:
            return {(skips, 1 if rest else 2)}
        if letter not in _BARE_LETTERS and letter != "f":
            return {(skips and not rest, 1), (skips and not rest, 2)}
        skips = skips or letter == "f"
    return {(skips, 1)}
