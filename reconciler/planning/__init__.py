"""Makes a judged plan of the desired and the observed state. Pure: no I/O, no clock, no client.

``planner`` compares and plans, ``guards`` judge, ``plan_file`` writes and reads plans.
``preconditions`` and ``plan_diff`` say which actions of a plan may still be done later.
"""

from reconciler.planning.action import (
    Action,
    ActionReason,
    Disconnect,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.planning.guards import ALLOWABLE, NAMED, SMALL_FLEET, allow, judge, judge_list
from reconciler.planning.history import (
    Contested,
    FleetSize,
    History,
    Owned,
    Ownership,
    users_to_look_up,
)
from reconciler.planning.plan import (
    Content,
    Envelope,
    FleetCounts,
    GuardName,
    HeldAction,
    Hold,
    HoldCause,
    Judgement,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
    Plan,
    PlanConfiguration,
    Undetermined,
    Unmanaged,
    UnmanagedReason,
    Verdict,
    canonical_json,
    desired_digest,
)
from reconciler.planning.plan_diff import (
    GuardChange,
    PlanChanges,
    Stale,
    changes_since,
    divide,
    narrowed,
)
from reconciler.planning.plan_file import (
    MAX_BYTES,
    PlanUnusable,
    decode_plan,
    encode_plan,
    expires_at,
    seal,
)
from reconciler.planning.planner import Target, evidence_of, make_plan
from reconciler.planning.preconditions import (
    PreconditionResult,
    check_listed_preconditions,
    check_preconditions,
    effect_shows,
)
from reconciler.planning.protection import Protection
from reconciler.planning.selection import UnmatchedSelector, select
from reconciler.planning.suggestions import lookalike_remarks
from reconciler.planning.user_index import UserIndex, has_no_row, is_cut_short, listed_platforms

__all__ = [
    "ALLOWABLE",
    "MAX_BYTES",
    "NAMED",
    "SMALL_FLEET",
    "Action",
    "ActionReason",
    "Content",
    "Contested",
    "Disconnect",
    "Envelope",
    "FleetCounts",
    "FleetSize",
    "GuardChange",
    "GuardName",
    "HeldAction",
    "History",
    "Hold",
    "HoldCause",
    "Judgement",
    "Notice",
    "NoticeCode",
    "Owned",
    "Ownership",
    "Pending",
    "PendingReason",
    "Plan",
    "PlanChanges",
    "PlanConfiguration",
    "PlanUnusable",
    "PreconditionResult",
    "Protection",
    "Stale",
    "Target",
    "Undetermined",
    "UnknownConnection",
    "Unmanaged",
    "UnmanagedReason",
    "UnmatchedSelector",
    "UpdatePreferences",
    "UserIndex",
    "Verdict",
    "allow",
    "canonical_json",
    "changes_since",
    "check_listed_preconditions",
    "check_preconditions",
    "decode_plan",
    "desired_digest",
    "divide",
    "effect_shows",
    "encode_plan",
    "evidence_of",
    "expires_at",
    "has_no_row",
    "is_cut_short",
    "judge",
    "judge_list",
    "listed_platforms",
    "lookalike_remarks",
    "make_plan",
    "narrowed",
    "seal",
    "select",
    "users_to_look_up",
]
