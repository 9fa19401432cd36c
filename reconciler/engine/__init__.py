"""The use cases that the fronts share: load → observe → plan → guard; approve → apply → verify."""

from reconciler.applying import Approved
from reconciler.domain import Exit, Observation
from reconciler.engine.acting_run import ActingRun, RunOptions, acting_run
from reconciler.engine.approval import (
    ManifestsChanged,
    Overrides,
    Refused,
    carry_out,
    check_account,
    check_place,
    check_usable,
    judge_fresh,
    judge_saved,
    narrow,
    overrides,
)
from reconciler.engine.declared_twice import declared_twice
from reconciler.engine.doctor import examine
from reconciler.engine.earlier_plan import Resumption, compare, preview_again, resumption
from reconciler.engine.exits import FAILING, PlanState, exit_status, worst
from reconciler.engine.explanation import explain_user
from reconciler.engine.import_manifest import (
    Imported,
    declared_already,
    declared_ids,
    import_manifest,
)
from reconciler.engine.page_history import with_history, with_last_plan
from reconciler.engine.pending import LinkRefused, find_pending
from reconciler.engine.preview import (
    IncompleteList,
    PlanInputs,
    WorkspaceHistory,
    judged_content,
    load_declarations,
    observe,
    plan_inputs,
    preview,
    remember,
)
from reconciler.engine.rules import find_rules
from reconciler.engine.session import (
    RateLimiters,
    Session,
    apply_settings,
    limit_sources,
    open_session,
    protection_of,
)
from reconciler.engine.shared_run import SharedRun, close_shared_run, join_acting, share_run

__all__ = [
    "FAILING",
    "ActingRun",
    "Approved",
    "Exit",
    "Imported",
    "IncompleteList",
    "LinkRefused",
    "ManifestsChanged",
    "Observation",
    "Overrides",
    "PlanInputs",
    "PlanState",
    "RateLimiters",
    "Refused",
    "Resumption",
    "RunOptions",
    "Session",
    "SharedRun",
    "WorkspaceHistory",
    "acting_run",
    "apply_settings",
    "carry_out",
    "check_account",
    "check_place",
    "check_usable",
    "close_shared_run",
    "compare",
    "declared_already",
    "declared_ids",
    "declared_twice",
    "examine",
    "exit_status",
    "explain_user",
    "find_pending",
    "find_rules",
    "import_manifest",
    "join_acting",
    "judge_fresh",
    "judge_saved",
    "judged_content",
    "limit_sources",
    "load_declarations",
    "narrow",
    "observe",
    "open_session",
    "overrides",
    "plan_inputs",
    "preview",
    "preview_again",
    "protection_of",
    "remember",
    "resumption",
    "share_run",
    "with_history",
    "with_last_plan",
    "worst",
]
