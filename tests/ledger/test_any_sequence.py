"""Whatever a run hands its journal is read back as it was written, in any order that can be."""

from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.ledger.ledger import Ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.planning import Action
from reconciler.runs import (
    ActionResult,
    Answer,
    Ended,
    InDoubt,
    Intent,
    Outcome,
    ReadBack,
    Step,
    StepKind,
)
from tests.ledger.samples import acting, begin, claim, crash, new_run, plan

Record = Intent | Answer | ReadBack | Ended
Move = tuple[int, str, str, Outcome]
"""Which action, what happens to it, a text of others, an outcome."""


TEXT = st.text(max_size=40)
MOVES: st.SearchStrategy[Move] = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["intent", "answer", "proof", "read_back", "outcome", "outcome"]),
    TEXT,
    st.sampled_from(Outcome),
)


def records(run: str, actions: tuple[Action, ...], moves: list[Move]) -> Iterator[Record]:
    """The moves that a run can make, in their order, as records."""
    calls = dict.fromkeys(range(4), 0)
    waiting: set[int] = set()  # intended, not answered
    doubted: set[int] = set()
    over: set[int] = set()
    for at, (position, move, text, outcome) in enumerate(moves):
        action, when = actions[position], f"2026-11-01T08:{at:02}:00Z"
        call = calls[position]
        if position in over:
            continue
        if move == "intent" and position not in doubted:
            calls[position] += 1
            waiting.add(position)
            doubted.add(position)
            yield Intent(run, when, action, call + 1)
        elif move in {"answer", "proof"} and position in waiting:
            waiting.discard(position)
            if move == "proof":
                doubted.discard(position)
            yield Answer(run, when, action, call, text, no_effect=move == "proof")
        elif move == "read_back" and position in doubted - waiting:
            yield ReadBack(run, when, action, call, text)
        elif move == "outcome":
            over.add(position)
            result = ActionResult(action, outcome, text, text[::-1] or None, calls=call)
            yield Ended(run, when, result)


def as_step(record: Record) -> Step:
    match record:
        case Intent(at=at, call=call):
            return Step(at, StepKind.INTENT, call, None, None, None, None, None)
        case Answer(at=at, call=call, answer=code, no_effect=no_effect):
            return Step(at, StepKind.ANSWER, call, code, no_effect, None, None, None)
        case ReadBack(at=at, call=call, reading=reading):
            return Step(at, StepKind.READ_BACK, call, reading, None, None, None, None)
        case Ended(at=at, result=result):
            return Step(
                at,
                StepKind.OUTCOME,
                result.calls,
                result.cause,
                None,
                result.outcome,
                result.detail,
                None,
            )


def action_of(record: Record) -> Action:
    return record.result.action if isinstance(record, Ended) else record.action


def doubt_of(run: str, written: list[Record]) -> list[InDoubt]:
    """An action is in doubt by its last intent, unless that was proven to have done nothing or
    the action has an outcome."""
    intents = [one for one in written if isinstance(one, Intent)]
    if not intents or any(isinstance(one, Ended) for one in written):
        return []
    last = intents[-1]
    answers = [one for one in written if isinstance(one, Answer) and one.call == last.call]
    if any(one.no_effect for one in answers):
        return []
    return [InDoubt(run, last.action, last.call, last.at, answers[0].answer if answers else None)]


def write(run: OpenRun, record: Record) -> None:
    match record:
        case Intent():
            run.intent(record)
        case Answer():
            run.answer(record)
        case ReadBack():
            run.read_back(record)
        case Ended():
            run.outcome(record)


@settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=st.lists(MOVES, max_size=40))
def test_whatever_is_written_is_read_back_and_in_doubt_is_what_it_says(
    ledger: Ledger, moves: list[Move]
) -> None:
    workspace = new_run()  # an empty one, for each example
    by = plan(workspace=workspace)
    with acting(ledger, claim(workspace=workspace), by=by) as run:
        written = list(records(run.id, by.content.actions, moves))
        for record in written:
            write(run, record)
        crash(run)
    of = [[one for one in written if action_of(one) == action] for action in by.content.actions]
    story = ledger.run_history(run.id)
    assert [list(action.steps) for action in story.actions] == [
        [as_step(one) for one in some] for some in of
    ]
    results = [[one.result for one in some if isinstance(one, Ended)] for some in of]
    assert [action.result for action in story.actions] == [
        some[-1] if some else None for some in results
    ]
    doubts = [doubt for some in of for doubt in doubt_of(run.id, some)]
    ledger.unlock(workspace, run.id)
    with begin(ledger, claim(workspace=workspace)) as later:
        (dead,) = later.dead
        assert list(later.in_doubt()) == doubts
    outcomes = [result.outcome for some in results for result in some]
    assert dead.outcomes == {outcome: outcomes.count(outcome) for outcome in outcomes}
    assert dead.in_doubt == len(doubts)
