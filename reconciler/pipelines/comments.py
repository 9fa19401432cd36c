"""What a job writes on a pull request, or into an issue, so that it can be found and replaced.

A comment begins with a mark that no reader sees. It names the job, so that two workspaces keep two
comments, and it counts only at the very beginning: a report quotes ids and reasons, which are
anybody's text. Who wrote a comment is for the service to say; a mark alone makes no comment ours.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.pipelines.job import Job, JobResult, markdown_in
from reconciler.reporting.markdown.comment import code

_MOST: Final = 65_536
"""Characters of a comment at GitHub; a report has 64 000 bytes at most. GitLab takes more."""


class PostedComment(Struct, frozen=True):
    """A comment, or an issue, that is there. ``ours``: written by the account of the token."""

    id: str
    body: str
    ours: bool


def mark(job: Job) -> str:
    """The first line of what ``job`` writes: the same for the same job, another for any other."""
    name = json.dumps(job.about)
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"<!-- calendar-reconciler {job.command} {digest} -->"


def comment(job: Job, result: JobResult, folder: Path, written_by: str) -> str:
    """The comment on how ``job`` ended; ``written_by`` says which run of the pipeline wrote it.

    Also where there is no report, so that no earlier plan passes for the one of today.
    """
    report = markdown_in(folder)
    if report is None:
        report = (
            f"### {code(job.name)}\n\nIt ended with status {result.status} before it could write"
            " a report. The log of the job says why.\n"
        )
    text = f"{mark(job)}\n{report}\n{code(job.name)}, {written_by}\n"
    return text if len(text) <= _MOST else f"{mark(job)}\n{report}"


def earlier(job: Job, comments: Iterable[PostedComment]) -> PostedComment | None:
    """The first of ``comments`` that this job wrote before; None if there is none."""
    ours = (each for each in comments if each.ours and each.body.startswith(mark(job)))
    return next(ours, None)
