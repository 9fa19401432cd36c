"""One value of a configuration with its place, so that its reader can say what is wrong where.

A value of ``defaults`` is read for one workspace at a time. ``{workspace}`` in its paths, variables
and commands then stands for the name of that workspace.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.source import quoted

PLACEHOLDER: Final = "{workspace}"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""The name of a workspace: safe as a part of a path, as it holds no slash and is not ``..``."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST: Final = 2**63

Step = str | int


class NamedWorkspace(Struct, frozen=True):
    """A workspace as ``{workspace}`` stands for it, and where it is defined.

    ``twin`` is another one whose name differs only in case.
    """

    name: str
    place: SourceLocation
    twin: str | None = None


class Setting:
    """A ``value`` that the schema has checked. Relative paths in it start at ``folder``.

    Errors that no schema can express go to ``diagnostics``. Read for ``workspace``, it is one of
    the ``defaults``.
    """

    __slots__ = ("_diagnostics", "_document", "_path", "_workspace", "folder", "value")

    def __init__(
        self,
        document: YamlDocument,
        folder: Path,
        diagnostics: list[Diagnostic],
        *,
        path: Sequence[Step] = (),
        value: Any = None,
        workspace: NamedWorkspace | None = None,
    ) -> None:
        self.folder = folder
        self.value: Any = value if path else document.value  # free-form
        self._document = document
        self._diagnostics = diagnostics
        self._path = tuple(path)
        self._workspace = workspace

    def of(self, workspace: NamedWorkspace) -> "Setting":
        """The same value, read as a default of ``workspace``."""
        return self._like(self._path, self.value, workspace)

    def at(self, step: Step) -> "Setting":
        """The value that is there under ``step``."""
        return self._like((*self._path, step), self.value[step], self._workspace)

    def get(self, name: str) -> "Setting | None":
        """The value of the field ``name``, if there is one."""
        return self.at(name) if name in self.value else None

    def fields(self) -> Iterator[tuple[str, "Setting"]]:
        """The fields of a mapping, each with its name."""
        return ((name, self.at(name)) for name in self.value)

    def entries(self) -> Iterator["Setting"]:
        """The items of a list."""
        return (self.at(index) for index in range(len(self.value)))

    @property
    def place(self) -> SourceLocation:
        """Where the value begins."""
        return self._document.locate(self._path) if self._path else self._document.location

    @property
    def key_place(self) -> SourceLocation:
        """Where the key of the value begins."""
        return self._document.locate_key(self._path)

    def error(self, message: str, hint: str | None, *below: Step) -> None:
        """Report what is wrong with the value, or with the part of it at ``below``."""
        place = self._document.locate((*self._path, *below)) if below else self.place
        self._diagnostics.append(Diagnostic(place, message, hint))

    def adopt(self, error: InvalidInput) -> None:
        """Report ``error`` too, which names its own place."""
        self._diagnostics += error.diagnostics

    def whole(self) -> int:
        """The value as an integer: JSON Schema accepts 10.0 and 1.0e+19 as one."""
        if self.value >= _LARGEST:
            self.error(f"`{self._path[-1]}` is beyond 2^63", "write a smaller number")
        return int(self.value)

    def word(self) -> str:
        """The value as an argument of a command: anything but the null character."""
        text = str(self.value)
        if "\0" in text:
            self.error("the text holds a null character", "remove it")
        return self._filled(text)

    def words(self) -> tuple[str, ...]:
        """The value as a command: the program and its arguments."""
        return tuple(entry.word() for entry in self.entries())

    def file(self) -> Path:
        """The value as the path of a file or folder; absolute."""
        workspace = self._workspace
        if workspace and workspace.twin and PLACEHOLDER in self.value:
            self._diagnostics.append(
                Diagnostic(
                    workspace.place,
                    f"{quoted(workspace.name)} and {quoted(workspace.twin)} differ only in case,"
                    f" and `{PLACEHOLDER}` in the paths of `defaults` stands for both",
                    "rename one of them: not every file system tells them apart",
                )
            )
        return self.folder / self.word()

    def variable(self) -> str:
        """The value as the name of an environment variable."""
        text = self._filled(self.value)
        if self._workspace and not _VARIABLE.fullmatch(text):
            self._diagnostics.append(
                Diagnostic(
                    self._workspace.place,
                    f"{quoted(self._workspace.name)} in place of `{PLACEHOLDER}` at {self.place}"
                    " makes no name of an environment variable",
                    "such a name has letters, digits and `_`, and begins with no digit: rename the"
                    " workspace, or say in it where its secret is",
                )
            )
        return text

    def _filled(self, text: str) -> str:
        return text.replace(PLACEHOLDER, self._workspace.name) if self._workspace else text

    def _like(self, path: tuple[Step, ...], value: Any, of: NamedWorkspace | None) -> "Setting":
        return Setting(
            self._document, self.folder, self._diagnostics, path=path, value=value, workspace=of
        )


def misplaced_placeholders(top: Setting) -> None:
    """Report each ``{workspace}`` that would stand for nothing. ``top`` is a whole document.

    It would be taken as it is written: a pattern of `protected` would protect nobody.
    """
    _check(top, ())


def _check(setting: Setting, path: tuple[str, ...]) -> None:
    value = setting.value
    if isinstance(value, dict):
        for name, part in setting.fields():
            _check(part, (*path, name))
    elif isinstance(value, list):
        for entry in setting.entries():
            _check(entry, path)
    elif isinstance(value, str) and PLACEHOLDER in value and not _is_filled(path):
        setting.error(
            f"`{PLACEHOLDER}` has no meaning here",
            "it stands for the name of a workspace in `defaults` alone, and there in paths,"
            " variables and commands",
        )


def _is_filled(path: Sequence[str]) -> bool:
    """Whether the field at ``path`` is a path, a variable or a command of ``defaults``, or the link
    of a notification, which names the workspace wherever it is written."""
    if path[-1] == "link" and "notify" in path:
        return True
    return path[0] == "defaults" and (
        path[1] in {"manifests", "sandbox"} or path[-1] in {"env", "file", "command"}
    )
