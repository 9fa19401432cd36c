"""The jobs of the GitLab component: run a command, and show it on the merge request.

``python -I -m reconciler.pipelines.gitlab COMMAND`` gets the inputs of the component as
``CALENDARS_…`` and writes its reports into the folder ``CALENDARS_REPORTS``. A note needs a token
in ``GITLAB_NOTE_TOKEN``, which the command never sees; the token of a job may not write any.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import structs

from reconciler.config import SHARD
from reconciler.domain import Exit, Secret
from reconciler.domain.text import visible
from reconciler.pipelines.comments import PostedComment, comment, earlier
from reconciler.pipelines.host_api import HostRefused, call
from reconciler.pipelines.job import BadInput, Job, JobCommand, job_of, run_job

_NOTE_TOKEN: Final = "GITLAB_NOTE_TOKEN"  # noqa: S105 - a name
_NOT_FOR_COMMANDS: Final = frozenset({_NOTE_TOKEN, "CI_JOB_TOKEN"})
_WITH_A_PLAN: Final = frozenset({JobCommand.PLAN, JobCommand.APPLY})
_A_PAGE: Final = 100


def run(command: str, environ: Mapping[str, str]) -> int:
    """One job; its exit status. Raises :class:`BadInput`.

    The status is the command's own where it fails the job. That of ``drift`` is so always:
    `allow_failure` then says which of them is a warning.
    """
    job = job_of(
        command,
        environ["CALENDARS_WORKSPACE"],
        environ["CALENDARS_CONFIG"],
        environ["CALENDARS_PLAN"] if command in _WITH_A_PLAN else "",
        environ["CALENDARS_ARGS"],
    )
    job = structs.replace(job, shard=environ.get(SHARD, ""))
    folder = Path(environ["CALENDARS_REPORTS"])
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in environ.items() if name not in _NOT_FOR_COMMANDS}
    base = f"{environ['CI_PROJECT_URL']}/-/blob/{{commit}}/{{file}}#L{{line}}"
    result = run_job(job, folder, {"RECONCILER_LINK_BASE": base} | kept)
    status = result.status if result.failed or job.command is JobCommand.DRIFT else Exit.OK
    number = environ.get("CI_MERGE_REQUEST_IID")
    if number and environ.get(_NOTE_TOKEN):
        written_by = (
            f"[job {environ['CI_JOB_ID']}]({environ['CI_JOB_URL']}) of {environ['CI_COMMIT_SHA']}"
        )
        try:
            _write_note(_Notes(environ, number), job, comment(job, result, folder, written_by))
        except HostRefused as error:
            _say(f"The note could not be written: {error}. Its token needs the scope `api`.")
            return status or Exit.UNREACHABLE
    return status


def _write_note(notes: "_Notes", job: Job, body: str) -> None:
    found = earlier(job, notes.all())
    if found is None:
        notes.add(body)
    else:
        notes.update(found, body)


class _Notes:
    """The notes of one merge request."""

    def __init__(self, environ: Mapping[str, str], number: str) -> None:
        self._api = environ["CI_API_V4_URL"]
        project = f"{self._api}/projects/{environ['CI_PROJECT_ID']}"
        self._url = f"{project}/merge_requests/{number}/notes"
        self._token = ("PRIVATE-TOKEN", Secret(environ[_NOTE_TOKEN]))

    def all(self) -> Iterator[PostedComment]:
        """Every note that a person or a token wrote, oldest first."""
        me = call("GET", f"{self._api}/user", self._token).body["id"]
        page = "1"
        while page:
            query = f"?per_page={_A_PAGE}&sort=asc&order_by=created_at&page={page}"
            answer = call("GET", f"{self._url}{query}", self._token)
            for note in answer.body:
                ours = note["author"]["id"] == me and not note["system"]
                yield PostedComment(str(note["id"]), note["body"], ours)
            page = answer.headers.get("X-Next-Page", "")

    def add(self, body: str) -> None:
        """Write a new note."""
        call("POST", self._url, self._token, {"body": body})

    def update(self, found: PostedComment, body: str) -> None:
        """Replace the text of a note."""
        call("PUT", f"{self._url}/{found.id}", self._token, {"body": body})


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr)  # noqa: T201 - the log of the job


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Do one job; its exit status."""
    try:
        return run(arguments[0], environ)
    except BadInput as error:
        _say(str(error))
        return Exit.USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
