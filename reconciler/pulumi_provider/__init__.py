"""The Pulumi front: fleets declared in a Pulumi program, converged by a dynamic provider.

``declare_fleet`` is the program's side, ``provider`` the other one, in a process of its own. Both
stand on the engine; nothing is planned, judged or done here.

What is exported is loaded when it is asked for: the provider's process, which imports this room on
its way to ``provider``, needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.pulumi_provider.declaring import declare_fleet
    from reconciler.pulumi_provider.fleet import Fleet, Granularity
    from reconciler.pulumi_provider.outputs import DeclaredFleet, UserOutputs

__all__ = ["DeclaredFleet", "Fleet", "Granularity", "UserOutputs", "declare_fleet"]

_HOMES: Final = {
    "DeclaredFleet": "outputs",
    "Fleet": "fleet",
    "Granularity": "fleet",
    "UserOutputs": "outputs",
    "declare_fleet": "declaring",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
