"""Actions: one call each, with the preconditions that must hold when it is sent.

The executor takes its target from the action alone. So an action names its own workspace, user and
platform, and carries its preconditions.
"""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from reconciler.domain import Platform, Preferences, RuleMatch


class ActionReason(StrEnum):
    """Why a call is planned. The codes are stable: reports and pipelines may match on them."""

    UNWANTED_PLATFORM = "unwanted_platform"  # the wanted platforms are connected
    NOTHING_WANTED = "nothing_wanted"  # `platforms: []`
    HANDOVER_IMMEDIATE = "handover_immediate"  # a wanted one is missing; `handover: immediate`
    PREFERENCES_DIFFER = "preferences_differ"


class RuleCondition(Struct, frozen=True):
    """What must hold of a calendar user for the rule ``name`` to apply to them.

    ``excepted`` are patterns: nobody that one matches, by id or e-mail, is meant.
    """

    name: str
    match: RuleMatch
    excepted: tuple[str, ...] = ()


class Disconnect(Struct, frozen=True, tag="disconnect", tag_field="kind"):
    """Disconnect one platform of one calendar user.

    ``recall_id`` and ``connection_id`` are the observed ids (a null connection id matches only
    null). ``requires_connected`` are the wanted platforms that must be connected when the call is
    sent; empty only for ``platforms: []`` and ``handover: immediate``. ``email`` is for the
    reader, ``note`` is the manifest's ``reason``. ``rules`` are the conditions of the rules that
    ask for it, which must all hold when the call is sent; absent if no rule does.
    """

    workspace: str
    user: str
    recall_id: str
    platform: Platform
    connection_id: str | None
    email: str | None
    requires_connected: tuple[Platform, ...]
    reason: ActionReason
    note: str | None
    rules: tuple[RuleCondition, ...] | UnsetType = UNSET

    @property
    def key(self) -> str:
        """The action's name within its plan."""
        return f"disconnect {self.platform} of {self.user}"


class UpdatePreferences(Struct, frozen=True, tag="update_preferences", tag_field="kind"):
    """Set the declared preferences of one calendar user.

    ``preferences`` has the declared fields that differ, ``seen`` their observed values; null if the
    user had no preferences at all. ``rules``: as for :class:`Disconnect`.
    """

    workspace: str
    user: str
    recall_id: str
    preferences: Preferences
    seen: Preferences | None
    reason: ActionReason
    note: str | None
    rules: tuple[RuleCondition, ...] | UnsetType = UNSET

    @property
    def key(self) -> str:
        """The action's name within its plan."""
        return f"update preferences of {self.user}"


class UnknownConnection(Struct, frozen=True, tag="unknown_connection", tag_field="kind"):
    """An unwanted connection on a platform that this version does not know.

    No call disconnects it, so it is no action: a plan only ever has it as held.
    """

    workspace: str
    user: str
    recall_id: str
    platform: str
    connection_id: str | None
    email: str | None
    note: str | None

    @property
    def key(self) -> str:
        """Its name within the plan."""
        return f"disconnect {self.platform} of {self.user}"


Action = Disconnect | UpdatePreferences
