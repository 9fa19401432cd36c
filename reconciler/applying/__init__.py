"""Acts on an approved plan, once, and proves what happened.

``executor`` runs the users of a plan through ``user_run`` (re-read, act once, read back) and
reports every step to the journal of ``reconciler.runs``. The guards and the operator decide
beforehand whether to act. ``recovery`` finds out, without acting, how the calls of runs that died
turned out.
"""

from reconciler.applying.executor import Approved, act, apply_plan, skip_stale
from reconciler.applying.recovery import recover
from reconciler.applying.run_context import LIST_MAX_AGE, STOP_GRACE, ApplySettings, RunContext

__all__ = [
    "LIST_MAX_AGE",
    "STOP_GRACE",
    "ApplySettings",
    "Approved",
    "RunContext",
    "act",
    "apply_plan",
    "recover",
    "skip_stale",
]
