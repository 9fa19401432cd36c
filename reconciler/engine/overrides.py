"""What the operator allows for one command: guards that it may go past, and a few other things.

The command line has ``--allow``, a Pulumi program ``RECONCILER_ALLOW``, with the same words. A
configuration cannot allow anything, because it would allow it to the next command too.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput
from reconciler.manifest.source import near_miss
from reconciler.planning import ALLOWABLE, GuardName

OPTION: Final = "--allow"
VARIABLE: Final = "RECONCILER_ALLOW"
NEW_LEDGER: Final = "new-ledger"
OTHER_WORKSPACE: Final = "other-workspace"
GUARDS: Final = tuple(guard.value for guard in ALLOWABLE)
"""The words that every command that acts accepts."""


class Overrides(Struct, frozen=True):
    """The guards that this command may go past, whether it may make a missing ledger, and whether
    the stack may be given another workspace."""

    guards: frozenset[GuardName] = frozenset()
    new_ledger: bool = False
    other_workspace: bool = False


def overrides(named: Iterable[str], source: str, takes: Iterable[str]) -> Overrides:
    """What ``named`` allows, by the option or variable ``source``.

    Raises :class:`InvalidInput` for a word that is not among those that it ``takes``.
    """
    words, known = frozenset(named), tuple(takes)
    unknown = sorted(words.difference(known))
    if unknown:
        meant = next(filter(None, (near_miss(word, known) for word in unknown)), None)
        raise InvalidInput(
            Diagnostic(
                None,
                f"{source} names {', '.join(unknown)}, which cannot be allowed",
                " ".join(filter(None, (meant, f"it takes: {', '.join(known)}"))),
            )
        )
    return Overrides(
        frozenset(guard for guard in ALLOWABLE if guard.value in words),
        new_ledger=NEW_LEDGER in words,
        other_workspace=OTHER_WORKSPACE in words,
    )


def overrides_of(environ: Mapping[str, str]) -> Overrides:
    """What ``RECONCILER_ALLOW`` names, separated by commas. Raises :class:`InvalidInput`."""
    words = [word for text in environ.get(VARIABLE, "").split(",") if (word := text.strip())]
    return overrides(words, VARIABLE, (*GUARDS, NEW_LEDGER, OTHER_WORKSPACE))


def in_environment(word: str) -> str:
    """How to allow ``word`` to a command that has no options of ours."""
    return f"`{VARIABLE}={word}` in the environment"
