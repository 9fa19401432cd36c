"""The use cases that the fronts share: load → observe → plan → guard; approve → apply → verify."""

from reconciler.engine.acting import (
    Approved,
    Circumstances,
    ManifestsMoved,
    Refused,
    carry_out,
    check_place,
    check_usable,
    judge_fresh,
    judge_saved,
)
from reconciler.engine.acting_run import ActingRun, Terms, acting_run
from reconciler.engine.comparing import compare, preview_again
from reconciler.engine.configured import apply_settings, limit_sources, protection_of
from reconciler.engine.examining import examine
from reconciler.engine.exits import Exit, exit_status, of_signal
from reconciler.engine.handing_over import hand_over, take_back
from reconciler.engine.importing import Imported, declared_already, import_manifest
from reconciler.engine.joining import JoinedActing, join_acting
from reconciler.engine.narrowing import narrow
from reconciler.engine.overrides import Overrides, overrides
from reconciler.engine.previewing import (
    IncompleteList,
    Observation,
    judged_content,
    observe,
    preview,
)
from reconciler.engine.remembering import Remembered, remember
from reconciler.engine.resuming import Resumption, resumption
from reconciler.engine.session import Session, open_session

__all__ = [
    "ActingRun",
    "Approved",
    "Circumstances",
    "Exit",
    "Imported",
    "IncompleteList",
    "JoinedActing",
    "ManifestsMoved",
    "Observation",
    "Overrides",
    "Refused",
    "Remembered",
    "Resumption",
    "Session",
    "Terms",
    "acting_run",
    "apply_settings",
    "carry_out",
    "check_place",
    "check_usable",
    "compare",
    "declared_already",
    "examine",
    "exit_status",
    "hand_over",
    "import_manifest",
    "join_acting",
    "judge_fresh",
    "judge_saved",
    "judged_content",
    "limit_sources",
    "narrow",
    "observe",
    "of_signal",
    "open_session",
    "overrides",
    "preview",
    "preview_again",
    "protection_of",
    "remember",
    "resumption",
    "take_back",
]
