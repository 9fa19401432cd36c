"""``reconciler.yaml``: workspaces, limits, protected users, and where API keys come from.

The fronts find and load the configuration. The engine works from the chosen :class:`Workspace`.
"""

from reconciler.config.loader import find_configuration, load_configuration
from reconciler.config.notify import (
    AppriseService,
    NotificationTarget,
    Webhook,
)
from reconciler.config.secret_source import (
    SecretFromCommand,
    SecretFromEnvironment,
    SecretFromFile,
    SecretSource,
    resolve_key,
)
from reconciler.config.selection import (
    SHARD,
    Shard,
    UnusableSelection,
    is_pattern,
    is_sharded,
    select_workspaces,
    shard_of,
)
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
    "SHARD",
    "AppriseService",
    "BaseUrl",
    "Configuration",
    "InputCommand",
    "NotificationTarget",
    "Region",
    "Remote",
    "SandboxSource",
    "SecretFromCommand",
    "SecretFromEnvironment",
    "SecretFromFile",
    "SecretSource",
    "Shard",
    "UnusableSelection",
    "Webhook",
    "Workspace",
    "find_configuration",
    "is_pattern",
    "is_sharded",
    "load_configuration",
    "resolve_key",
    "select_workspaces",
    "shard_of",
]
