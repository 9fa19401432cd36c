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
_OTHER_WORKSPACE: Final = "other-workspace"
OTHER_WORKSPACE_BY: Final = f"`{VARIABLE}={_OTHER_WORKSPACE}` in the environment"


class Allowed(Struct, frozen=True):
    """The guards that this command may go past, whether it may make a missing ledger, and whether
    the stack may be given another workspace."""

    guards: frozenset[GuardName] = frozenset()
    new_ledger: bool = False
    other_workspace: bool = False


def allowed(environ: Mapping[str, str]) -> Allowed:
    """What ``RECONCILER_ALLOW`` names. Raises :class:`InvalidInput` for a name that is none."""
    names = {name for text in environ.get(VARIABLE, "").split(",") if (name := text.strip())}
    known = {guard.value: guard for guard in ALLOWABLE}
    others = (_NEW_LEDGER, _OTHER_WORKSPACE)
    unknown = sorted(names - known.keys() - {*others})
    if unknown:
        raise InvalidInput(
            Diagnostic(
                None,
                f"{VARIABLE} names {', '.join(unknown)}, which cannot be allowed",
                f"it takes, separated by commas: {', '.join([*known, *others])}",
            )
        )
    return Allowed(
        frozenset(known[name] for name in names & known.keys()),
        new_ledger=_NEW_LEDGER in names,
        other_workspace=_OTHER_WORKSPACE in names,
    )
