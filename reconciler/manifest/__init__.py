"""Reads YAML manifests, and the rows that they name, into declarations.

The engine calls :func:`load_manifests`. The configuration uses the same YAML reader, validation and
error texts (``document``, ``validation``, ``source``), so that both explain errors alike.
"""

from reconciler.manifest.loader import gc_paused, load_manifests
from reconciler.manifest.search import find_manifests
from reconciler.manifest.sources import InputReader, skip_input
from reconciler.manifest.validation import schema, schema_names, schema_text

__all__ = [
    "InputReader",
    "find_manifests",
    "gc_paused",
    "load_manifests",
    "schema",
    "schema_names",
    "schema_text",
    "skip_input",
]
