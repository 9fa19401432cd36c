"""A ledger with so many recorded actions: a run as the product records it, and copies of it."""

import uuid
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Table, delete, func, insert, literal, select, update

from bench import recorded_run
from bench.leavers import leavers_plan
from reconciler.applying import RunState, StepKind
from reconciler.domain import LedgerPlace
from reconciler.ledger import open_ledger
from reconciler.ledger.database import Database
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.postgresql import unhurried
from reconciler.ledger.schema import in_doubt, runs, steps, used_plans
from reconciler.planning import Plan
from reconciler.recall import Patience, Stop, SystemClock
from tests.ledger.databases import writing

TOLD = 100
"""Actions of the run whose story is told."""

_CALLS_IN_DOUBT = 4
_STEPS_AT_ONCE = 40_000


class Shape(Struct, frozen=True):
    """How many runs there are, of how many actions each."""

    runs: int
    actions: int


class Recorded(Struct, frozen=True):
    """What is in the ledger: the id of a run of :data:`TOLD` actions, the seal of its plan, and
    how many actions and steps are recorded, in how many bytes."""

    told: str
    seal: str
    actions: int
    steps: int
    size: int


def fill(place: LedgerPlace, shape: Shape) -> Recorded:
    """Make a ledger of that shape at ``place``; beside it the run that is told, if it is other."""
    told = _record(place, leavers_plan(TOLD))
    last = told if shape.actions == TOLD else _record(place, leavers_plan(shape.actions))
    with writing(place) as database:
        with database.read() as connection:
            first = connection.execute(select(runs).where(runs.c.run == told)).one()
            template = connection.execute(select(runs).where(runs.c.run == last)).one()
        at_once = max(1, _STEPS_AT_ONCE // shape.actions)
        for begin in range(1, shape.runs, at_once):
            _copy(database, template, min(at_once, shape.runs - begin))
        _gather_statistics(database)
        with database.read() as connection:
            return Recorded(
                told=told,
                seal=first.seal,
                actions=_scalar(connection, select(func.sum(runs.c.actions))),
                steps=_scalar(connection, select(func.count()).select_from(steps)),
                size=_size(database, connection),
            )


def let_last_die(place: LedgerPlace) -> int:
    """Make the newest run one that was killed at its end, with calls in doubt; its number."""
    with writing(place) as database, database.write() as connection:
        last = connection.execute(select(runs).order_by(runs.c.number.desc()).limit(1)).one()
        cut = last.actions - _CALLS_IN_DOUBT
        unfinished = (steps.c.run == last.number, steps.c.position >= cut)
        connection.execute(delete(steps).where(*unfinished, steps.c.kind == StepKind.OUTCOME))
        connection.execute(
            insert(in_doubt),
            [
                {"run": last.number, "position": position, "call": 1, "at": recorded_run.AT}
                for position in range(cut, last.actions)
            ],
        )
    find_dead_again(place, last.number)
    return int(last.number)


def find_dead_again(place: LedgerPlace, number: int) -> None:
    """Make the dead run ``number`` one that nobody has taken note of yet."""
    with writing(place) as database, database.write() as connection:
        connection.execute(
            update(runs)
            .where(runs.c.number == number)
            .values(state=RunState.RUNNING, ended_at=None, outcomes=None, calls=None)
        )


def _record(place: LedgerPlace, plan: Plan) -> str:
    """A run of ``plan`` whose first action the journal takes down, as it does its end."""
    clock = SystemClock()
    claim = recorded_run.claim()
    pause = Patience(clock, Stop(clock.monotonic)).wait
    first, *others = plan.content.actions
    with (
        open_ledger(place, create=True) as ledger,
        ledger.begin(claim, clock=clock, pause=pause) as run,
    ):
        run.run_opened(recorded_run.opened(run.id, plan))
        take_down(run, first)
"""
