"""Joins all documents into declarations: who is declared, and what they inherit.

A user's own values override the group's, and those override the defaults. Several declarations of
one user must agree wherever they count at the same time.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from msgspec import structs

from reconciler.domain import (
    Dated,
    DatedKind,
    Declarations,
    DesiredUser,
    Diagnostic,
    Handover,
    InvalidInput,
    LayerKind,
    Rule,
    SourceLocation,
    SourceUse,
    Window,
)
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.levels import (
    HANDOVERS,
    UNREADABLE,
    DatedFields,
    LayerTrace,
    Level,
    LevelFields,
    LevelReader,
    SourceFields,
    UserFields,
    rule_of,
)
from reconciler.manifest.register import UserRegister
from reconciler.manifest.source import near_miss, quoted
from reconciler.manifest.sources import (
    InputSkipped,
    Selection,
    Surroundings,
    Template,
    read_selected,
    source_data,
)
from reconciler.manifest.valid_parts import ValidParts
from reconciler.manifest.windows import BEGIN, END, NoMoment, has_dates, window_of

_OF_LEVELS: Final = frozenset({"group", "from", "until", *LevelFields.__annotations__})


def assemble(
    documents: list[ValidParts],
    diagnostics: list[Diagnostic],
    surroundings: Surroundings,
    *,
    all_read: bool,
) -> Declarations:
    """What all ``documents`` together declare. Errors are added to ``diagnostics``.

    Without ``all_read`` an undefined group is no error: a file that we could not read may define
    it.
    """
    knows_groups = all_read and all(document.knows_groups for document in documents)
    assembly = _Assembly(diagnostics, surroundings, knows_groups=knows_groups)
    for add in (assembly.define_groups, assembly.add_users, assembly.add_sources):
        for document in documents:
            add(document)
    for document in documents:
        assembly.add_rules(document)
    return assembly.declarations()


class _Assembly:
    def __init__(
        self, diagnostics: list[Diagnostic], surroundings: Surroundings, *, knows_groups: bool
    ) -> None:
        self._diagnostics = diagnostics
        self._surroundings = surroundings
        self._knows_groups = knows_groups
        self._reader = LevelReader()
        self._groups: dict[str, Level] = {}
        self._group_windows: dict[str, Window] = {}
        self._definers: dict[str, YamlDocument] = {}
        self._register = UserRegister(diagnostics)
        self._rules: list[Rule] = []
        self._sources: list[SourceUse] = []
        self._dated: list[Dated] = []
        self._named: dict[tuple[str, str], SourceLocation] = {}
        self._trace = LayerTrace(surroundings.traced, self._reader)

    def declarations(self) -> Declarations:
        """Everything that was added."""
        register = self._register
        register.check_contradictions()
        return Declarations(
            {user_id: register.users[user_id] for user_id in sorted(register.users)},
            frozenset(self._groups),
            lookalikes=register.lookalikes(),
            others={user_id: tuple(others) for user_id, others in register.others.items()},
            rules=tuple(self._rules),
            sources=tuple(self._sources),
            dated=tuple(self._dated),
            layers=tuple(self._trace.layers),
        )

    def define_groups(self, document: ValidParts) -> None:
        """Add the groups of a document."""
        for name, fields in document.groups.items():
            path = ["groups", name]
            definer = self._definers.setdefault(name, document.document)
            if definer is not document.document:
                self._error(
                    document.document.locate_key(path),
                    f"the group {quoted(name)} is defined twice, first at "
                    f"{definer.locate_key(path)}",
                    "keep one of them; groups are known to all manifests of the workspace",
                )
                continue
            self._groups[name] = UNREADABLE if fields is None else self._reader.level(fields)
            if fields is not None and has_dates(fields):
                place = document.document.locate_key(path)
                window = self._window(document, path, fields)
                self._group_windows[name] = window
                self._dated.append(Dated(DatedKind.GROUP, name, window, place))

    def add_users(self, document: ValidParts) -> None:
        """Add the users of a document, with the values that they inherit."""
        for user_id, place in document.broken_ids:
            self._register.add_broken(user_id, place)
        farther_levels = _Inherited(self, document)
        for index, (fields, place) in enumerate(zip(document.users, document.places, strict=True)):
            if fields is None:
                continue
            group = fields.get("group")
            farther = farther_levels.of(group, ["users", index, "group"])
            window = None if group is None else self._group_windows.get(group)
            if has_dates(fields):
                own = self._window(document, ["users", index], fields)
                self._dated.append(Dated(DatedKind.USER, fields["id"], own, place))
                window = own.within(window)
            self._register.add(self._user(group, fields, farther, place, window))
            if fields["id"] == self._trace.user:
                level = self._reader.level(fields)
                self._trace.begin(LayerKind.ENTRY, fields["id"], level, place, window)
                self._trace_farther(document, group)

    def add_sources(self, document: ValidParts) -> None:
        """Add the users that the rows of a document's sources declare."""
        farther_levels = _Inherited(self, document)
        places = document.document.entries.get("sources", [])
        for index, (fields, place) in enumerate(zip(document.sources, places, strict=True)):
            if fields is None or self._is_second("source", fields["name"], place):
                continue
            path: list[str | int] = ["sources", index]
            farther = farther_levels.of(fields.get("group"), [*path, "group"])
            try:
                self._add_source(document, path, fields, farther, place)
            except InputSkipped:
                continue
            except InvalidInput as error:
                self._diagnostics.extend(error.diagnostics)

    def _add_source(
        self,
        document: ValidParts,
        path: list[str | int],
        fields: SourceFields,
        farther: Level,
        place: SourceLocation,
    ) -> None:
        name, group = fields["name"], fields.get("group")
        level = self._reader.level(fields).over(farther)
        wants_nothing = level.platforms is not None and not level.platforms
        if wants_nothing and not level.reason:
            self._refuse_without_reason(f"the source {quoted(name)}", place)
        window = self._dated_window(DatedKind.SOURCE, name, document, path, fields, place)
        if group in self._group_windows:
            window = self._group_windows[group].within(window)
        try:
            template = Template(level.reason or "")
        except ValueError as error:
            what = f"the reason of {quoted(name)}: {error}"
            raise InvalidInput(Diagnostic(place, what, "write `{{` and `}}` for braces")) from None
        where = {column: frozenset(values) for column, values in fields.get("where", {}).items()}
        needs_reason = wants_nothing and bool(template.columns)
        selection = Selection(fields["id"], where, template, needs_reason)
        called, found = source_data(
            document.document, document.folder, path, fields, self._surroundings
        )
        read = read_selected(called, found, selection, self._diagnostics)
        preferences = self._reader.preferences(level.preferences) if level.preferences else None
        handover = level.handover or Handover.WAIT
        takes_rules = "rules" in fields
        for row in read.rows:
            self._register.add(
                DesiredUser(
                    row.id,
                    level.platforms,
                    handover,
                    row.reason,
                    preferences,
                    group,
                    row.place,
                    window,
                    name,
                    takes_rules,
                )
            )
            if row.id == self._trace.user:
                own = self._reader.level(fields)
                reason = Level(reason=row.reason)
                self._trace.begin(LayerKind.ROW, name, reason, row.place, window)
                self._trace.add(LayerKind.SOURCE, name, structs.replace(own, reason=None), place)
                self._trace_farther(document, group)
        self._sources.append(
            SourceUse(
                name,
                read.digest,
                len({row.id for row in read.rows}),
                _definition(fields, level, window),
                place,
            )
        )

    def _trace_farther(self, document: ValidParts, group: str | None) -> None:
        """Record what the traced user inherits in ``document``."""
        if group is not None and group in self._groups:
            place = self._definers[group].locate_key(["groups", group])
            self._trace.add(LayerKind.GROUP, group, self._groups[group], place)
        if document.defaults:
            place = document.document.locate_key(["defaults"])
            default = self._reader.level(document.defaults)
            self._trace.add(LayerKind.DEFAULTS, "defaults", default, place)

    def add_rules(self, document: ValidParts) -> None:
        """Add the rules of a document."""
        places = document.document.entries.get("rules", [])
        for index, (fields, place) in enumerate(zip(document.rules, places, strict=True)):
            if fields is None or self._is_second("rule", fields["name"], place):
                continue
            name = fields["name"]
            level = self._reader.level(cast("LevelFields", fields))
            if level.platforms is not None and not level.platforms and not level.reason:
                self._refuse_without_reason(f"the rule {quoted(name)}", place)
            if level.platforms is None and not level.preferences:
                what = f"the rule {quoted(name)} asks for nothing"
                self._error(place, what, "add `platforms` or `preferences`")
            dated = cast("DatedFields", fields)
            window = self._dated_window(
                DatedKind.RULE, name, document, ["rules", index], dated, place
            )
            preferences = self._reader.preferences(level.preferences) if level.preferences else None
            self._rules.append(rule_of(fields, level, preferences, window, place))

    def _dated_window(
        self,
        kind: DatedKind,
        name: str,
        document: ValidParts,
        path: list[str | int],
        fields: DatedFields,
        place: SourceLocation,
    ) -> Window | None:
        """The window of a source or a rule; None where it has no dates."""
        if not has_dates(fields):
            return None
        window = self._window(document, path, fields)
        self._dated.append(Dated(kind, name, window, place))
        return window

    def _window(
        self, document: ValidParts, path: Sequence[str | int], fields: DatedFields
    ) -> Window:
        try:
            return window_of(fields.get("from"), fields.get("until"), self._surroundings.zone)
        except NoMoment as error:
            place = document.document.locate([*path, END if END in fields else BEGIN])
            self._error(place, str(error), "correct the date")
            return Window()

    def _is_second(self, kind: str, name: str, place: SourceLocation) -> bool:
        """Whether there is a source or rule of that name already, which is an error."""
        first = self._named.setdefault((kind, name), place)
        if first != place:
            what = f"the {kind} {quoted(name)} is defined twice, first at {first}"
            self._error(place, what, "give each a name of its own")
        return first != place

    def _user(
        self,
        group: str | None,
        fields: UserFields,
        farther: Level,
        place: SourceLocation,
        window: Window | None,
    ) -> DesiredUser:
        """As ``Level.over``, without making a level for each of 100 000 users."""
        names = fields.get("platforms")
        reason = fields.get("reason")
        reason = reason.strip() if reason is not None else None
        if names is None:
            platforms = farther.platforms
            reason = reason or farther.reason
        else:
            platforms = self._reader.platforms(names)
        if platforms is not None and not platforms and not reason:
            self._refuse_without_reason(quoted(fields["id"]), place, inherited=names is None)
        handover = fields.get("handover")
        declared = farther.preferences
        if "preferences" in fields:
            declared = {**declared, **fields["preferences"]}
        return DesiredUser(
            fields["id"],
            platforms,
            HANDOVERS[handover] if handover else farther.handover or Handover.WAIT,
            reason or None,
            self._reader.preferences(declared) if declared else None,
            group,
            place,
            window,
            None,
            "rules" in fields,
            "sources" in fields,
        )

    def inherited(
        self, document: ValidParts, group: str, path: Sequence[str | int]
    ) -> Level | None:
        """The level of a group; None, with an error, for one that nobody defines."""
        if group in self._groups:
            return self._groups[group]
        if self._knows_groups:
            self._error(
                document.document.locate(path),
                f"the group {quoted(group)} is defined in no manifest",
                near_miss(group, self._groups) or "define it under `groups`",
            )
        return None

    def default(self, document: ValidParts) -> Level:
        """The level of a document's defaults."""
        fields = document.defaults
        return UNREADABLE if fields is None else self._reader.level(fields)

    def _refuse_without_reason(
        self, what: str, place: SourceLocation, *, inherited: bool | None = None
    ) -> None:
        """``inherited`` says of a user whether the platforms are; a source or rule has its own."""
        whence = " (inherited)" if inherited else ""
        of_user = "" if inherited is None else " where `platforms` is set, or to the user"
        self._error(
            place, f"{what} has `platforms: []`{whence} and no `reason`", f"add a `reason`{of_user}"
        )

    def _error(self, place: SourceLocation, message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(place, message, hint))


def _definition(fields: SourceFields, level: Level, window: Window | None) -> Mapping[str, object]:
    """What the manifest says of a source, however it is spelled."""
    own = {key: value for key, value in fields.items() if key not in _OF_LEVELS}
    where = {column: sorted(values) for column, values in fields.get("where", {}).items()}
    platforms = None if level.platforms is None else sorted(level.platforms)
    inherited = (platforms, level.handover, level.reason, level.preferences, window)
    return {**own, "where": where, "inherited": inherited}


class _Inherited:
    """What the users and sources of one document inherit, by their group."""

    def __init__(self, assembly: _Assembly, document: ValidParts) -> None:
        self._assembly = assembly
        self._document = document
        self._default = assembly.default(document)
        self._levels: dict[str, Level] = {}

    def of(self, group: str | None, path: Sequence[str | int]) -> Level:
        """The level of ``group`` over the defaults; ``path`` leads to the group's name."""
        if group is None:
            return self._default
        level = self._levels.get(group)
        if level is None:
            own = self._assembly.inherited(self._document, group, path)
            if own is None:
                return UNREADABLE
            level = self._levels[group] = own.over(self._default)
        return level
