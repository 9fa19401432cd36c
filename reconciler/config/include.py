"""Finds and reads the workspace files that a configuration includes.

They are matched by hand: the patterns of the standard library skip a folder that cannot be read,
and the workspaces in it would silently be missing.
"""

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.config.setting import Setting
from reconciler.domain import InvalidInput
from reconciler.manifest.search import is_hidden
from reconciler.manifest.source import (
    MAX_BYTES,
    NotRegular,
    Source,
    as_source,
    display_name,
    quoted,
    read_regular,
)
from reconciler.manifest.source_file import source_file, unreadable_file

_MAGIC: Final = re.compile(r"[*?\[]")
_BY: Final = "this configuration"
_EXAMPLE: Final = "write a path from the folder of this configuration on: workspaces/*.yaml"


def included_files(include: Setting, configuration: Path) -> dict[Path, Setting]:
    """The files that the patterns of ``include`` match, sorted, each with the first that does.

    A pattern that matches nothing, or the ``configuration`` itself, is an error.
    """
    files: dict[Path, Setting] = {}
    for pattern in include.entries():
        what = quoted(pattern.value)
        matched = _matched(pattern)
        if matched == []:
            pattern.error(f"{what} matches no file", _EXAMPLE)
        for path in matched or ():
            if path == configuration:
                hint = "keep workspace files in a folder of their own"
                pattern.error(f"{what} matches this configuration itself", hint)
            else:
                files.setdefault(path, pattern)
    return {path: files[path] for path in sorted(files)}


def read_included(path: Path, pattern: Setting) -> Source | None:
    """The text of a file that ``pattern`` matched; None, with an error, if it cannot be had."""
    named = path.relative_to(pattern.folder).as_posix()
    try:
        real = source_file(pattern.folder, named, pattern.place, _BY)
        data = read_regular(real, MAX_BYTES, os.O_NOFOLLOW)
        return as_source(display_name(path, Path.cwd()), data)
    except InvalidInput as error:
        pattern.adopt(error)
    except (NotRegular, IsADirectoryError):
        pattern.error(f"{quoted(named)} is not a regular file", "name files, not folders")
    except OSError as error:
        pattern.adopt(unreadable_file(pattern.place, named, error, _BY))
    return None


def _matched(pattern: Setting) -> list[Path] | None:
    """The paths that match, in no order; None, with an error, if that cannot be found out."""
    text = pattern.word()
    parts = PurePosixPath(text).parts
    if "\0" in text:
        return None
    if text.startswith("/") or ".." in parts:
        pattern.error(f"{quoted(text)} leads out of the folder of {_BY}", _EXAMPLE)
        return None
    if "**" in parts:
        pattern.error(f"{quoted(text)} holds `**`", "name each level: workspaces/*/*.yaml")
        return None
    found = [pattern.folder]
    try:
        for part in parts:
            found = [path for folder in found for path in _below(folder, part)]
    except OSError as error:
        named = Path(error.filename).relative_to(pattern.folder).as_posix()
        pattern.adopt(unreadable_file(pattern.place, named, error, _BY))
        return None
    return found if parts else []


def _below(folder: Path, part: str) -> list[Path]:
    """What ``part`` of a pattern matches in ``folder``, which may be no folder at all."""
    if not folder.is_dir():
        return []
    if not _MAGIC.search(part):
        return [folder / part] if os.path.lexists(folder / part) else []
    with os.scandir(folder) as entries:
        return [
            folder / entry.name
            for entry in entries
            if fnmatchcase(entry.name, part) and not is_hidden(entry.name)
        ]
