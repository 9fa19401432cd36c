"""The git commit that manifests were read at: each file is held against its blob in HEAD.

``git status`` is not asked. It hides ignored files and those marked as assumed unchanged
or to leave out of the working tree, believes filters and file times, and runs programs that the
repository's configuration names. What is asked here reads objects only.
"""

import errno
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.domain import ManifestFile
from reconciler.domain.text import visible
from reconciler.manifest.search import is_hidden, is_manifest
from reconciler.manifest.source import BlobAlgorithm, blob_name

DIRTY: Final = "-dirty"
"""Said of a commit, as git itself does."""

_SECONDS: Final = 10
_MOST_LINKS: Final = 40
"""Symbolic links on the way to one file: as many as Linux follows."""

_LONGEST: Final = 300
"""Characters that are repeated of what git says."""

_SHA1_DIGITS: Final = 40
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"

_KEPT: Final = ("GIT_CONFIG_", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_", "GIT_EXEC_PATH")
"""Variables that say whose configuration git reads (it may trust the folder) and where it stops."""

_CAUTIOUS: Final = {
    "GIT_ALLOW_PROTOCOL": "none",  # objects that are missing are fetched from nowhere
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class Commit(Struct, frozen=True):
    """``name`` is the commit, followed by :data:`DIRTY` where what was read is not what it holds,
    or None if it cannot be determined; ``problem`` says why it is not the bare commit."""

    name: str | None
    problem: str | None = None


class _Unknown(Exception):
    """The commit cannot be determined; says why."""


class _Entry(Struct, frozen=True):
    mode: str
    blob: str


def commit_of(manifests: Sequence[Path], files: Iterable[ManifestFile]) -> Commit:
    """The commit of the repository in which the paths ``manifests`` stand, and whether ``files``,
    which were read from them, are all that it holds there, to the byte.

    Line ends count as the same, as YAML has it. The repository is that around the first path,
    whatever ``GIT_DIR`` says.
    """
    if not manifests:
        return Commit(None, "there are no manifests")
    first = manifests[0]
    try:
        repository = _Repository(first if first.is_dir() else first.parent)
        problem = repository.difference(manifests, files)
    except _Unknown as unknown:
        return Commit(None, str(unknown))
    head = repository.head
    return Commit(head) if problem is None else Commit(f"{head}{DIRTY}", problem)


def working_tree(folder: Path) -> Path | None:
    """The top of the working tree that ``folder`` is in; None if git knows of none."""
    try:
        return _top(folder)
    except _Unknown:
        return None


def _top(folder: Path) -> Path:
    top = _git(folder, "rev-parse", "--show-toplevel")
    return Path(os.fsdecode(top.removesuffix(b"\n"))).resolve()


class _Repository:
    """The working tree around a folder, and its HEAD. Raises :class:`_Unknown`."""

    def __init__(self, folder: Path) -> None:
        self._top = _top(folder)
        try:
            head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except _Unknown:
            raise _Unknown("the repository has no commit") from None
        self.head = head.decode("ascii").strip()
        self._tree: dict[Path, _Entry] = {}
        self._links: dict[Path, str] = {}

    def difference(self, manifests: Iterable[Path], files: Iterable[ManifestFile]) -> str | None:
        """The first thing in which ``files`` are not what HEAD has for ``manifests``."""
        roots = {self._real(path.absolute()) for path in manifests}
        if strangers := sorted(root for root in roots if not root.is_relative_to(self._top)):
            top = _quoted(self._top)
            raise _Unknown(f"{_quoted(strangers[0])} is not in the repository {top}")
        read = {self._real(Path(file.path)): file.blobs for file in files}
        self._look_up({*roots, *read, *self._links})
        for path, what in chain(self._of_files(read), self._unread(roots, read)):
            name = path.relative_to(self._top) if path.is_relative_to(self._top) else path
            return f"{_quoted(name)} {what}"
        return None

    def _of_files(self, read: Mapping[Path, frozenset[str]]) -> Iterator[tuple[Path, str]]:
        for path, blobs in read.items():
            entry = self._tree.get(path)
            if entry is None:
                yield path, "is not in HEAD"
            elif entry.mode == _LINK or entry.blob not in blobs:
                yield path, "is not as in HEAD"

    def _of_links(self) -> Iterator[tuple[Path, str]]:
        """The links that were followed within the working tree."""
        for path, target in self._links.items():
            if path.is_relative_to(self._top) and self._tree.get(path) != self._as_link(target):
                yield path, "is not as in HEAD"

    def _unread(
        self, roots: Set[Path], read: Mapping[Path, frozenset[str]]
    ) -> Iterator[tuple[Path, str]]:
        """What HEAD has below ``roots``, or where a link there leads, and was not read."""
        folders, searched = set(roots), set(roots)
        while folders:
            lead_to = set()
            for path, entry in self._tree.items():
                if not _searched(path, folders):
                    continue
                if entry.mode == _SUBMODULE:
                    yield path, "is a submodule, of whose files HEAD says nothing"
                elif entry.mode == _LINK:
                    lead_to.add(self._real(path))
                    if path not in self._links:
                        yield path, "is not as in HEAD"
                elif is_manifest(path.name) and path not in read:
                    yield path, "is in HEAD, and was not read"
            folders = lead_to - searched
            searched |= folders
            self._look_up({*folders, *self._links})
            yield from self._of_links()

    def _as_link(self, target: str) -> _Entry:
        by: BlobAlgorithm = "sha1" if len(self.head) == _SHA1_DIGITS else "sha256"
        return _Entry(_LINK, blob_name(os.fsencode(target), by))

    def _look_up(self, paths: Iterable[Path]) -> None:
        """Take into ``_tree`` what HEAD has at and below ``paths``."""
        inside = {path.relative_to(self._top) for path in paths if path.is_relative_to(self._top)}
        outermost = [path for path in inside if inside.isdisjoint(path.parents)]
        if not outermost:
            return
        limits = [] if outermost == [Path()] else ["--", *map(str, outermost)]
        listed = _git(self._top, "ls-tree", "-r", "-z", "--full-tree", self.head, *limits)
        for line in listed.split(b"\0")[:-1]:
            described, _, name = line.partition(b"\t")
            mode, _, blob = described.decode("ascii").split(" ")
            self._tree[self._top / os.fsdecode(name)] = _Entry(mode, blob)

    def _real(self, path: Path) -> Path:
        """Where ``path`` leads; the links on the way are kept in ``_links``."""
        names = list(reversed(path.parts[1:]))
        here, followed = Path("/"), 0
        while names:
            name = names.pop()
            if name == "..":
                here = here.parent
                continue
            there = here / name
            try:
                target = os.fspath(there.readlink())
            except OSError:
                here = there
                continue
            followed += 1
            if followed > _MOST_LINKS:
                raise _Unknown(f"{_quoted(path)}: {os.strerror(errno.ELOOP)}")
            self._links[there] = target
            led_to = Path(target)
            here = Path("/") if led_to.is_absolute() else here
            names.extend(reversed(led_to.parts[1:] if led_to.is_absolute() else led_to.parts))
        return here


def _searched(path: Path, folders: Set[Path]) -> bool:
    """Whether the search for manifests below ``folders`` comes to ``path``."""
    while path.name and not is_hidden(path.name):
        path = path.parent
        if path in folders:
            return True
    return False


def _quoted(path: Path) -> str:
    return f"`{visible(str(path))}`"


def _git(folder: Path, *arguments: str) -> bytes:
    """What git says in ``folder``. Raises :class:`_Unknown`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    command = ["git", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env=environment | _CAUTIOUS,
        )
    except FileNotFoundError:
        raise _Unknown("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise _Unknown(f"git did not answer within {_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        raise _Unknown(_reason(error.stderr)) from None
    except (OSError, ValueError) as error:
        raise _Unknown(f"git cannot be run: {error}") from None
    return answer.stdout


def _reason(said: bytes) -> str:
    """The first line of what git wrote about an error."""
    first = said.decode("utf-8", "replace").strip().partition("\n")[0]
    return visible(first.removeprefix("fatal: ")[:_LONGEST]) or "git gave no reason"
