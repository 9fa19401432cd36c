"""The Pulumi front: a program declares fleets, and a dynamic provider converges them.

``declaration`` is the program's side. ``provider`` is the other side, in a process of its own. Both
use the engine, and neither plans, judges or acts by itself.

The exported names are imported on first use: the provider's process, which imports this package on
its way to ``provider``, needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.pulumi_provider.declaration import declare_fleet
    from reconciler.pulumi_provider.resources import DeclaredFleet, Fleet, Granularity, UserOutputs

__all__ = ["DeclaredFleet", "Fleet", "Granularity", "UserOutputs", "declare_fleet"]

_MODULES: Final = {
    "DeclaredFleet": "resources",
    "Fleet": "resources",
    "Granularity": "resources",
    "UserOutputs": "resources",
    "declare_fleet": "declaration",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
