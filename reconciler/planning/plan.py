"""The plan: plain, frozen data that can be shown, saved, compared, approved and applied.

``content`` follows from what is desired, observed, configured, remembered and selected alone and
is byte-identical for the same input; ``envelope`` says where, when and by what it was made.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from reconciler.domain import Count, Limits, Platform, UnknownEmail
from reconciler.planning.action import (
    Action,
    Disconnect,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.planning.canonical import canonical_json, digest
from reconciler.planning.history import Contested


class Hold(StrEnum):
    """What keeps one action back; no flag lifts it, but an edit does, or that it is settled."""

    HANDOVER = "handover"  # a wanted platform is not connected yet
    PROTECTED = "protected"  # a `protected` pattern of the configuration matches, or may match
    AMBIGUOUS_IDENTITY = "ambiguous_identity"  # two rows answer to this user or this platform
    UNKNOWN_PLATFORM = "unknown_platform"  # connected on a platform that we cannot act on
    IN_DOUBT = "in_doubt"  # a call of an earlier run for the user may be under way


_DECIDED: Final = frozenset({Hold.HANDOVER, Hold.PROTECTED})
"""The holds that the manifest or the configuration asks for."""


class HoldCause(StrEnum):
    """Why a hold applies, where it has more than one reason to."""

    EMAIL_NOT_KNOWN = "email_not_known"  # `protected`: a pattern may match an e-mail nobody told


class PendingReason(StrEnum):
    """Why something waits for a person: to connect, or to correct an id."""

    NOT_CONNECTED = "not_connected"
    UNKNOWN_TO_RECALL = "unknown_to_recall"
    NOT_FOUND = "not_found"  # nothing of them is wanted, but nobody knows who they are: misspelt?


class UnmanagedReason(StrEnum):
    """Why something that is connected is nobody's business here."""

    UNMANAGED_USER = "unmanaged_user"  # no manifest names the user
    UNMANAGED_CONNECTIONS = "unmanaged_connections"  # declared without `platforms`
    UNKNOWN_PLATFORM = "unknown_platform"  # only in plans of earlier versions: a hold today
    NO_EXTERNAL_ID = "no_external_id"  # can be listed, cannot be acted on


class NoticeCode(StrEnum):
    """What a reader should know although nothing follows from it."""

    PROTECTED_MATCHES_NOBODY = "protected_matches_nobody"
    EMAIL_UNDER_SEVERAL_USERS = "email_under_several_users"
    CONNECTIONS_EMPTY = "connections_empty"  # no row at all, and so taken for not connected
    PLATFORM_NOT_LISTED = "platform_not_listed"  # no row of an unwanted platform: the same
    DECLARED_BUT_UNKNOWN = "declared_but_unknown"  # nothing of them is wanted, and they are gone


class GuardName(StrEnum):
    """The guards that judge the whole plan, in the order in which they are shown."""

    COMPLETE_OBSERVATION = "complete-observation"
    EMPTY_DESIRED = "empty-desired"
    EMPTY_OBSERVED = "empty-observed"
    OBSERVED_FLEET_SHRINK = "observed-fleet-shrink"
    DESIRED_FLEET_SHRINK = "desired-fleet-shrink"
    TAKEOVER = "takeover"
    MAX_DISCONNECTS = "max-disconnects"
    MAX_DISCONNECT_PERCENT = "max-disconnect-percent"


class Judgement(StrEnum):
    """What a guard says of a plan. Only ``REFUSED`` keeps it from being applied."""

    PASSED = "passed"
    # A percentage of a fleet too small for percentages; or shrinkage, for which no limit is set.
    NOT_APPLICABLE = "not_applicable"
    # Nothing to compare with: no earlier run is remembered, or how many are listed is unknown.
    NOT_JUDGED = "not_judged"
    REFUSED = "refused"
    ALLOWED = "allowed"  # refused, and the operator of this run allowed it


class Pending(Struct, frozen=True):
    """What only a person can do. ``similar`` are known ids that look alike.

    Either somebody has to connect ``platform``, or (`not_found`) the id of somebody of whom nothing
    is wanted has to be corrected, who was never seen: ``platform`` is null then.
    """

    user: str
    platform: Platform | None
    reason: PendingReason
    similar: tuple[str, ...] = ()
    kind: Literal["connect_required", "not_found"] = "connect_required"


class HeldAction(Struct, frozen=True):
    """An action that would be done but for ``holds``.

    ``cause`` says why `protected` is among them where no pattern is known to match; left out
    otherwise.
    """

    action: Action | UnknownConnection
    holds: tuple[Hold, ...]
    cause: HoldCause | UnsetType = UNSET

    @property
    def waits(self) -> bool:
        """Whether somebody has to find something out; not where a decision keeps it back."""
        return self.cause is not UNSET or not _DECIDED.issuperset(self.holds)


class Unmanaged(Struct, frozen=True, gc=False):
    """A calendar user of whom ``platforms`` are connected and left alone."""

    user: str | None
    recall_id: str
    platforms: tuple[str, ...]
    reason: UnmanagedReason


class Undetermined(Struct, frozen=True, gc=False):
    """A declared user who is missing from an observation that was not complete: unknown."""

    user: str


class Notice(Struct, frozen=True):
    """A remark on the configuration or the fleet: ``subject`` and the ids it is about."""

    code: NoticeCode
    subject: str
    users: tuple[str, ...] = ()


class Verdict(Struct, frozen=True):
    """What one guard said, in numbers: ``actual`` against ``limit``, of ``total`` where a share.

    ``limit`` is null where none is set. For ``complete-observation`` ``actual`` counts the
    problems of the observation, for the guards on fleets the users of that fleet. ``total`` of
    ``empty-observed`` counts the connected rows where no platform of them is known. Where a fleet
    may shrink, ``limit`` is the percentage that may be missing of ``total``, the users of the
    fleet that was last accepted: null where none is remembered. For ``takeover`` ``actual`` counts
    the users who belong to another owner and are declared otherwise; ``contested`` are the first.
    """

    guard: GuardName
    judgement: Judgement
    actual: Count
    limit: Count | None = None
    total: Count | None = None
    contested: tuple[Contested, ...] | UnsetType = UNSET


class FleetCounts(Struct, frozen=True):
    """How many there are, before selection. ``connections`` are the connected google and
    microsoft rows of the declared users: what the percentage limit is of."""

    declared: Count
    observed: Count
    connections: Count
    converged: Count


class PlanConfiguration(Struct, frozen=True):
    """The part of the configuration that a plan follows from.

    ``protected_unknown_email`` is left out where it is the default, `hold`.
    """

    limits: Limits
    protected: tuple[str, ...]
    protected_unknown_email: UnknownEmail | UnsetType = UNSET


class Content(Struct, frozen=True):
    """What follows from the inputs alone: manifests, list, configuration, memory, selection.

    Everything is ordered by user; actions of one user in the order in which they are done.
    ``problems`` says why the observation is incomplete, ``deselected`` counts the actions that
    the selection leaves out. ``contested`` are those whom this would take over from another owner;
    left out where there is nobody.
    """

    format: Literal["reconciler/plan/v1"]
    workspace: str
    base_url: str
    desired_digest: str
    configuration: PlanConfiguration
    selection: tuple[str, ...] | None
    fleet: FleetCounts
    problems: tuple[str, ...]
    actions: tuple[Action, ...]
    pending: tuple[Pending, ...]
    blocked: tuple[HeldAction, ...]
    undetermined: tuple[Undetermined, ...]
    spared: tuple[Unmanaged, ...]
    notices: tuple[Notice, ...]
    deselected: Count
    guards: tuple[Verdict, ...]
    contested: tuple[Contested, ...] | UnsetType = UNSET

    @property
    def disconnects(self) -> tuple[Disconnect, ...]:
        return tuple(action for action in self.actions if isinstance(action, Disconnect))

    @property
    def updates(self) -> tuple[UpdatePreferences, ...]:
        return tuple(action for action in self.actions if isinstance(action, UpdatePreferences))

    @property
    def not_found(self) -> int:
        """How many ids of those of whom nothing is wanted were never seen."""
        return sum(1 for pending in self.pending if pending.reason is PendingReason.NOT_FOUND)

    @property
    def waits(self) -> bool:
        """Whether something waits for a person: to connect, or to find out what is not known."""
        return bool(self.pending) or any(blocked.waits for blocked in self.blocked)

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        """The guards that refuse this plan; an incomplete observation is among them."""
        return tuple(v for v in self.guards if v.judgement is Judgement.REFUSED)

    @property
    def in_doubt(self) -> tuple[HeldAction, ...]:
        """What is held because an earlier call for the user may still be under way."""
        return tuple(blocked for blocked in self.blocked if Hold.IN_DOUBT in blocked.holds)

    def digest(self) -> str:
        """The plan's name, for approvals and comparison."""
        return digest(canonical_json(self))


class Envelope(Struct, frozen=True):
    """Where, when and by what a plan was made.

    ``made`` and ``expires`` are RFC 3339 in UTC; ``commit`` is the git commit of the manifests,
    with ``-dirty`` where they are not as committed, or null; ``key_fingerprint`` tells one API key
    from another and holds no part of it; ``sources`` gives ``file:line:column`` for each declared
    user that the plan speaks of.
    """

    made: str
    expires: str
    commit: str | None
    tool_version: str
    key_fingerprint: str
    sources: Mapping[str, str]


class Plan(Struct, frozen=True):
    """A plan with its envelope."""

    content: Content
    envelope: Envelope
