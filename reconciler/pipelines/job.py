"""One command as a pipeline runs it: its words, how it ended, and whether that fails the job.

What a job is given is text from the definition of a pipeline, and may hold text of anybody. It is
never put through a shell, and no value can become an option of its own.
"""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
from msgspec import Struct

from reconciler.domain import Exit
from reconciler.engine.exits import STATUS_OF, PlanState

REPORTS: Final[Mapping[str, str]] = {
    "json": "report.json",
    "markdown": "report.md",
    "sarif": "report.sarif",
    "junit": "report.xml",
}
"""The reports of every job: format, and the name of the file in its folder."""

_RESULT: Final = "result.json"
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAIL_ON: Final = "--fail-on"
_CHOOSING: Final = ("--workspace", "-w", "--shard", "--select", "--exclude")
"""Options that say what a command is about, with a value each."""


class BadInput(Exception):
    """A job that cannot be run as it was asked for; the text says what would be right."""


class JobCommand(StrEnum):
    """What a job can do."""

    VALIDATE = "validate"
    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"


_FINE: Final = {
    JobCommand.VALIDATE: frozenset({Exit.OK}),
    JobCommand.PLAN: frozenset({Exit.OK, Exit.CHANGES, Exit.PENDING}),
    JobCommand.APPLY: frozenset({Exit.OK}),
    JobCommand.DRIFT: frozenset({Exit.OK, Exit.PENDING}),
}


class Job(Struct, frozen=True):
    """One command with what it was given; an empty text for what was not said.

    ``plan`` is the file that ``plan`` writes and ``apply`` applies. ``shard`` is that of the
    environment.
    """

    command: JobCommand
    workspace: str = ""
    config: str = ""
    plan: str = ""
    args: tuple[str, ...] = ()
    shard: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.command} of {self.workspace}" if self.workspace else str(self.command)

    def words(self, folder: Path) -> list[str]:
        """The arguments of ``reconciler``; its reports are written into ``folder``."""
        words = [str(JobCommand.PLAN if self.command is JobCommand.DRIFT else self.command)]
        if self.command in (JobCommand.PLAN, JobCommand.DRIFT):
            words.append("--detailed-exitcode")
        for option, value in (("--config", self.config), ("--workspace", self.workspace)):
            if value:
                words.append(f"{option}={value}")
        words += [f"--report={form}={folder / name}" for form, name in REPORTS.items()]
        if self.plan and self.command is JobCommand.PLAN:
            words.append(f"--out={self.plan}")
        words += self.args
        if self.plan and self.command is JobCommand.APPLY:
            words.append(f"./{self.plan}" if self.plan.startswith("-") else self.plan)
        return words

    @property
    def about(self) -> tuple[str, ...]:
        """What tells it from other jobs of this command: which part of which fleets it is about."""
        chosen = [word for word in self.args if word == "--all-workspaces"]
        for option in _CHOOSING:
            joined = f"{option}=" if option.startswith("--") else option
            chosen += [joined + after for word, after in pairwise(self.args) if word == option]
            chosen += [w for w in self.args if w.startswith(joined) and w != option]
        shard = () if self.shard == "" else (self.shard,)
        return (self.config, self.workspace, *chosen, *shard)

    def fails(self, status: int) -> bool:
        """Whether the job fails with ``status``; ``--fail-on`` among the arguments counts too."""
        named = [after for word, after in pairwise(self.args) if word == _FAIL_ON]
        joined = f"{_FAIL_ON}="
        named += [w.removeprefix(joined) for w in self.args if w.startswith(joined)]
        states = {STATUS_OF[state] for state in PlanState if state in named}
        return status not in _FINE[self.command] or status in states


class JobFacts(Struct, frozen=True):
    """What a report says of a job. None is neither yes nor no: the report does not say it."""

    changes: bool | None = None
    pending: bool | None = None
    refused: bool | None = None
    digest: str | None = None


class JobResult(Struct, frozen=True):
    """How a job ended."""

    status: int
    failed: bool
    facts: JobFacts = JobFacts()


def job_of(command: str, workspace: str, config: str, plan: str, args: str) -> Job:
    """The job that was asked for. Raises :class:`BadInput`."""
    if command not in list(JobCommand):
        raise BadInput(f"command: {command!r}: choose one of {', '.join(JobCommand)}")
    for name, value in (("workspace", workspace), ("config", config), ("plan", plan)):
        if not value.isprintable():
            raise BadInput(f"{name}: {value!r} has a character that no name has")
    if plan and command not in (JobCommand.PLAN, JobCommand.APPLY):
        raise BadInput(f"plan: `{command}` has no plan file: leave it out")
    if plan and Path(plan) == Path("-"):
        raise BadInput("plan: name a file; `-` is none")
    try:
        words = shlex.split(args)
    except ValueError as error:
        raise BadInput(f"args: {args!r}: {error}") from None
    return Job(JobCommand(command), workspace, config, plan, tuple(words))


def run_job(job: Job, folder: Path, environ: Mapping[str, str]) -> JobResult:
    """Run ``job`` to its end, with its output on ours and its reports in ``folder``.

    A signal goes to the command, which ends in order and is still reported.
    """
    for name in REPORTS.values():  # of another job, whose folder it was
        (folder / name).unlink(missing_ok=True)
    words = [sys.executable, "-I", "-m", "reconciler", *job.words(folder)]
    with subprocess.Popen(words, env=dict(environ)) as child:

        def forward(signum: int, _frame: FrameType | None) -> None:
            child.send_signal(signum)

        before = {each: signal.signal(each, forward) for each in _SIGNALS}
        try:
            ended = child.wait()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
    status = ended if ended >= 0 else 128 - ended
    report = folder / REPORTS["json"]
    facts = _facts(json.loads(report.read_bytes())) if report.is_file() else JobFacts()
    result = JobResult(status, job.fails(status), facts)
    (folder / _RESULT).write_bytes(msgspec.json.encode(result))
    return result


def result_in(folder: Path) -> JobResult:
    """The result that :func:`run_job` left in ``folder``."""
    return msgspec.json.decode((folder / _RESULT).read_bytes(), type=JobResult)


def markdown_in(folder: Path) -> str | None:
    """The Markdown report in ``folder``; None if the command ended before it wrote one."""
    report = folder / REPORTS["markdown"]
    return report.read_text(encoding="utf-8") if report.is_file() else None


def _facts(report: dict[str, Any]) -> JobFacts:
    """What a JSON report says; of several workspaces, what is so in any of them."""
    refused = report["status"] == Exit.REFUSED
    match report["kind"]:
        case "plan":
            counts = report["summary"]
            changes = bool(counts["disconnect"] or counts["update_preferences"])
            waits = bool(counts["pending"] or counts["not_found"])
            waits |= report["status"] == Exit.PENDING
            judged = {each["guard"]: each["judgement"] for each in report["guards"]}
            refused |= "refused" in judged.values()
            # A list that is not whole proves nothing about either.
            if judged["complete-observation"] == "refused":
                return JobFacts(refused=refused, digest=report["digest"])
            return JobFacts(changes, waits, refused, report["digest"])
        case "run":
            return JobFacts(refused=refused, digest=report["plan"]["digest"])
        case "workspaces":
            parts = [_facts(section["report"]) for section in report["workspaces"]]
            return JobFacts(
                _any_of([part.changes for part in parts]),
                _any_of([part.pending for part in parts]),
                _any_of([part.refused for part in parts]),
            )
        case _:
            return JobFacts(refused=True if refused else None)


def _any_of(answers: list[bool | None]) -> bool | None:
    """Yes if one is yes; no only if all are, and there is one: a shard may have no workspace."""
    if any(answers):
        return True
    return False if answers and None not in answers else None
