"""The use cases that the fronts share: load → observe → plan → guard; approve → apply → verify."""

from reconciler.engine.acting import (
    Approved,
    Refused,
    carry_out,
    check_usable,
    judge_fresh,
    judge_saved,
)
from reconciler.engine.examining import examine
from reconciler.engine.importing import Imported, import_manifest
from reconciler.engine.previewing import IncompleteList, Observation, observe, preview
from reconciler.engine.session import Session, open_session

__all__ = [
    "Approved",
    "Imported",
    "IncompleteList",
    "Observation",
    "Refused",
    "Session",
    "carry_out",
    "check_usable",
    "examine",
    "import_manifest",
    "judge_fresh",
    "judge_saved",
    "observe",
    "open_session",
    "preview",
]
