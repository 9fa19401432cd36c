"""The files that a folder of one's own begins with: for a region, or for the sandbox.

What the sandbox begins with is this repository's own example, which is in the package too.
"""

import errno
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.config.loader import FILE_NAME

_PACKAGE: Final = Path(__file__).parents[1]
# Inside the package in an installed wheel, beside it in a checkout.
_EXAMPLES: Final = (_PACKAGE / "example", _PACKAGE.parent)
_PIPELINES: Final = _PACKAGE / "pipelines"
_WORKSPACE: Final = "WORKSPACE"
"""What a pipeline says where the name of its workspace belongs."""
_REGION_NAME: Final = "prod"
_SANDBOX_NAME: Final = "sandbox"
_EXAMPLE: Final = (
    "manifests/groups.yaml",
    "manifests/leavers.yaml",
    "manifests/people.yaml",
    "sandbox/fleet.yaml",
)
_EDITOR_LINE: Final = re.compile("^# yaml-language-server: .*$", re.MULTILINE)
IGNORE: Final = ".gitignore"
_NEVER_IN_GIT: Final = (
    "# Ids, e-mails and reasons: personal data.",
    ".reconciler/",
    "*.plan",
    "*.html",
    "/plan.md",
    "/run.md",
    "/run.json",
    "/drift.md",
    "/reports/",
    "# Connect links: secrets.",
    "*.link",
    "# What is installed here.",
    ".venv/",
)


class Pipeline(StrEnum):
    """The services that a pipeline can be written for."""

    GITHUB = "github"
    GITLAB = "gitlab"


_PIPELINE_FILES: Final[Mapping[Pipeline, str]] = {
    Pipeline.GITHUB: ".github/workflows/calendars.yml",
    Pipeline.GITLAB: ".gitlab-ci.yml",
}

_CONFIGURATION: Final = """\
# Where the API is, and what a run may do. Every setting: `reconciler schema config`.
apiVersion: reconciler/v1
defaultWorkspace: {name}
workspaces:
  {name}:
{remote}
    # Files and folders that declare who may have which platforms connected.
    manifests: [manifests/]
    # A plan that disconnects more is refused; `--allow` lets a single run go beyond.
    limits: {{maxDisconnects: 10, maxDisconnectPercent: 20}}
    # Users that no run touches: ids and e-mails; * stands for any text.
    protected: [{protected}]
# Where runs are recorded: a SQLite file in .reconciler/, unless it is said here. A pipeline begins
# with a new one each time: let it use PostgreSQL, and refuse to act where that is empty.
# (docs/ledger.md; it needs the extra `postgresql` of the tool)
# ledger: postgresql+psycopg://reconciler@db.example.com/reconciler
# requireLedger: true
"""
_REGION: Final = """\
    region: {region}
    # The key itself is never in a file of git: it is taken from the environment.
    apiKey: {{env: RECALL_API_KEY}}"""
_SANDBOX: Final = """\
    # An imitation of the API that the commands serve themselves: no account, no key.
    sandbox: {seed: sandbox/fleet.yaml}
    # Applications for connect-link: the sandbox knows every client id.
    oauth: {google: {clientId: trial}, microsoft: {clientId: trial}}"""
_PEOPLE: Final = """\
# Who may have which calendar platforms connected. Every field: `reconciler schema manifest`.
# Only who is named here is managed; taking an entry away disconnects nobody.
apiVersion: reconciler/v1
users: []
#  - id: alice@example.com       # the calendar user's external_id at Recall.ai
#    platforms: [google]         # exactly these; any other is disconnected
#  - id: "0042"
#    platforms: [microsoft]      # moving: google stays until microsoft is connected
#  - id: dave@example.com
#    platforms: []               # somebody who left; needs a reason
#    reason: left 2026-10-31 (HR-1234)
"""


class AlreadyThere(Exception):
    """Files that would have to be replaced: nothing was written."""

    def __init__(self, names: tuple[str, ...], instead: str) -> None:
        super().__init__(
            f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} there already, and nothing is"
            f" overwritten: {instead}"
        )


class Begun(Struct, frozen=True):
    """What was ``written``, and the lines that a ``.gitignore`` of before lacks."""

    written: tuple[str, ...]
    to_ignore: tuple[str, ...]


def begin(folder: Path, region: str | None, pipeline: Pipeline | None = None) -> Begun:
    """Write the first files into ``folder``, of a workspace in ``region`` or of the sandbox (None).

    All of them or none. Raises :class:`AlreadyThere`, and ``OSError``.
    """
    files = dict(_sandbox_files() if region is None else _region_files(region))
    instead = "take another folder"
    if pipeline is not None:
        files |= _pipeline_file(pipeline, _SANDBOX_NAME if region is None else _REGION_NAME)
        instead += f", or say --pipeline {pipeline} alone to add a pipeline to what is there"
    return _write(folder, files, instead)


def add_pipeline(folder: Path, pipeline: Pipeline, workspace: str) -> Begun:
    """Write a pipeline for ``workspace`` into a ``folder`` that was begun before.

    Raises as :func:`begin`.
    """
    return _write(folder, _pipeline_file(pipeline, workspace), "move it away first")


def _write(folder: Path, wanted: Mapping[str, str], instead: str) -> Begun:
    files = dict(wanted)
    taken = tuple(name for name in files if os.path.lexists(folder / name))
    if taken:
        raise AlreadyThere(taken, instead)
    to_ignore: tuple[str, ...] = ()
    ignored = folder / IGNORE
    if os.path.lexists(ignored):
        if not ignored.is_file():
            raise OSError(errno.EINVAL, "not a regular file", str(ignored))
        text = ignored.read_text(encoding="utf-8", errors="replace")
        known = {line.strip("/") for line in text.split()}
        lines = (line for line in _NEVER_IN_GIT if not line.startswith("#"))
        to_ignore = tuple(line for line in lines if line.strip("/") not in known)
    else:
        files[IGNORE] = "\n".join(_NEVER_IN_GIT) + "\n"
    with ExitStack() as undo:
        for name, text in files.items():
            path = folder / name
            for parent in reversed(path.relative_to(folder).parents):
                if not (folder / parent).is_dir():
                    (folder / parent).mkdir()
                    undo.callback((folder / parent).rmdir)
            try:
                with path.open("x", encoding="utf-8") as file:
                    undo.callback(path.unlink)
                    file.write(text)
            except OSError as error:
                # The error of a full disk has no file name.
                raise OSError(error.errno, error.strerror, str(path)) from None
        undo.pop_all()
    return Begun(tuple(files), to_ignore)


def _pipeline_file(pipeline: Pipeline, workspace: str) -> Mapping[str, str]:
    text = (_PIPELINES / f"{pipeline.value}.yaml").read_text(encoding="utf-8")
    return {_PIPELINE_FILES[pipeline]: text.replace(_WORKSPACE, workspace)}


def _region_files(region: str) -> Mapping[str, str]:
    remote = _REGION.format(region=region)
    configuration = _CONFIGURATION.format(name=_REGION_NAME, remote=remote, protected="")
    return {FILE_NAME: configuration, "manifests/people.yaml": _PEOPLE}


def _sandbox_files() -> Mapping[str, str]:
    configuration = _CONFIGURATION.format(
        name=_SANDBOX_NAME, remote=_SANDBOX, protected='"ceo@example.com"'
    )
    return {FILE_NAME: configuration, **{name: _example(name) for name in _EXAMPLE}}


def _example(name: str) -> str:
    folder = next(folder for folder in _EXAMPLES if (folder / _EXAMPLE[-1]).is_file())
    text = (folder / name).read_text(encoding="utf-8")
    return _EDITOR_LINE.sub("# Every field: `reconciler schema manifest`.", text)
