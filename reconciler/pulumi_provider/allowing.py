"""What the operator allows for one command, by the environment.

Never by the stack's configuration, which would stay and allow the next one too.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput
from reconciler.planning import ALLOWABLE, GuardName

VARIABLE: Final = "RECONCILER_ALLOW"
_NEW_LEDGER: Final = "new-ledger"
NEW_LEDGER_BY: Final = f"`{VARIABLE}={_NEW_LEDGER}` in the environment"


class Allowed(Struct, frozen=True):
    """The guards that this command may go past, and whether it may make a missing ledger."""

    guards: frozenset[GuardName] = frozenset()
    new_ledger: bool = False


def allowed(environ: Mapping[str, str]) -> Allowed:
    """What ``RECONCILER_ALLOW`` names. Raises :class:`InvalidInput` for a name that is none."""
    names = {name for text in environ.get(VARIABLE, "").split(",") if (name := text.strip())}
    known = {guard.value: guard for guard in ALLOWABLE}
    unknown = sorted(names - known.keys() - {_NEW_LEDGER})
    if unknown:
        raise InvalidInput(
            Diagnostic(
                None,
                f"{VARIABLE} names {', '.join(unknown)}, which cannot be allowed",
                f"it takes, separated by commas: {', '.join([*known, _NEW_LEDGER])}",
            )
        )
    return Allowed(frozenset(known[name] for name in names & known.keys()), _NEW_LEDGER in names)
