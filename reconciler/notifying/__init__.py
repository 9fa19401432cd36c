"""Notifies the targets of a workspace: once a change, and never in the way of a run.

``ready_targets`` checks everything that can be checked without sending. A ``Notifier`` then takes
reports and returns how each delivery ended. No failure here raises, or changes a status.
"""

from reconciler.notifying.notifier import DELIVERY_SECONDS, Notifier
from reconciler.notifying.targets import ready_targets

__all__ = ["DELIVERY_SECONDS", "Notifier", "ready_targets"]
