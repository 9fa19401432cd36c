"""A run of a given owner that was let through, has nothing to do, and is open meanwhile."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from reconciler.domain import Platform, SqliteFile, SystemClock, rfc3339
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.opening import current_process
from reconciler.planning import FleetSize, Plan, decode_plan
from reconciler.runs import Front, RunClosed, RunOpened, RunResult


@contextmanager
def run_of_owner(
    owner: str, ledger: Path, saved: Path, declared: Mapping[str, frozenset[Platform]]
) -> Iterator[OpenRun]:
    """A run in ``ledger`` on the plan in ``saved``, for ``owner``, who declares ``declared``."""
    plan = decode_plan(saved.read_bytes())
    plan = structs.replace(plan, content=structs.replace(plan.content, actions=()))
    clock = SystemClock()
    claim = Claim(
        run=str(uuid.uuid4()),
        front=Front.PULUMI,
        workspace="trial",
        base_url=plan.content.base_url,
        owner=owner,
        who=current_process(),
        opened=rfc3339(clock.now()),
        tool_version="0",
        commit=None,
    )
    with (
        open_ledger(SqliteFile(ledger), create=True) as opened,
        opened.begin(claim, clock=clock, pause=lambda _: None) as run,
    ):
        run.run_opened(RunOpened(run.id, claim.opened, plan, (), FleetSize(4, 5), declared))
        yield run


def closed(run: OpenRun, saved: Path) -> RunClosed:
    """The end of ``run``, which did nothing."""
    plan: Plan = decode_plan(saved.read_bytes())
    content = structs.replace(plan.content, actions=())
    at = rfc3339(SystemClock().now())
    result = RunResult(run.id, "trial", content.base_url, content.digest(), at, at, ())
    return RunClosed(run.id, at, result)
