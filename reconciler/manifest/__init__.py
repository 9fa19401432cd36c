"""YAML manifests → the desired state of a workspace.

The engine calls :func:`load_manifests`; the configuration uses the same YAML reader, validation
and words (``document``, ``validation``, ``source``, ``shown``), so that both explain errors alike.
"""

from reconciler.manifest.loader import collector_paused, load_manifests
from reconciler.manifest.search import find_manifests
from reconciler.manifest.validation import schema, schema_names, schema_text

__all__ = [
    "collector_paused",
    "find_manifests",
    "load_manifests",
    "schema",
    "schema_names",
    "schema_text",
]
