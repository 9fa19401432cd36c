"""Calendar reconciler: say in git which calendar platforms each person has connected at Recall.ai.

Manifests say what should be connected, the list call says what is, the difference becomes a
plan, guards judge the plan, and only an approved plan can make the one call that changes
anything. ``docs/architecture.md`` is the map of the rooms.
"""

__version__ = "0.1.0"
