"""Finds ``reconciler.yaml`` and reads it, with the files that it includes."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from reconciler.config.include import included_files, read_included
from reconciler.config.input_commands import (
    keep_keys_from,
    read_inputs,
    targets_with_keys,
    tokens_that_are_keys,
)
from reconciler.config.ledger_url import DEFAULT_PATH, UnusableLedger, ledger_place
from reconciler.config.setting import (
    NAME,
    PLACEHOLDER,
    NamedWorkspace,
    Setting,
    misplaced_placeholders,
)
from reconciler.config.workspace import Configuration, Workspace, names_of
from reconciler.config.workspace_reader import Shared, read_workspace
from reconciler.domain import Diagnostic, InvalidInput, LedgerPlace, SourceLocation, SqliteFile
from reconciler.domain.text import visible
from reconciler.manifest import schema
from reconciler.manifest.document import YamlDocument, read_documents
from reconciler.manifest.source import Source, display_name, near_miss, quoted, read_source
from reconciler.manifest.validation import validate

FILE_NAME = "reconciler.yaml"
VARIABLE = "RECONCILER_CONFIG"


def find_configuration(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """``explicit`` (``--config``), else the file in ``RECONCILER_CONFIG``, else the one in ``cwd``.

    The first one given counts, even if there is no such file. Raises :class:`InvalidInput`, which
    names the places that were searched.
    """
    named = environ.get(VARIABLE)
    if explicit is not None:
        path, place = cwd / explicit, f"{visible(str(explicit))} (--config)"
    elif named:
        path, place = cwd / named, f"{visible(named)} ({VARIABLE})"
    else:
        path = cwd / FILE_NAME
        place = f"--config (not given), {VARIABLE} (not set), {visible(str(path))}"
    if not _may_exist(path):
        hint = (
            f"name it with --config or {VARIABLE}, change to its folder, or write one with"
            " `reconciler init`"
        )
        raise InvalidInput(Diagnostic(None, f"no configuration found; looked at: {place}", hint))
    return path


def _may_exist(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # for example a closed folder; reading the file will raise it again
        return True


def load_configuration(path: Path) -> Configuration:
    """Read the configuration at ``path``, and the workspace files that it includes.

    Relative paths become absolute, from the folder of the file that holds them. Raises
    :class:`InvalidInput` with every error, ordered by place. No error shows a value that may be a
    secret.
    """
    diagnostics: list[Diagnostic] = []
    configuration: Configuration | None = None
    try:
        source = read_source(path, display_name(path, Path.cwd()))
    except InvalidInput as error:
        diagnostics.extend(error.diagnostics)
    else:
        document = _valid(source, "config", "a configuration is one document", diagnostics)
        if document is not None:
            configuration = _Reader(path, document, diagnostics).configuration()
    if configuration is None or diagnostics:
        raise InvalidInput(*sorted(set(diagnostics), key=lambda diagnostic: diagnostic.order))
    return configuration


def _valid(
    source: Source, name: str, one_document: str, diagnostics: list[Diagnostic]
) -> YamlDocument | None:
    """The one document in ``source`` if it is valid by the schema ``name``."""
    documents: list[YamlDocument] = []
    before = len(diagnostics)
    try:
        documents.extend(read_documents(source, diagnostics, show_values=False, keep_nodes=True))
    except InvalidInput as error:
        diagnostics.extend(error.diagnostics)
    what = "a second document"
    diagnostics += [Diagnostic(second.location, what, one_document) for second in documents[1:]]
    for document in documents[:1]:
        found = _misplaced(document) if name == "workspace" else []
        if not found:
            found = [violation.diagnostic for violation in validate(name, document).violations]
        diagnostics.extend(found)
    return documents[0] if documents and len(diagnostics) == before else None


def _misplaced(document: YamlDocument) -> list[Diagnostic]:
    """An error for each field of a workspace file that belongs into the configuration."""
    if not isinstance(document.value, dict):
        return []
    known = {name: cast("dict[str, Any]", schema(name)["properties"]) for name in _SCHEMAS}
    return [
        Diagnostic(
            document.locate_key([name]),
            f"{quoted(name)} belongs into the configuration, not into a workspace file",
            f"move it to the file that has the `include`; known here: {', '.join(known[_FILE])}",
        )
        for name in document.value
        if name == "include" or name in known["config"].keys() - known[_FILE].keys()
    ]


class _Found(Struct, frozen=True):
    """A workspace before it is read: its name, the place where it is defined, its settings."""

    name: str
    place: SourceLocation
    settings: Setting


class _Reader:
    """Reads one valid document. Errors that no schema can express go to ``diagnostics``."""

    def __init__(self, path: Path, document: YamlDocument, diagnostics: list[Diagnostic]) -> None:
        self._path = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow symlinks)
        self._folder = self._path.parent
        self._diagnostics = diagnostics
        self._top = self._setting(document, self._folder)
        self._name = document.source.name
        self._files: list[Path] = []

    def configuration(self) -> Configuration:
        top = self._top
        found = self._unique([*self._own_workspaces(), *self._included_workspaces()])
        inputs, ledger = top.get("inputs"), top.get("ledger")
        shared = Shared(
            folder=self._folder,
            ledger=self._ledger(ledger),
            ledger_source=None if ledger is None else ledger.key_place,
            require_ledger=top.value.get("requireLedger", False),
            inputs=read_inputs(inputs),
            defaults=top.get("defaults"),
        )
        read = self._workspaces(found, shared)
        self._check_default(read)
        keep_keys_from(inputs, read.values())
        self._diagnostics += targets_with_keys(read.values())
        self._diagnostics += tokens_that_are_keys(read.values())
        limit = _per_command(top)
        return Configuration(
            path=self._path,
            default_workspace=top.value.get("defaultWorkspace"),
            workspaces=read,
            source=SourceLocation(self._name),
            included=tuple(self._files),
            max_disconnects_per_command=(
                None if limit is None or limit.value is None else limit.whole()
            ),
            max_disconnects_per_command_source=None if limit is None else limit.key_place,
        )

    def _own_workspaces(self) -> list[_Found]:
        """The workspaces in this file. A list called `include` is none."""
        return [
            _Found(name, setting.key_place, setting)
            for name, setting in self._top.at("workspaces").fields()
            if isinstance(setting.value, dict)
        ]

    def _included_workspaces(self) -> list[_Found]:
        include = self._top.at("workspaces").get("include")
        if include is None or isinstance(include.value, dict):
            return []
        found: list[_Found] = []
        for path, pattern in included_files(include, self._path).items():
            self._files.append(path)
            source = read_included(path, pattern)
            if source is None:
                continue
            document = _valid(source, _FILE, "a workspace is one document", self._diagnostics)
            if document is not None:
                found += self._included(path, self._setting(document, path.parent))
        return found

    def _included(self, path: Path, setting: Setting) -> list[_Found]:
        """The workspace in the file at ``path``; none, with an error, if it has no usable name."""
        name = setting.get("name")
        if name is not None:
            return [_Found(name.value, name.place, setting)]
        if not NAME.fullmatch(path.stem):
            setting.error(
                f"the name of this file, {quoted(path.stem)}, cannot be the name of a workspace",
                "such a name begins with a letter or digit and holds only those, `.`, `_` and `-`:"
                " rename the file, or add `name`",
            )
            return []
        return [_Found(path.stem, setting.place, setting)]

    def _unique(self, workspaces: Sequence[_Found]) -> dict[str, _Found]:
        found: dict[str, _Found] = {}
        for workspace in workspaces:
            first = found.setdefault(workspace.name, workspace)
            if first is not workspace:
                what = f"there is a workspace {quoted(workspace.name)} already, at {first.place}"
                self._diagnostics.append(
                    Diagnostic(workspace.place, what, "give one of them another name")
                )
        return found

    def _workspaces(self, found: Mapping[str, _Found], shared: Shared) -> dict[str, Workspace]:
        folded: dict[str, str] = {}
        read: dict[str, Workspace] = {}
        for name, workspace in found.items():
            twin = folded.setdefault(name.lower(), name)
            named = NamedWorkspace(name, workspace.place, None if twin == name else twin)
            read[name] = read_workspace(named, workspace.settings, shared)
        return read

    def _check_default(self, workspaces: Mapping[str, Workspace]) -> None:
        default = self._top.get("defaultWorkspace")
        if default is not None and default.value not in workspaces:
            hint = near_miss(default.value, workspaces) or names_of(workspaces)
            default.error(f"there is no workspace {quoted(default.value)}", hint)

    def _ledger(self, setting: Setting | None) -> LedgerPlace:
        default = SqliteFile(self._folder / DEFAULT_PATH)
        if setting is None:
            return default
        try:
            return ledger_place(setting.value, self._folder)
        except UnusableLedger as error:
            setting.error(f"`ledger` {error}", error.hint)
            return default

    def _setting(self, document: YamlDocument, folder: Path) -> Setting:
        setting = Setting(document, folder, self._diagnostics)
        if PLACEHOLDER.encode() in document.source.data:
            misplaced_placeholders(setting)
        return setting


def _per_command(top: Setting) -> Setting | None:
    """The limit on the disconnects of one command over all its workspaces."""
    setting: Setting | None = top
    for name in ("limits", "perCommand", "maxDisconnects"):
        setting = setting and setting.get(name)
    return setting


_FILE = "workspace"
_SCHEMAS = ("config", _FILE)
