"""``reconciler.yaml``: workspaces, limits, protected users, and where API keys come from.

The fronts find and load the configuration. The engine works from the chosen :class:`Workspace`.
"""

from reconciler.config.api_key import (
    ApiKeySource,
    KeyFromCommand,
    KeyFromEnvironment,
    KeyFromFile,
    resolve_key,
)
from reconciler.config.loader import find_configuration, load_configuration
from reconciler.config.workspace import (
    BaseUrl,
    Configuration,
    InputCommand,
    Region,
    Remote,
    SandboxSource,
    Workspace,
)

__all__ = [
    "ApiKeySource",
    "BaseUrl",
    "Configuration",
    "InputCommand",
    "KeyFromCommand",
    "KeyFromEnvironment",
    "KeyFromFile",
    "Region",
    "Remote",
    "SandboxSource",
    "Workspace",
    "find_configuration",
    "load_configuration",
    "resolve_key",
]
