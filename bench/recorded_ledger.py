"""A ledger with so many recorded actions: a run as the product records it, and copies of it."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from msgspec import Struct
from sqlalchemy import Connection, Executable, delete, func, insert, select, text, update

from bench import recorded_run
from bench.leavers import leavers_plan, made_again
from reconciler.domain import Cancellation, Deadline, LedgerPlace, SystemClock
from reconciler.ledger import open_ledger
from reconciler.ledger.database import Database
from reconciler.ledger.postgresql import without_timeouts
from reconciler.ledger.schema import in_doubt, runs, steps, used_plans
from reconciler.ledger.stored_plans import pack_envelope
from reconciler.planning import Action, Plan, seal
from reconciler.runs import RunState, StepKind
from tests.ledger.databases import writing

TOLD = 100
"""Actions of the run whose story is told."""

_CALLS_IN_DOUBT = 4
_ACTIONS_AT_ONCE = 10_000


class Shape(Struct, frozen=True):
    """How many runs there are, of how many actions each."""

    runs: int
    actions: int


class Recorded(Struct, frozen=True):
    """What is in the ledger: the id of a run of :data:`TOLD` actions, the seal of its plan, the
    number of the last run, and how many actions and steps are recorded, in how many bytes."""

    shown: str
    seal: str
    last: int
    actions: int
    steps: int
    size: int


def fill(place: LedgerPlace, shape: Shape) -> Recorded:
    """Make a ledger of that shape at ``place``; beside it the run that is told, if it is other."""
    plan = leavers_plan(shape.actions)
    template = _record(place, plan)
    shown = template if shape.actions == TOLD else _record(place, leavers_plan(TOLD))
    with writing(place) as database:
        at_once = max(1, _ACTIONS_AT_ONCE // shape.actions)
        for begin in range(1, shape.runs, at_once):
            numbers = range(begin, min(begin + at_once, shape.runs))
            _copy(database, template, [made_again(plan, number) for number in numbers])
        _gather_statistics(database)
        with database.read() as connection:
            seals = select(runs.c.seal).where(runs.c.run == shown)
            return Recorded(
                shown=shown,
                seal=connection.execute(seals).scalar_one(),
                last=_scalar(connection, select(func.max(runs.c.number))),
                actions=_scalar(connection, select(func.sum(runs.c.actions))),
                steps=_scalar(connection, select(func.count()).select_from(steps)),
                size=_size(database, connection),
            )


def let_die(place: LedgerPlace, run: int, shape: Shape) -> None:
    """Make run number ``run`` one that was killed near its end, with calls in doubt."""
    cut = shape.actions - _CALLS_IN_DOUBT
    with writing(place) as database, database.write() as connection:
        unfinished = (steps.c.run == run, steps.c.position >= cut)
        connection.execute(delete(steps).where(*unfinished, steps.c.kind == StepKind.OUTCOME))
        connection.execute(
            insert(in_doubt),
            [
                {"run": run, "position": position, "call": 1, "at": recorded_run.AT}
                for position in range(cut, shape.actions)
            ],
        )
    find_dead_again(place, run)


def find_dead_again(place: LedgerPlace, run: int) -> None:
    """Make the dead run one that nobody has taken note of yet."""
    with writing(place) as database, database.write() as connection:
        connection.execute(
            update(runs)
            .where(runs.c.number == run)
            .values(state=RunState.RUNNING, ended_at=None, outcomes=None, calls=None)
        )


def _record(place: LedgerPlace, plan: Plan) -> str:
    """A run of ``plan``; all but the first action's first three steps are written in bulk."""
    clock = SystemClock()
    pause = Deadline(clock, Cancellation(clock.monotonic)).wait
    with (
        open_ledger(place, create=True) as ledger,
        ledger.begin(recorded_run.claim(), clock=clock, pause=pause) as run,
    ):
        run.run_opened(recorded_run.opened(run.id, plan))
        first, *others = plan.content.actions
        run.intent(recorded_run.intent(run.id, first))
        run.answer(recorded_run.answer(run.id, first))
        run.read_back(recorded_run.read_back(run.id, first))
        run.outcome(recorded_run.outcome(run.id, first))
        with writing(place) as database:
            for begin in range(0, len(others), _ACTIONS_AT_ONCE):
                _write(database, run.id, begin + 1, others[begin : begin + _ACTIONS_AT_ONCE])
        run.run_closed(recorded_run.closed(run.id, plan))
        return run.id


def _write(database: Database, run: str, position: int, actions: Sequence[Action]) -> None:
    """The steps of ``actions`` up to their outcomes; the first stands at ``position``."""
    with _writing(database) as connection:
        number = _scalar(connection, select(runs.c.number).where(runs.c.run == run))
        connection.execute(
            insert(steps),
            [
                {"run": number, "position": at, "at": recorded_run.AT, "user": action.user} | step
                for at, action in enumerate(actions, position)
                for step in recorded_run.STEPS
            ],
        )


def _copy(database: Database, template: str, again: Sequence[Plan]) -> None:
    """More runs like ``template``, each of its plan as it was made ``again``."""
    copied = [column for column in steps.columns if column.name not in ("number", "run")]
    with _writing(database) as connection:
        like = connection.execute(select(runs).where(runs.c.run == template)).one()._asdict()
        number = like.pop("number")
        copies = {
            str(uuid.uuid4()): {
                "envelope": pack_envelope(plan.envelope),
                "seal": seal(plan),
            }
            for plan in again
        }
        connection.execute(
            insert(runs), [like | {"run": run, **sealed} for run, sealed in copies.items()]
        )
        connection.execute(
            insert(used_plans),
            [
                {"seal": sealed["seal"], "run": run, "at": recorded_run.AT}
                for run, sealed in copies.items()
            ],
        )
        connection.execute(
            insert(steps).from_select(
                ["run", *(column.name for column in copied)],
                select(runs.c.number, *copied)
                .join(steps, steps.c.run == number)
                .where(runs.c.run.in_(copies))
                .order_by(runs.c.number, steps.c.number),
            )
        )


@contextmanager
def _writing(database: Database) -> Iterator[Connection]:
    """A transaction that may take as long as it needs."""
    with database.write() as connection, ExitStack() as stack:
        if database.dialect == "postgresql":
            stack.enter_context(without_timeouts(connection))
        yield connection


def _gather_statistics(database: Database) -> None:
    """What a PostgreSQL server does by itself, a minute later."""
    if database.dialect == "postgresql":
        with _writing(database) as connection:
            connection.execute(text("ANALYZE"))


def _size(database: Database, connection: Connection) -> int:
    if database.dialect == "postgresql":
        return _scalar(connection, text("SELECT pg_database_size(current_database())"))
    pages = _scalar(connection, text("SELECT page_count FROM pragma_page_count"))
    return pages * _scalar(connection, text("SELECT page_size FROM pragma_page_size"))


def _scalar(connection: Connection, question: Executable) -> int:
    return int(connection.execute(question).scalar_one())
