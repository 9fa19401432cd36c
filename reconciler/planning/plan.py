"""The plan: plain, frozen data that can be shown, saved, compared, approved and applied.

The content of a plan follows from its inputs alone, and the same inputs give the same bytes. The
envelope says when, where and by what the plan was made.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType, field

from reconciler.domain import (
    Boundary,
    Count,
    Limits,
    Platform,
    RuleMode,
    UnknownEmail,
)
from reconciler.planning.action import (
    Action,
    Disconnect,
    UnknownConnection,
    UpdatePreferences,
)
from reconciler.planning.canonical import canonical_json, digest
from reconciler.planning.history import Contested


class Hold(StrEnum):
    """What keeps one action back. No flag lifts a hold; an edit does, or the end of its cause."""

    HANDOVER = "handover"  # a wanted platform is not connected yet
    PROTECTED = "protected"  # a `protected` pattern of the configuration matches, or may match
    AMBIGUOUS_IDENTITY = "ambiguous_identity"  # two rows have this user's id, or this platform
    UNKNOWN_PLATFORM = "unknown_platform"  # connected on a platform that we cannot act on
    IN_DOUBT = "in_doubt"  # a call of an earlier run for the user may be under way
    CONFLICTING_RULES = "conflicting_rules"  # rules disagree about this user


_DECIDED: Final = frozenset({Hold.HANDOVER, Hold.PROTECTED})
"""The holds that the manifest or the configuration asks for."""


class HoldCause(StrEnum):
    """Why a hold applies, where there can be more than one reason."""

    EMAIL_NOT_KNOWN = "email_not_known"  # `protected`: a pattern may match the unknown e-mail


class PendingReason(StrEnum):
    """Why something waits for a person: to connect, or to correct an id."""

    NOT_CONNECTED = "not_connected"
    UNKNOWN_TO_RECALL = "unknown_to_recall"
    NOT_FOUND = "not_found"  # nothing is wanted, but the id was never seen: misspelt?


class UnmanagedReason(StrEnum):
    """Why a connection is unmanaged."""

    UNMANAGED_USER = "unmanaged_user"  # no manifest names the user
    UNMANAGED_CONNECTIONS = "unmanaged_connections"  # declared without `platforms`
    UNKNOWN_PLATFORM = "unknown_platform"  # only in plans of earlier versions: a hold today
    NO_EXTERNAL_ID = "no_external_id"  # listed, but we cannot act on them


_IN_NO_MANIFEST: Final = frozenset({UnmanagedReason.UNMANAGED_USER, UnmanagedReason.NO_EXTERNAL_ID})


class NoticeCode(StrEnum):
    """A remark for the reader that leads to no action."""

    PROTECTED_MATCHES_NOBODY = "protected_matches_nobody"
    EXCEPT_MATCHES_NOBODY = "except_matches_nobody"  # of a rule: misspelt, it excepts nobody
    SOURCE_SELECTS_NOBODY = "source_selects_nobody"  # no row fulfils its `where`
    EMAIL_UNDER_SEVERAL_USERS = "email_under_several_users"
    CONNECTIONS_EMPTY = "connections_empty"  # no row at all, so it counts as not connected
    PLATFORM_NOT_LISTED = "platform_not_listed"  # no row of an unwanted platform: the same
    DECLARED_BUT_UNKNOWN = "declared_but_unknown"  # nothing is wanted, and the user is gone


class GuardName(StrEnum):
    """The guards that judge the whole plan, in display order."""

    COMPLETE_OBSERVATION = "complete-observation"
    EMPTY_DESIRED = "empty-desired"
    EMPTY_OBSERVED = "empty-observed"
    OBSERVED_FLEET_SHRINK = "observed-fleet-shrink"
    DESIRED_FLEET_SHRINK = "desired-fleet-shrink"
    SOURCE_SHRINK = "source-shrink"
    RULE_BREADTH = "rule-breadth"
    TAKEOVER = "takeover"
    MAX_DISCONNECTS = "max-disconnects"
    MAX_DISCONNECT_PERCENT = "max-disconnect-percent"
    MAX_DISCONNECTS_PER_DAY = "max-disconnects-per-day"


class Judgement(StrEnum):
    """A guard's decision about a plan. Only ``REFUSED`` prevents an apply."""

    PASSED = "passed"
    # The fleet is too small for a percentage, or no limit for shrinking is set.
    NOT_APPLICABLE = "not_applicable"
    # Nothing to compare with: there is no history, or the list is incomplete.
    NOT_JUDGED = "not_judged"
    REFUSED = "refused"
    ALLOWED = "allowed"  # refused, and this run's operator allowed it


class Pending(Struct, frozen=True):
    """What only a person can do. ``similar`` are known ids that look alike.

    Either the user has to connect ``platform``, or (`not_found`) somebody has to correct an id that
    was never seen and wants nothing; ``platform`` is null then.
    """

    user: str
    platform: Platform | None
    reason: PendingReason
    similar: tuple[str, ...] = ()
    kind: Literal["connect_required", "not_found"] = "connect_required"


class HeldAction(Struct, frozen=True):
    """An action that ``holds`` keep back.

    ``cause`` says why it is `protected` although no pattern is known to match; absent otherwise.
    ``rules`` are the names of the `conflicting_rules`; absent otherwise.
    """

    action: Action | UnknownConnection
    holds: tuple[Hold, ...]
    cause: HoldCause | UnsetType = UNSET
    rules: tuple[str, ...] | UnsetType = UNSET

    @property
    def waits(self) -> bool:
        """Whether it waits for information, and not only for a decision to change."""
        return self.cause is not UNSET or not _DECIDED.issuperset(self.holds)


class Unmanaged(Struct, frozen=True, gc=False):
    """A calendar user with connected ``platforms`` that no manifest manages."""

    user: str | None
    recall_id: str
    platforms: tuple[str, ...]
    reason: UnmanagedReason

    @property
    def undeclared(self) -> bool:
        """Whether the user is connected and in no manifest."""
        return bool(self.platforms) and self.reason in _IN_NO_MANIFEST


class Undetermined(Struct, frozen=True, gc=False):
    """A declared user who is missing from an incomplete observation: unknown."""

    user: str


class Notice(Struct, frozen=True):
    """A remark on the configuration or the fleet: its ``subject``, and the ids it is about."""

    code: NoticeCode
    subject: str
    users: tuple[str, ...] = ()


class Verdict(Struct, frozen=True):
    """The decision of one guard in numbers: ``actual`` against ``limit``, as a share of ``total``.

    ``limit`` is null if none is set. ``actual`` counts the problems of the observation for
    ``complete-observation``, and the users of the fleet for the guards on fleets. ``total`` of
    ``empty-observed`` counts the connected rows if none of their platforms is known, of
    ``empty-desired`` the declared rules, and of ``rule-breadth`` the listed external ids. For a
    shrinking fleet, ``limit`` is the percentage that may be missing of ``total``, the users of the
    fleet that was last accepted; null without history. For ``takeover``, ``actual`` counts the
    users of another owner that are declared differently; ``contested`` are the first of them. The
    ``subject`` is the source that ``source-shrink`` counts the rows of, the one that shrank most,
    or the rule that ``rule-breadth`` counts the matches of, the broadest one.
    """

    guard: GuardName
    judgement: Judgement
    actual: Count
    limit: Count | None = None
    total: Count | None = None
    contested: tuple[Contested, ...] | UnsetType = UNSET
    subject: str | UnsetType = UNSET


class FleetCounts(Struct, frozen=True):
    """Counts of the whole fleet, before selection. ``connections`` are the connected google and
    microsoft rows of the declared users; the percentage limit is a share of them."""

    declared: Count
    observed: Count
    connections: Count
    converged: Count


class PlanConfiguration(Struct, frozen=True):
    """The part of the configuration that a plan depends on.

    ``protected_unknown_email`` is absent for the default, `hold`.
    """

    limits: Limits
    protected: tuple[str, ...]
    protected_unknown_email: UnknownEmail | UnsetType = UNSET


class PlanSource(Struct, frozen=True):
    """A source as the plan read it: the digest of its bytes, and how many ``rows`` it selected."""

    name: str
    digest: str
    rows: Count


class PlanRule(Struct, frozen=True):
    """A rule in force: how many calendar users it ``matched``, and the ``users`` of them that are
    not as it wants them. Under `report` nothing follows from it."""

    name: str
    mode: RuleMode
    matched: Count
    users: tuple[str, ...]


class Content(Struct, frozen=True):
    """What follows from the inputs alone: manifests, list, configuration, history, selection.

    Everything is ordered by user; the actions of one user are in the order of execution.
    ``problems`` says why the observation is incomplete. ``selection`` and ``exclusion`` are the
    selectors; the latter is absent if nothing is excluded. ``deselected`` counts the actions that
    they leave out. ``contested`` are the users that this plan would take over from another
    owner; absent if there are none. ``sources`` and ``rules`` are those that this plan follows;
    ``upcoming`` is what begins or ends within fourteen days. Files and reports call
    ``unmanaged`` by its old name.
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
    unmanaged: tuple[Unmanaged, ...] = field(name="spared")
    notices: tuple[Notice, ...]
    deselected: Count
    guards: tuple[Verdict, ...]
    exclusion: tuple[str, ...] | UnsetType = UNSET
    contested: tuple[Contested, ...] | UnsetType = UNSET
    sources: tuple[PlanSource, ...] | UnsetType = UNSET
    rules: tuple[PlanRule, ...] | UnsetType = UNSET
    upcoming: tuple[Boundary, ...] | UnsetType = UNSET

    @property
    def disconnects(self) -> tuple[Disconnect, ...]:
        return tuple(action for action in self.actions if isinstance(action, Disconnect))

    @property
    def updates(self) -> tuple[UpdatePreferences, ...]:
        return tuple(action for action in self.actions if isinstance(action, UpdatePreferences))

    @property
    def not_found(self) -> int:
        """How many ids that want nothing were never seen."""
        return sum(1 for pending in self.pending if pending.reason is PendingReason.NOT_FOUND)

    @property
    def undeclared(self) -> tuple[Unmanaged, ...]:
        """The calendar users that are connected and in no manifest."""
        return tuple(entry for entry in self.unmanaged if entry.undeclared)

    @property
    def reported(self) -> int:
        """How many users are not as a rule asks that only reports."""
        reporting = (rule for rule in self.rules or () if rule.mode is RuleMode.REPORT)
        return len({user for rule in reporting for user in rule.users})

    @property
    def waits(self) -> bool:
        """Whether something waits for a person: to connect, or to find something out."""
        return bool(self.pending) or any(blocked.waits for blocked in self.blocked)

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        """The verdicts of the guards that refuse this plan."""
        return tuple(v for v in self.guards if v.judgement is Judgement.REFUSED)

    @property
    def in_doubt(self) -> tuple[HeldAction, ...]:
        """The actions held because an earlier call for the user may still be in progress."""
        return tuple(blocked for blocked in self.blocked if Hold.IN_DOUBT in blocked.holds)

    def digest(self) -> str:
        """The digest that names the plan in approvals and comparisons."""
        return digest(canonical_json(self))


class UserLabels(Struct, frozen=True):
    """The group of a user, the source whose row declares them, and the rules that do.

    Each is absent if there is none.
    """

    group: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    rules: tuple[str, ...] | UnsetType = UNSET


class Envelope(Struct, frozen=True):
    """When, where and by what a plan was made.

    ``made`` and ``expires`` are RFC 3339 in UTC. ``commit`` is the git commit of the manifests,
    with ``-dirty`` if they differ from it, or null. ``key_fingerprint`` identifies the API key and
    holds no part of it. ``sources`` gives ``file:line:column`` for each declared user in the plan,
    ``labels`` what else is known of those; it is absent if nothing is.
    """

    made: str
    expires: str
    commit: str | None
    tool_version: str
    key_fingerprint: str
    sources: Mapping[str, str]
    labels: Mapping[str, UserLabels] | UnsetType = UNSET


class Plan(Struct, frozen=True):
    """A plan with its envelope."""

    content: Content
    envelope: Envelope
