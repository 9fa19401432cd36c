"""What an operator types, run in this process: the real functions of the command line."""

from pathlib import Path

from reconciler.cli.commands.apply import apply
from reconciler.cli.commands.plan import plan
from reconciler.cli.commands.resume import resume
from reconciler.cli.commands.unlock import unlock
from reconciler.cli.errors import EndedWith
from tests.chaos.schedule import ApplyIt, PlanIt, ResumeIt


def run_plan(command: PlanIt, config: Path, out: Path) -> int:
    try:
        plan(out=out if command.save else None, config=config, quiet=True)
    except EndedWith as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")


def run_apply(command: ApplyIt, config: Path, saved: Path | None) -> int:
    try:
        apply(
            plan=saved,
            auto_approve=True,
            allow=[*command.allow, *(["new-ledger"] if command.new_ledger else [])],
            config=config,
            max_failures=command.max_failures,
            parallelism=command.workers,
            lock_timeout=command.lock_timeout,
            quiet=True,
        )
    except EndedWith as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")


def run_resume(command: ResumeIt, config: Path, run: str) -> int:
    try:
        resume(
            run=run,
            allow=list(command.allow),
            config=config,
            max_failures=command.max_failures,
            parallelism=command.workers,
            lock_timeout=command.lock_timeout,
            quiet=True,
        )
    except EndedWith as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")


def run_unlock(config: Path, run: str) -> int:
    try:
        unlock(run=run, config=config)
    except EndedWith as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")
