"""Settings of a workspace that other rooms need: limits, rates, OAuth, owners, the ledger."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from reconciler.domain.state import Platform

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A whole number from 0 that a database can hold. Decoding refuses any other."""


_SOURCE_SHRINK_PERCENT: Final = 30
_RULE_MATCHES: Final = 50


class Limits(Struct, frozen=True):
    """Limits on one run. All must hold; ``None`` means no limit, ``0`` allows none in any fleet.

    ``max_disconnect_percent`` is a share of the connected google and microsoft rows of the declared
    users. ``max_fleet_shrink_percent`` says how many of the calendar users may be missing now that
    were declared, or listed, when a run was last accepted. ``max_source_shrink_percent`` says the
    same of the rows of each source. ``max_rule_matches`` says how many calendar users an enforced
    rule with `platforms: []` may match. ``max_disconnects_per_day`` counts those that all runs of
    the workspace made in the last 24 hours. The last three are absent for the default, so that
    plans of earlier versions keep their digest; :attr:`source_shrink_percent`,
    :attr:`rule_matches` and :attr:`disconnects_per_day` are what holds.
    """

    max_disconnects: Count | None = 10
    max_disconnect_percent: Count | None = 20
    max_fleet_shrink_percent: Count | None = 30
    max_source_shrink_percent: Count | None | UnsetType = UNSET
    max_rule_matches: Count | None | UnsetType = UNSET
    max_disconnects_per_day: Count | None | UnsetType = UNSET

    @property
    def source_shrink_percent(self) -> int | None:
        """How many percent of a source's rows may be missing."""
        given = self.max_source_shrink_percent
        return _SOURCE_SHRINK_PERCENT if given is UNSET else given

    @property
    def rule_matches(self) -> int | None:
        """How many calendar users an enforced rule with `platforms: []` may match."""
        given = self.max_rule_matches
        return _RULE_MATCHES if given is UNSET else given

    @property
    def disconnects_per_day(self) -> int | None:
        """How many disconnects all runs together may make within 24 hours."""
        given = self.max_disconnects_per_day
        return None if given is UNSET else given

    def normalised(self) -> "Limits":
        """The same limits, with those absent that may be: equal limits are equal."""
        percent, matches = self.max_source_shrink_percent, self.max_rule_matches
        return structs.replace(
            self,
            max_source_shrink_percent=UNSET if percent == _SOURCE_SHRINK_PERCENT else percent,
            max_rule_matches=UNSET if matches == _RULE_MATCHES else matches,
            max_disconnects_per_day=UNSET
            if self.disconnects_per_day is None
            else self.disconnects_per_day,
        )


class RateLimits(Struct, frozen=True):
    """Calls a minute that the API allows, and the share of them that one run may use.

    ``list`` and ``authenticate`` are limits of the workspace, which the customer's product uses
    too: a run takes ``share`` of them (above 0, at most 1). ``user`` limits each call on each
    calendar user; a run uses all of it.
    """

    share: float = 0.5
    list: int = 60
    authenticate: int = 300
    user: int = 120

    def shared(self, limit: int) -> int:
        """The run's part of a workspace limit, rounded down; at least one call."""
        # The epsilon: 0.29 of 100 are 29, not the 28.999… that the product is.
        return max(1, int(limit * self.share + 1e-9))


class Timeouts(Struct, frozen=True):
    """Timeouts in seconds, except ``plan_expiry``: the hours for which a saved plan can be applied.

    ``read`` and ``list`` limit the silence between two pieces of an answer (a list may take its
    time to begin), ``read_back`` the read-backs of one call. A ``Retry-After`` above
    ``retry_after_cap`` ends the wait.
    """

    connect: float = 10
    read: float = 30
    list: float = 120
    read_back: float = 60
    retry_after_cap: float = 120
    plan_expiry: float = 24


class UnknownEmail(StrEnum):
    """Whether a connected row without an e-mail holds its user back or is ignored."""

    HOLD = "hold"
    IGNORE = "ignore"


class UndeclaredPolicy(StrEnum):
    """Whether a plan only reports users that are connected and in no manifest, or fails too."""

    REPORT = "report"
    FAIL = "fail"


class OAuthClient(Struct, frozen=True):
    """Your application, as a platform knows it. Its id is in every connect link and no secret.

    Without a ``redirect_uri`` the browser comes back to Recall's own callback.
    """

    client_id: str
    redirect_uri: str | None = None


class OAuthSettings(Struct, frozen=True):
    """What connect links are made with; the URLs are where Recall sends the browser in the end."""

    clients: Mapping[Platform, OAuthClient] = {}
    success_url: str | None = None
    error_url: str | None = None


COMMAND_LINE: Final = "the command line"


def stack_owner(stack: str) -> str:
    """The Pulumi stack ``ORGANIZATION/PROJECT/STACK`` as an owner."""
    return f"stack {stack}"


class SqliteFile(Struct, frozen=True):
    """An SQLite file; ``path`` is absolute."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


class PostgresqlDatabase(Struct, frozen=True):
    """A PostgreSQL database by its URL, which holds no password: libpq's environment has it."""

    url: str

    def __str__(self) -> str:
        return self.url


LedgerPlace: TypeAlias = SqliteFile | PostgresqlDatabase
