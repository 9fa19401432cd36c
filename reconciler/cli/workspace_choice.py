"""What the options of a command say about workspaces: one, or several.

Light, because every command that can work on several asks it; ``several`` does the work.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.config import is_pattern, is_sharded

JOBS: Final = 4
"""How many workspaces a command does at a time, unless it is asked otherwise."""


@dataclass(frozen=True)
class Several:
    """Which workspaces were asked for, and how many of them ``at_once``; ``shard`` as typed."""

    patterns: tuple[str, ...]
    everything: bool
    shard: str | None
    at_once: int

    @property
    def words(self) -> tuple[str, ...]:
        """The options that ask for the same workspaces."""
        named = tuple(word for pattern in self.patterns for word in ("--workspace", pattern))
        everything = ("--all-workspaces",) if self.everything else ()
        return (*named, *everything, *(() if self.shard is None else ("--shard", self.shard)))


def several(
    patterns: Sequence[str], at_once: int, *, everything: bool, shard: str | None
) -> Several | None:
    """What the options ask for; None for a single workspace.

    A shard in the environment asks for several where nothing names one: every process of the shards
    would work on the default workspace, and none on the others.
    """
    named = bool(patterns) or "RECONCILER_WORKSPACE" in os.environ
    many = len(patterns) > 1 or any(map(is_pattern, patterns))
    many |= not named and is_sharded(os.environ)
    if not (many or everything or shard is not None):
        return None
    return Several(tuple(patterns), everything, shard, at_once)


def only(patterns: Sequence[str]) -> str | None:
    """The one workspace that is named, if there is one."""
    return patterns[0] if len(patterns) == 1 else None
