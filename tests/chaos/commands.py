"""What an operator types, run in this process: the real functions of the command line."""

from pathlib import Path
from typing import Any

from reconciler.cli.commands.apply import apply
from reconciler.cli.commands.plan import plan
from reconciler.cli.commands.resume import resume
from reconciler.cli.commands.unlock import unlock
from reconciler.cli.errors import Ended
from reconciler.planning import GuardName
from tests.chaos.schedule import ApplyIt, PlanIt, ResumeIt

GUARDS = {
    f"allow_{guard.value.replace('-', '_')}": guard
    for guard in GuardName
    if guard is not GuardName.COMPLETE_OBSERVATION
}


def run_plan(command: PlanIt, config: Path, out: Path) -> int:
    try:
        plan(out=out if command.save else None, config=config, quiet=True)
    except Ended as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")


def run_apply(command: ApplyIt, config: Path, saved: Path | None) -> int:
    allowed: Any = {name: guard.value in command.allow for name, guard in GUARDS.items()}
    try:
        apply(
            plan=saved,
            auto_approve=True,
            config=config,
            max_failures=command.max_failures,
            parallelism=command.workers,
            lock_timeout=command.lock_timeout,
            new_ledger=command.new_ledger,
            quiet=True,
            **allowed,
        )
    except Ended as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")


def run_resume(command: ResumeIt, config: Path, run: str) -> int:
    allowed: Any = {name: guard.value in command.allow for name, guard in GUARDS.items()}
    try:
        resume(
            run=run,
            config=config,
            max_failures=command.max_failures,
            parallelism=command.workers,
            lock_timeout=command.lock_timeout,
            quiet=True,
            **allowed,
        )
    except Ended as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")


def run_unlock(config: Path, run: str) -> int:
    try:
        unlock(run=run, config=config)
    except Ended as ended:
        return ended.status
    raise AssertionError("a command ends by saying so")
