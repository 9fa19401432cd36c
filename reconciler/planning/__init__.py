"""Pure: desired and observed in, a judged plan out. No I/O, no clock, no client.

``planner`` compares and plans, ``guards`` judge, ``codec`` turns plans into files and back;
``preconditions`` and ``staleness`` say what of a plan may still be done later.
"""

from reconciler.planning.action import (
    Action,
    ActionReason,
    Disconnect,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.planning.canonical import canonical_json, desired_digest
from reconciler.planning.changes import GuardChange, PlanChanges, changes_since
from reconciler.planning.codec import (
    MAX_BYTES,
    PlanUnusable,
    decode_plan,
    encode_plan,
    expires_at,
    rfc3339,
    seal,
)
from reconciler.planning.guards import ALLOWABLE, NAMED, SMALL_FLEET, judge, judge_list
from reconciler.planning.history import FleetSize, History, asked_of
from reconciler.planning.lookalikes import lookalike_remarks
from reconciler.planning.missing_rows import has_no_row, is_cut_short, listed_platforms
from reconciler.planning.narrowing import narrowed
from reconciler.planning.ownership import Contested, Owned, Ownership
from reconciler.planning.plan import (
    Blocked,
    Content,
    Envelope,
    Fleet,
    GuardName,
    Hold,
    HoldCause,
    Judged,
    Judgement,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
    Plan,
    Spared,
    SparedReason,
    Undetermined,
    Verdict,
)
from reconciler.planning.planner import Target, evidence_of, make_plan
from reconciler.planning.preconditions import Standing, effect_shows, listed_standing, standing
from reconciler.planning.protection import Protection
from reconciler.planning.roster import Roster
from reconciler.planning.selection import UnmatchedSelector, select
from reconciler.planning.staleness import Stale, divide

__all__ = [
    "ALLOWABLE",
    "MAX_BYTES",
    "NAMED",
    "SMALL_FLEET",
    "Action",
    "ActionReason",
    "Blocked",
    "Content",
    "Contested",
    "Disconnect",
    "Envelope",
    "Fleet",
    "FleetSize",
    "GuardChange",
    "GuardName",
    "History",
    "Hold",
    "HoldCause",
    "Judged",
    "Judgement",
    "Notice",
    "NoticeCode",
    "Owned",
    "Ownership",
    "Pending",
    "PendingReason",
    "Plan",
    "PlanChanges",
    "PlanUnusable",
    "Protection",
    "Roster",
    "Spared",
    "SparedReason",
    "Stale",
    "Standing",
    "Target",
    "Undetermined",
    "UnknownConnection",
    "UnmatchedSelector",
    "UpdatePreferences",
    "Verdict",
    "asked_of",
    "canonical_json",
    "changes_since",
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
    "listed_standing",
    "lookalike_remarks",
    "make_plan",
    "narrowed",
    "rfc3339",
    "seal",
    "select",
    "standing",
]
