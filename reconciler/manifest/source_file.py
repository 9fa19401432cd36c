"""A file that another file names: below the folder of that file, and nowhere else.

A manifest comes with a pull request, and must not make the tool read anything else on the machine.
The same holds for the workspace files that a configuration includes.
"""

import os
import re
from pathlib import Path

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.manifest.rows import MAX_EXPORT_BYTES
from reconciler.manifest.source import NotRegular, quoted, read_regular

_MANIFEST = "this manifest"


def source_file(folder: Path, named: str, place: SourceLocation, by: str = _MANIFEST) -> Path:
    """The file that ``by`` in ``folder`` names at ``place``, absolute and without symlinks.

    Raises :class:`InvalidInput` if it is not below ``folder``, whatever leads out of it: a path
    from the root, ``..``, or a symlink; and if it is hidden.
    """
    below_it = f"name a file below the folder of {by}"
    if "\0" in named:
        raise _refused(place, "the path holds a null character", "remove it")
    if Path(named).is_absolute():
        raise _refused(place, f"{quoted(named)} is a path from the root", below_it)
    try:
        below = folder.resolve()
        path = (folder / named).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise unreadable_file(place, named, error, by) from None
    if not path.is_relative_to(below):
        raise _refused(place, f"{quoted(named)} leads out of the folder of {by}", below_it)
    # Such as `.git/config` and `.env`, which hold secrets. Kubernetes mounts files in `..data`.
    if any(re.match(r"\.(?!\.)", part) for part in path.relative_to(below).parts):
        raise _refused(place, f"{quoted(named)} is hidden: a name begins with a dot", below_it)
    return path


def read_source_file(path: Path, named: str, place: SourceLocation) -> bytes:
    """The bytes of the ``path`` that :func:`source_file` gave for ``named`` at ``place``.

    Raises :class:`InvalidInput` when it cannot be read, is not a regular file, has become a symlink
    or is larger than :data:`MAX_EXPORT_BYTES`.
    """
    try:
        data = read_regular(path, MAX_EXPORT_BYTES, os.O_NOFOLLOW)
    except NotRegular:
        raise _refused(place, f"{quoted(named)} is not a regular file", "name a file") from None
    except OSError as error:
        raise unreadable_file(place, named, error, _MANIFEST) from None
    if len(data) > MAX_EXPORT_BYTES:
        message = f"{quoted(named)} is larger than {MAX_EXPORT_BYTES >> 20} MiB"
        raise _refused(place, message, "leave out columns, or split it into several sources")
    return data


def unreadable_file(place: SourceLocation, named: str, error: Exception, by: str) -> InvalidInput:
    """The error for a file or folder that ``by`` names at ``place`` and that cannot be read."""
    reason = getattr(error, "strerror", None) or "it leads back to itself"
    return _refused(
        place,
        f"{quoted(named)} cannot be read: {reason}",
        f"check the path, from the folder of {by} on",
    )


def _refused(place: SourceLocation, message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(place, message, hint))
