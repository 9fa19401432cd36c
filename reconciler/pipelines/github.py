"""The steps of the GitHub Action: run a command, then show it on the pull request or in an issue.

``python -I -m reconciler.pipelines.github run`` gets the inputs of the Action as ``INPUT_…``. It
gives outputs, a summary of the job and the exit status. ``… publish`` comes after it and has the
token of GitHub, which the command never sees.
"""

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from reconciler.config import SHARD
from reconciler.domain import Exit, Secret
from reconciler.domain.text import visible
from reconciler.pipelines.comments import comment, earlier
from reconciler.pipelines.github_api import GitHubApi
from reconciler.pipelines.host_api import HostRefused
from reconciler.pipelines.job import (
    REPORTS,
    BadInput,
    Job,
    JobCommand,
    JobResult,
    job_of,
    markdown_in,
    result_in,
    run_job,
)
from reconciler.reporting import Format

_ALARMS: Final = frozenset({Exit.CHANGES, Exit.REFUSED, Exit.PENDING, Exit.UNDECLARED})
"""Statuses of drift that open an issue. One that says nothing of the fleet leaves it as it is."""

_ANNOTATIONS: Final = "annotations"
"""The file of what is shown beside the lines of a pull request."""

_NOT_FOR_COMMANDS: Final = frozenset({"GITHUB_TOKEN", "GH_TOKEN"})
"""What a command has no need to know."""


def run(environ: Mapping[str, str]) -> int:
    """The step that runs the command. Raises :class:`BadInput`."""
    job = _job(environ)
    folder = Path(tempfile.mkdtemp(prefix="calendar-reconciler-", dir=environ["RUNNER_TEMP"]))
    annotations = folder / _ANNOTATIONS
    job = structs.replace(job, args=(*job.args, f"--report={Format.GITHUB}={annotations}"))
    # Lines of a command may hold text of anybody, and must not be taken for words to the runner.
    stop = secrets.token_hex(16)
    _say(f"::stop-commands::{stop}")
    try:
        result = run_job(job, folder, _for_the_command(environ))
    finally:
        _say(f"\n::{stop}::")
    if annotations.is_file():  # its text cannot make a command
        _say(annotations.read_text(encoding="utf-8"))
    _append(environ["GITHUB_STEP_SUMMARY"], markdown_in(folder) or "")
    _append(environ["GITHUB_OUTPUT"], "".join(_outputs(job, result, folder)))
    return result.status if result.failed else 0


def publish(environ: Mapping[str, str]) -> int:
    """The step that writes the comment, and the issue about drift, after :func:`run`.

    Raises :class:`BadInput`, and :class:`HostRefused` where GitHub did not take one.
    """
    job, folder = _job(environ), Path(environ["INPUT_FOLDER"])
    result = result_in(folder)
    event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_bytes())
    api = GitHubApi(
        environ["GITHUB_GRAPHQL_URL"],
        environ["GITHUB_REPOSITORY"],
        Secret(environ["INPUT_TOKEN"]),
    )
    body = comment(job, result, folder, _written_by(environ, event))
    if environ["INPUT_COMMENT"] == "true":
        request = event.get("pull_request")
        if request is None:
            _say("::notice::No comment was written: this run belongs to no pull request.")
        elif _is_of_a_fork(request, environ):
            _say("::notice::No comment was written: GitHub gives a fork no token that may.")
        else:
            _write_comment(api, job, request["number"], body)
    if environ["INPUT_ISSUE"] == "true":
        _write_issue(api, job, result, body)
    return Exit.OK


def _write_comment(api: GitHubApi, job: Job, number: int, body: str) -> None:
    request, comments = api.comments(number)
    found = earlier(job, comments)
    if found is None:
        api.add_comment(request, body)
    else:
        api.update_comment(found, body)


def _write_issue(api: GitHubApi, job: Job, result: JobResult, body: str) -> None:
    facts = result.facts
    over = result.status == Exit.OK and facts.changes is False and facts.pending is False
    if result.status not in _ALARMS and not over:
        return
    repository, issues = api.open_issues()
    found = earlier(job, issues)
    if found is not None:
        api.update_issue(found, body)
        if over:
            api.close_issue(found)
    elif not over:
        where = f" of {job.workspace}" if job.workspace else ""
        api.create_issue(repository, f"Calendars: drift{where}", body)


def _job(environ: Mapping[str, str]) -> Job:
    names = ("COMMAND", "WORKSPACE", "CONFIG", "PLAN", "ARGS")
    job = job_of(*(environ[f"INPUT_{name}"] for name in names))
    job = structs.replace(job, shard=environ.get(SHARD, ""))
    for name in ("COMMENT", "ISSUE"):
        if environ[f"INPUT_{name}"] not in ("true", "false"):
            raise BadInput(f"{name.lower()}: write true or false")
    if environ["INPUT_ISSUE"] == "true" and job.command is not JobCommand.DRIFT:
        raise BadInput(f"issue: only `drift` opens an issue, and this is `{job.command}`")
    return job


def _for_the_command(environ: Mapping[str, str]) -> dict[str, str]:
    """What is left of ``environ`` for the command, and where a link to a manifest leads."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _NOT_FOR_COMMANDS and not name.startswith("INPUT_")
    }
    host, repository = environ["GITHUB_SERVER_URL"], environ["GITHUB_REPOSITORY"]
    base = f"{host}/{repository}/blob/{{commit}}/{{file}}#L{{line}}"
    return {"RECONCILER_LINK_BASE": base} | kept


def _outputs(job: Job, result: JobResult, folder: Path) -> Iterator[str]:
    yield f"status={result.status}\n"
    for name in ("changes", "pending", "refused"):
        value = getattr(result.facts, name)
        yield f"{name}={'' if value is None else str(value).lower()}\n"
    yield f"digest={result.facts.digest or ''}\n"
    yield f"folder={folder}\n"
    yield f"plan={job.plan}\n"
    for form, name in REPORTS.items():
        yield f"{form}={folder / name if (folder / name).is_file() else ''}\n"


def _written_by(environ: Mapping[str, str], event: Mapping[str, Any]) -> str:
    """Which run writes a comment, and of which commit."""
    run_of = f"{environ['GITHUB_SERVER_URL']}/{environ['GITHUB_REPOSITORY']}/actions/runs"
    request = event.get("pull_request")
    commit = environ["GITHUB_SHA"] if request is None else request["head"]["sha"]
    return f"[run {environ['GITHUB_RUN_ID']}]({run_of}/{environ['GITHUB_RUN_ID']}) of {commit}"


def _is_of_a_fork(request: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    where = request["head"]["repo"]  # null where the fork is gone
    return where is None or where["full_name"] != environ["GITHUB_REPOSITORY"]


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what a step speaks to the runner in


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Do one step; its exit status."""
    steps = {"run": run, "publish": publish}
    try:
        return steps[arguments[0]](environ)
    except BadInput as error:
        _say(f"::error::{visible(str(error))}")
        return Exit.USAGE
    except HostRefused as error:
        _say(
            f"::error::The result could not be shown at GitHub: {visible(str(error))}. A comment"
            " needs the permission `pull-requests: write`, an issue `issues: write`."
        )
        return Exit.UNREACHABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
