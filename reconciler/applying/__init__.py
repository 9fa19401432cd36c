"""Acts on an approved plan, once, and proves what happened.

``executor`` runs the users of a plan through ``user_run`` (re-read, act once, read back) and
reports every step to a ``journal``. Whether to act is decided before, by the guards and the
operator. ``settling`` finds out, without acting, what runs that died left in doubt.
"""

from reconciler.applying.executor import Assignment, Crew, Executor, Means
from reconciler.applying.recovery import Recovery
from reconciler.applying.settings import LIST_MAX_AGE, STOP_GRACE, ApplySettings

__all__ = [
    "LIST_MAX_AGE",
    "STOP_GRACE",
    "ApplySettings",
    "Assignment",
    "Crew",
    "Executor",
    "Means",
    "Recovery",
]
