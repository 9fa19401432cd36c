"""Which workspaces one command is about: by name, by pattern or all, and of those one shard.

Shards let several machines share the workspaces without speaking to each other. Each gets the same
sorted names and takes those at its places, so every name is in exactly one shard.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from reconciler.config.workspace import Configuration
from reconciler.domain import Diagnostic, InvalidInput
from reconciler.manifest.source import near_miss, quoted

SHARD: Final = "RECONCILER_SHARD"
SHARDS: Final = "RECONCILER_SHARDS"
JOB_INDEX: Final = "JOB_COMPLETION_INDEX"
"""The variable in which Kubernetes gives each pod of an Indexed Job its number, from 0."""

_MAGIC: Final = re.compile(r"[*?\[]")
_NUMBER: Final = "0|[1-9][0-9]{0,8}"
_SHARD: Final = re.compile(f"({_NUMBER})/({_NUMBER})", re.ASCII)


class UnusableSelection(Exception):
    """What was asked for cannot choose workspaces, whatever the configuration says: bad usage."""


class Shard(Struct, frozen=True):
    """Part ``index`` (from 0) of ``count`` parts: ``0/3``, ``1/3`` and ``2/3`` are all of three."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The ``names`` at the places of this shard."""
        return tuple(names[self.index :: self.count])


def select_workspaces(
    configuration: Configuration,
    patterns: Iterable[str],
    *,
    everything: bool = False,
    shard: Shard | None = None,
) -> tuple[str, ...]:
    """The names of the chosen workspaces, sorted; of these only those of ``shard``.

    ``patterns`` are names and shell patterns (``*``, ``?``, ``[…]``); case counts. With neither
    patterns nor ``everything`` the default workspace is chosen, and there can be no shard: all pods
    but one would silently do nothing. A shard may be empty.

    Raises :class:`InvalidInput` for each pattern that matches no workspace, and
    :class:`UnusableSelection` for a combination that makes no sense.
    """
    wanted = tuple(dict.fromkeys(patterns))
    if everything and wanted:
        raise UnusableSelection("name workspaces or ask for all of them, not both")
    if everything:
        names: Iterable[str] = configuration.workspaces
    elif wanted:
        names = _matched(configuration, wanted)
    elif shard is not None:
        raise UnusableSelection(
            f"the shard {shard} is one of several workspaces, and none is named: use"
            " --all-workspaces, or --workspace with a name or a pattern"
        )
    else:
        names = (configuration.workspace(None).name,)
    chosen = sorted(names)
    return tuple(chosen) if shard is None else shard.of(chosen)


def _matched(configuration: Configuration, patterns: Sequence[str]) -> set[str]:
    known = configuration.workspaces
    found: set[str] = set()
    wrong: list[Diagnostic] = []
    for pattern in patterns:
        if pattern in known:
            found.add(pattern)
        elif not is_pattern(pattern):
            wrong.append(configuration.unknown_workspace(pattern))
        elif matching := {name for name in known if fnmatchcase(name, pattern)}:
            found |= matching
        else:
            wrong.append(
                Diagnostic(
                    configuration.source,
                    f"no workspace matches {quoted(pattern)}; {configuration.names}",
                    near_miss(pattern, known),
                )
            )
    if wrong:
        raise InvalidInput(*wrong)
    return found


def is_pattern(text: str) -> bool:
    """Whether ``text`` can stand for several workspaces, and is no name."""
    return _MAGIC.search(text) is not None


def shard_of(option: str | None, environ: Mapping[str, str]) -> Shard | None:
    """The shard that ``option`` (``--shard``) names, else the environment; None for everything.

    In the environment it is ``I/N`` in ``RECONCILER_SHARD``, else the index that Kubernetes gives
    the pod, if ``RECONCILER_SHARDS`` says of how many. That index alone means nothing: a Job may
    have it for another purpose. Raises :class:`UnusableSelection`.
    """
    if option is not None:
        return _shard(option, "--shard")
    if SHARD in environ:
        return _shard(environ[SHARD], SHARD)
    if SHARDS in environ and JOB_INDEX in environ:
        return _shard(f"{environ[JOB_INDEX]}/{environ[SHARDS]}", f"{JOB_INDEX}/{SHARDS}")
    return None


def is_sharded(environ: Mapping[str, str]) -> bool:
    """Whether the environment gives this process one shard of several."""
    return SHARD in environ or (SHARDS in environ and JOB_INDEX in environ)


def _shard(text: str, name: str) -> Shard:
    match = _SHARD.fullmatch(text)
    if match is None:
        raise UnusableSelection(
            f"{name} {quoted(text)} is no shard: write INDEX/COUNT, 0/4 for the first of four"
        )
    shard = Shard(int(match[1]), int(match[2]))
    if shard.index >= shard.count:
        last = f"the last of {shard.count} is {shard.count - 1}/{shard.count}"
        none = "there must be at least one shard"
        raise UnusableSelection(
            f"{name} {quoted(text)} is no shard: indices begin with 0, and"
            f" {last if shard.count else none}"
        )
    return shard
