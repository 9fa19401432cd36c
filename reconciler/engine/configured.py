"""What the configuration of a workspace says of acting, as acting and its reports take it."""

from reconciler.applying import LIST_MAX_AGE, ApplySettings
from reconciler.config import Workspace
from reconciler.engine.session import client_settings, rate_limits
from reconciler.planning import GuardName, Protection

_DEFAULTS = ApplySettings()


def apply_settings(
    workspace: Workspace,
    *,
    max_failures: int = _DEFAULTS.max_failures,
    parallelism: int = _DEFAULTS.workers,
) -> ApplySettings:
    """How a run acts: as asked for, and as ``workspace`` has it."""
    timeouts, limits = workspace.timeouts, rate_limits(workspace)
    between_lists = 60.0 / limits.shared(limits.list)
    return ApplySettings(
        workers=parallelism,
        max_failures=max_failures,
        read_back=timeouts.read_back,
        retry_after_cap=timeouts.retry_after_cap,
        call_limit=client_settings(workspace).call_total,
        # Fresh lists take at most a third of their budget.
        list_max_age=max(LIST_MAX_AGE, 3 * between_lists),
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
