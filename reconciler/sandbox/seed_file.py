"""Seeds as YAML files: ``apiVersion: reconciler/sandbox/v1``. Every error of a file is told."""

import re
import stat
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml
from msgspec import Struct
from yaml.composer import ComposerError

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.fault import Fault
from reconciler.sandbox.seed import Seed, SeedUser

API_VERSION = "reconciler/sandbox/v1"
MAX_DEPTH = 50
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
T = TypeVar("T")


class _File(Struct, forbid_unknown_fields=True, rename="camel"):
    api_version: str
    api_key: str | None = None
    users: list[object] = []
    behaviour: object = msgspec.field(default_factory=dict)
    faults: list[object] = []


def load_seed(path: Path) -> Seed:
    """Read a seed. Raises :class:`InvalidInput` with every error that was found."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Reading a pipe may never end.
            raise InvalidInput(Diagnostic(SourceLocation(str(path)), "is not a regular file"))
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(Diagnostic(SourceLocation(str(path)), "is not UTF-8 text")) from None
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InvalidInput(Diagnostic(SourceLocation(str(path)), reason)) from None
    reader = _Reader(path, text)
    seed = reader.seed()
    if reader.problems or seed is None:
        raise InvalidInput(*reader.problems)
    return seed


class _Loader(yaml.CSafeLoader):
    """Bounds the depth: the parser's recursion on the C stack otherwise ends the interpreter."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        """Called by the parser before it composes a child of ``parent``."""
        self._depth += 1
        if self._depth > MAX_DEPTH and parent is not None:
            problem = f"nested deeper than {MAX_DEPTH} levels"
            raise ComposerError(None, None, problem, parent.start_mark)

    def ascend_resolver(self) -> None:
        """Called by the parser after it."""
        self._depth -= 1


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self.problems: list[Diagnostic] = []

    def seed(self) -> Seed | None:
        try:
            value = yaml.load(self._text, Loader=_Loader)  # noqa: S506  # constructs what CSafeLoader does
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            problem = getattr(error, "problem", None) or "cannot be read"
            place = SourceLocation(str(self._path), line, column)
            self.problems.append(Diagnostic(place, f"not valid YAML: {problem}"))
            return None
        file = self._read(value, _File, "$")
        if file is None:
            return None
        if file.api_version != API_VERSION:
            self._complain("$.apiVersion", "unknown apiVersion", f"write {API_VERSION}")
        users = [self._read(u, SeedUser, f"$.users[{i}]") for i, u in enumerate(file.users)]
        faults = [self._read(f, Fault, f"$.faults[{i}]") for i, f in enumerate(file.faults)]
        behaviour = self._read(file.behaviour, Behaviour, "$.behaviour")
        return Seed(
            users=tuple(user for user in users if user),
            api_key=file.api_key,
            behaviour=behaviour or Behaviour(),
            faults=tuple(fault for fault in faults if fault),
        )

    def _read(self, value: object, kind: type[T], place: str) -> T | None:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `")
            self._complain(place + where.partition("$")[2].rstrip("`"), message)
            return None

    def _complain(self, place: str, message: str, hint: str | None = None) -> None:
        line, column = self._position(place)
        location = SourceLocation(str(self._path), line, column)
        shown = place.removeprefix("$").removeprefix(".")
        self.problems.append(
            Diagnostic(location, f"{shown}: {message}" if shown else message, hint)
        )

    def _position(self, place: str) -> tuple[int, int]:
        """Line and column of the value at ``place``, or of the nearest that contains it."""
        node: yaml.Node | None = yaml.compose(self._text, Loader=yaml.CSafeLoader)
        if node is None:
            return 0, 0
        for name, index in _STEP.findall(place):
            found = _child(node, name, index)
            if found is None:
                break
            node = found
        return node.start_mark.line + 1, node.start_mark.column + 1


def _child(node: yaml.Node, name: str, index: str) -> yaml.Node | None:
    found: yaml.Node | None
    if isinstance(node, yaml.MappingNode):
        found = {key.value: value for key, value in node.value}.get(name)
    else:
        found = node.value[int(index)]
    return found
