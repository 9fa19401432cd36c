"""``reconciler.yaml``: workspaces, limits, protected users, and where API keys come from.

The fronts find and load the configuration; the engine works from the :class:`Workspace` chosen.
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
    RateLimits,
    Region,
    Remote,
    SandboxSource,
    Timeouts,
    Workspace,
)

__all__ = [
    "ApiKeySource",
    "BaseUrl",
    "Configuration",
    "KeyFromCommand",
    "KeyFromEnvironment",
    "KeyFromFile",
    "RateLimits",
    "Region",
    "Remote",
    "SandboxSource",
    "Timeouts",
    "Workspace",
    "find_configuration",
    "load_configuration",
    "resolve_key",
]
