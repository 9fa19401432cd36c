"""An SQLite ledger whose files are deleted or replaced while a run has them open.

SQLite would go on writing into files that nobody finds again, and whoever opens the name finds no
lock in the new one.

The file of an SQLite ledger: of one machine, a plain file, its owner's alone.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.domain import SqliteFile
from reconciler.ledger.errors import LedgerUnreachable, LedgerUnusable

_Identity: TypeAlias = tuple[tuple[int, int], ...]


class SameFiles:
    """Remembers which files the names led to at first: the ledger, its log and their index."""

    def __init__(self, place: SqliteFile) -> None:
        self._place = place
        real = place.path.resolve()
        self._paths: Final = (
            place.path,
            *(real.with_name(f"{real.name}{end}") for end in ("-wal", "-shm")),
        )
        self._first: _Identity | None = None

    def check(self) -> None:
        """Raise :class:`LedgerUnreachable` unless they lead there still.

        To be asked within a transaction, when all of them are there.
        """
        found = self._identity()
        if self._first is None:
            self._first = found
        if found is None or found != self._first:
            raise LedgerUnreachable(
                f"the ledger {self._place} was moved, deleted or replaced while it was in use",
                "put back the one that was there, if it is still to be had, and look what else is"
                " running: another run would not have seen this one's lock",
            )

    def _identity(self) -> _Identity | None:
        try:
            return tuple((s.st_dev, s.st_ino) for s in (path.stat() for path in self._paths))
        except OSError:
            return None


# Several machines can have these mounted, or the host of this one; a write-ahead log needs memory
# that all its users share. What psutil and the systems it knows call them.
_SHARED: Final = frozenset(
    """
    9p acfs afpfs afs beegfs ceph cifs coda davfs fhgfs gfs gfs2 glusterfs gpfs lustre ncpfs nfs
    nfs3 nfs4 ocfs2 orangefs prl_fs pvfs2 smb smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav
    fuse.ceph fuse.davfs fuse.gcsfuse fuse.glusterfs fuse.goofys fuse.grpcfuse fuse.juicefs
    fuse.mount-s3 fuse.osxfs fuse.rclone fuse.s3fs fuse.sshfs fuse.vmhgfs-fuse
    """.split()  # noqa: SIM905 - to be read, and to be added to
)
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def exists(place: SqliteFile) -> bool:
    """Whether there is a file.

    Raises :class:`LedgerUnusable` when there is something else, :class:`LedgerUnreachable` when
    that cannot be told.
    """
    try:
        mode = place.path.stat().st_mode
    except FileNotFoundError:
        if place.path.is_symlink():
            raise LedgerUnusable(
                f"the ledger {place} is a symbolic link to nothing",
                "mount what it points to, or correct the link",
            ) from None
        return False
    except OSError as error:
        raise _refused(place, "cannot be looked at", error) from None
    for is_it, name in _KINDS:
        if is_it(mode):
            raise LedgerUnusable(f"the ledger {place} is {name}", "name a file")
    return True


def make(place: SqliteFile) -> None:
    """Make the empty file, mode 0600, and the folders that are missing, 0700."""
    try:
        _make_folder(place.path.parent)
        with suppress(FileExistsError):  # another process was faster
            os.close(os.open(place.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _make_durable(place.path.parent)
    except OSError as error:
        raise _refused(place, "cannot be made", error) from None


def keep_private(place: SqliteFile) -> None:
    """Take away what the group and others may do with the file, its log and their index.

    Whom the ledger names is nobody else's business, and who could write it could make a guard
    forget. Where the account may not do that, the ledger is not used.
    """
    real = place.path.resolve()
    for path in (real, *(real.with_name(real.name + end) for end in ("-wal", "-shm", "-journal"))):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                path.chmod(mode & 0o700)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LedgerUnusable(
                f"the ledger {place} can be used by other accounts, and {path.name} is not this"
                f" account's to close: {error.strerror}",
                "let one account own it, or use PostgreSQL, which several can use",
            ) from None


def check_writable(place: SqliteFile) -> None:
    """Raise :class:`LedgerUnreachable` now for what SQLite would say at the first write only."""
    effective = os.access in os.supports_effective_ids
    if not os.access(place.path, os.W_OK, effective_ids=effective):
        raise LedgerUnreachable(
            f"the ledger {place} is not writable", "let this account write the file and its folder"
        )


def refuse_shared(place: SqliteFile) -> None:
    """Raise :class:`LedgerUnusable` on a filesystem that other machines can have mounted."""
    kind = _filesystem(place.path.resolve())
    if kind in _SHARED:
        raise LedgerUnusable(
            f"the ledger {place} would be on a network filesystem ({kind}), where an SQLite file"
            " can be damaged and its lock can fail",
            "put it on a disk of this machine, or use PostgreSQL: ledger: postgresql+psycopg://…",
        )


def _filesystem(path: Path) -> str | None:
    """The type of the filesystem that ``path`` is on or would be on, None where it is not told."""
    import psutil  # noqa: PLC0415 - slow to load

    try:
        partitions = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError, NotImplementedError):
        return None
    found: tuple[int, str] | None = None
    for partition in partitions:
        point = Path(partition.mountpoint)
        # Of several at one place the last is the one that is seen.
        if path.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), partition.fstype.lower()
    return found[1] if found else None


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _make_durable(folder.parent)


def _make_durable(folder: Path) -> None:
    """Let what was just made in ``folder`` survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(place: SqliteFile, words: str, error: OSError) -> LedgerUnreachable:
    return LedgerUnreachable(
        f"the ledger {place} {words}: {error.strerror or error}",
        "let this account write its folder, or name another place",
    )
