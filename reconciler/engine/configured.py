"""What the configuration of a workspace says of acting, as acting and its reports take it."""

from reconciler.applying import ApplySettings
from reconciler.config import Workspace
from reconciler.planning import GuardName, Protection

_DEFAULTS = ApplySettings()


def apply_settings(
    workspace: Workspace,
    *,
    max_failures: int = _DEFAULTS.max_failures,
    parallelism: int = _DEFAULTS.workers,
) -> ApplySettings:
    """How a run acts: as asked for, and as ``workspace`` has it."""
    timeouts = workspace.timeouts
    return ApplySettings(
        workers=parallelism,
        max_failures=max_failures,
        read_back=timeouts.read_back,
        retry_after_cap=timeouts.retry_after_cap,
    )


def protection_of(workspace: Workspace) -> Protection:
    """Whom ``workspace`` protects."""
    return Protection(workspace.protected, workspace.protected_unknown_email)


def limit_sources(workspace: Workspace) -> dict[GuardName, str]:
    """Where each limit of ``workspace`` is set, for refusals to name."""
    places = {
        GuardName.MAX_DISCONNECTS: workspace.max_disconnects_source,
        GuardName.MAX_DISCONNECT_PERCENT: workspace.max_disconnect_percent_source,
        GuardName.DESIRED_FLEET_SHRINK: workspace.max_fleet_shrink_percent_source,
        GuardName.OBSERVED_FLEET_SHRINK: workspace.max_fleet_shrink_percent_source,
    }
    return {guard: str(place) if place else "the default" for guard, place in places.items()}
