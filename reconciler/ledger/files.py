"""The file of an SQLite ledger: a plain file on a disk of this machine, private to its account.

If the file is deleted or replaced while a run has it open, SQLite goes on writing into a file that
nobody finds again, and a second run finds no lock in the new file. So every transaction checks it.
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
    """Checks that the names of the ledger, its log and their index lead to the same files."""

    def __init__(self, place: SqliteFile) -> None:
        self._place = place
        real = place.path.resolve()
        self._paths: Final = (
            place.path,
            *(real.with_name(f"{real.name}{end}") for end in ("-wal", "-shm")),
        )
        self._first: _Identity | None = None

    def check(self) -> None:
        """Raise :class:`LedgerUnreachable` if they lead elsewhere now.

        Call it within a transaction, when all the files exist.
        """
        found = self._identity()
        if self._first is None:
            self._first = found
        if found is None or found != self._first:
            raise LedgerUnreachable(
                f"the ledger {self._place} was moved, deleted or replaced while it was in use",
                "put the old file back if you can, and check what else is running: another run"
                " would not have seen this run's lock",
            )

    def _identity(self) -> _Identity | None:
        try:
            return tuple((s.st_dev, s.st_ino) for s in (path.stat() for path in self._paths))
        except OSError:
            return None


# Several machines, or a virtual machine and its host, can mount these. A write-ahead log needs
# memory that all its users share. The names are those of psutil.
_SHARED: Final = frozenset(
    """
    9p acfs afpfs afs beegfs ceph cifs coda davfs fhgfs gfs gfs2 glusterfs gpfs lustre ncpfs nfs
    nfs3 nfs4 ocfs2 orangefs prl_fs pvfs2 smb smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav
    fuse.ceph fuse.davfs fuse.gcsfuse fuse.glusterfs fuse.goofys fuse.grpcfuse fuse.juicefs
    fuse.mount-s3 fuse.osxfs fuse.rclone fuse.s3fs fuse.sshfs fuse.vmhgfs-fuse
    """.split()  # noqa: SIM905 - easier to read and to extend
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

    Raises :class:`LedgerUnusable` for anything but a file, :class:`LedgerUnreachable` when we
    cannot find out.
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
        raise _refused(place, "cannot be accessed", error) from None
    for is_it, name in _KINDS:
        if is_it(mode):
            raise LedgerUnusable(f"the ledger {place} is {name}", "name a file")
    return True


def make(place: SqliteFile) -> None:
    """Make an empty file with mode 0600, and the missing folders with mode 0700."""
    try:
        _make_folder(place.path.parent)
        with suppress(FileExistsError):  # another process was faster
            os.close(os.open(place.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _make_durable(place.path.parent)
    except OSError as error:
        raise _refused(place, "cannot be made", error) from None


def keep_private(place: SqliteFile) -> None:
    """Remove the rights of the group and of others on the file, its log and their index.

    The ledger names people, and anyone who can write it could erase what guards need. If this
    account may not change the rights, we do not use the ledger.
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
                f"other accounts can use the ledger {place}, and this account may not change the"
                f" rights of {path.name}: {error.strerror}",
                "let one account own it, or use PostgreSQL, which several accounts can use",
            ) from None


def check_writable(place: SqliteFile) -> None:
    """Raise :class:`LedgerUnreachable` now, and not at the first write."""
    effective = os.access in os.supports_effective_ids
    if not os.access(place.path, os.W_OK, effective_ids=effective):
        raise LedgerUnreachable(
            f"the ledger {place} is not writable", "let this account write the file and its folder"
        )


def refuse_shared(place: SqliteFile) -> None:
    """Raise :class:`LedgerUnusable` on a filesystem that other machines can mount."""
    kind = _filesystem(place.path.resolve())
    if kind in _SHARED:
        raise LedgerUnusable(
            f"the ledger {place} is on a network filesystem ({kind}), where an SQLite file can be"
            " damaged and its lock can fail",
            "put it on a disk of this machine, or use PostgreSQL: ledger: postgresql+psycopg://…",
        )


def _filesystem(path: Path) -> str | None:
    """The type of the filesystem that ``path`` is on or would be on; None if unknown."""
    import psutil  # noqa: PLC0415 - slow to load

    try:
        partitions = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError, NotImplementedError):
        return None
    found: tuple[int, str] | None = None
    for partition in partitions:
        point = Path(partition.mountpoint)
        # Of several mounts at one place, the last one is visible.
        if path.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), partition.fstype.lower()
    return found[1] if found else None


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _make_durable(folder.parent)


def _make_durable(folder: Path) -> None:
    """Make new entries of ``folder`` survive a loss of power."""
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
