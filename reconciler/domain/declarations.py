"""What manifests declare: entries, rows of sources, rules and dates; and the state they ask for.

:class:`Declarations` is what the files say, at any time and for any fleet. :class:`DesiredState` is
what they ask for at one moment, for the users that one list shows.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.domain.diagnostic import SourceLocation
from reconciler.domain.state import Handover, Platform, Preferences


class Window(Struct, frozen=True, gc=False):
    """When a declaration counts: from ``start`` on, and before ``end``, both in UTC.

    None means always so far, or for ever.
    """

    start: datetime | None = None
    end: datetime | None = None

    def covers(self, now: datetime) -> bool:
        """Whether the declaration counts ``now``."""
        return (self.start is None or self.start <= now) and (self.end is None or now < self.end)

    def within(self, other: "Window | None") -> "Window":
        """The time that this window and ``other`` share; it may be empty."""
        if other is None:
            return self
        starts = [start for start in (self.start, other.start) if start is not None]
        ends = [end for end in (self.end, other.end) if end is not None]
        return Window(max(starts, default=None), min(ends, default=None))

    @property
    def empty(self) -> bool:
        """Whether it covers no moment."""
        return self.start is not None and self.end is not None and self.start >= self.end


class DatedKind(StrEnum):
    """What can have dates."""

    USER = "user"
    GROUP = "group"
    SOURCE = "source"
    RULE = "rule"


class Dated(Struct, frozen=True, gc=False):
    """A part of a manifest that has dates: an entry, a group, a source or a rule, by its name."""

    kind: DatedKind
    name: str
    window: Window
    place: SourceLocation


class BoundaryKind(StrEnum):
    """What happens at a boundary."""

    BEGINS = "begins"
    ENDS = "ends"


class Boundary(Struct, frozen=True):
    """The moment ``at`` (RFC 3339, UTC) at which a declaration begins or ends to count."""

    at: str
    kind: BoundaryKind
    what: DatedKind
    name: str
    place: str


class RuleMode(StrEnum):
    """What a rule does: only say who it concerns, or declare them."""

    REPORT = "report"
    ENFORCE = "enforce"


class RuleMatch(Struct, frozen=True):
    """The calendar users that a rule selects; every condition that is given must hold.

    ``id`` and ``email`` are patterns in which ``*`` matches any text. ``connected``: one of these
    platforms is connected. ``unmanaged``: no entry and no row of a source declares the user.
    """

    id: str | None = None
    email: str | None = None
    connected: tuple[Platform, ...] = ()
    unmanaged: bool = False


class Rule(Struct, frozen=True):
    """Declares the calendar users that ``match`` selects, without those that a pattern in
    ``excepted`` matches by id or e-mail."""

    name: str
    match: RuleMatch
    excepted: tuple[str, ...]
    platforms: frozenset[Platform] | None
    handover: Handover
    preferences: Preferences | None
    reason: str | None
    mode: RuleMode
    window: Window | None
    place: SourceLocation


class SourceUse(Struct, frozen=True):
    """What was read of a source: the ``digest`` of its bytes (``sha256:…``), and the number of
    ``rows`` that its ``where`` selects; several of one id count once.

    ``definition`` is what the manifest says of it, as plain data.
    """

    name: str
    digest: str
    rows: int
    definition: Mapping[str, object]
    place: SourceLocation


class DesiredUser(Struct, frozen=True, gc=False):
    """One declared calendar user, with defaults and groups applied.

    ``platforms`` are exactly the platforms to be connected; ``None`` leaves the connections
    unmanaged. ``preferences`` holds only the declared fields. ``group`` serves selection alone; it
    is no part of what is desired. ``source`` names the source whose row declares the user; None for
    an entry. ``takes_rules`` lets a rule set platforms that the declaration leaves out;
    ``overrides_sources`` lets an entry contradict rows. ``rules`` are those that gave platforms
    (``platforms_by_rules``) or preferences, and ``conflicting`` the names of rules that disagree.
    ``others`` are the farther declarations of the user that count too.
    """

    id: str
    platforms: frozenset[Platform] | None
    handover: Handover
    reason: str | None
    preferences: Preferences | None
    group: str | None
    place: SourceLocation
    window: Window | None = None
    source: str | None = None
    takes_rules: bool = False
    overrides_sources: bool = False
    rules: tuple[Rule, ...] = ()
    platforms_by_rules: bool = False
    conflicting: tuple[str, ...] = ()
    others: tuple["DesiredUser", ...] = ()


class LayerKind(StrEnum):
    """What can say something of a user, the nearest first."""

    ENTRY = "entry"
    ROW = "row"
    SOURCE = "source"
    GROUP = "group"
    DEFAULTS = "defaults"
    RULE = "rule"


class Layer(Struct, frozen=True):
    """What one part of the manifests says of one user; None where it says nothing.

    The layers of one ``declaration`` (an entry, or a row with its source) have the same number, and
    inherit from each other: the first one is the nearest.
    """

    kind: LayerKind
    name: str
    place: SourceLocation
    declaration: int
    platforms: frozenset[Platform] | None
    handover: Handover | None
    reason: str | None
    preferences: Preferences | None
    window: Window | None


class ManifestFile(Struct, frozen=True):
    """A manifest: its absolute path, and the ids that git may have for its contents as we read
    them (blob ids, by SHA-1 and SHA-256)."""

    path: str
    blobs: frozenset[str]


class Declarations(Struct, frozen=True, gc=False):
    """Everything that the manifests of a workspace declare.

    ``users`` has the first declaration of each id, ordered by id; ``others`` the further ones of
    the ids that have several, nearest first: entries, then rows. ``groups`` are the names of the
    groups, ``files`` the manifests. ``lookalikes`` are groups of ids that
    differ only in case, outer space or Unicode form, in the order of their places. ``layers`` are
    those of the one user that was traced.
    """

    users: Mapping[str, DesiredUser]
    groups: frozenset[str] = frozenset()
    files: tuple[ManifestFile, ...] = ()
    lookalikes: tuple[tuple[str, ...], ...] = ()
    others: Mapping[str, tuple[DesiredUser, ...]] = {}
    rules: tuple[Rule, ...] = ()
    sources: tuple[SourceUse, ...] = ()
    dated: tuple[Dated, ...] = ()
    layers: tuple[Layer, ...] = ()


class RuleEffect(Struct, frozen=True):
    """What a rule comes to for one list: the external ids that it matches of the ``listed`` ones.

    ``concerned`` are those of them who are not as the rule wants them, ``kept`` those that an entry
    or a row of a source keeps away from it. All are ordered. ``means_everybody`` says of an
    enforced rule that takes everything away: it leaves nobody with a connection out but its
    exceptions.
    """

    rule: Rule
    matched: tuple[str, ...]
    concerned: tuple[str, ...]
    listed: int
    kept: tuple[str, ...] = ()
    means_everybody: bool = False


class DesiredState(Struct, frozen=True, gc=False):
    """The users to bring in line, by id, ordered by id: at one moment, for one list.

    ``declarations`` is what it was made from; ``effects`` has one entry for each rule in force.
    ``upcoming`` is what begins or ends soon.
    """

    users: Mapping[str, DesiredUser]
    declarations: Declarations
    effects: tuple[RuleEffect, ...] = ()
    upcoming: tuple[Boundary, ...] = ()

    @property
    def platforms(self) -> dict[str, frozenset[Platform]]:
        """The wanted platforms of each user whose connections are managed."""
        return {
            user.id: user.platforms for user in self.users.values() if user.platforms is not None
        }
