"""A plan held to a part of its actions, and a list judged without a plan."""

from msgspec import structs

from reconciler.domain import Limits
from reconciler.planning import (
    FleetSize,
    GuardName,
    History,
    Judgement,
    evidence_of,
    judge_list,
    narrowed,
)
from tests.planning.fleets import GOOGLE, connected, content_of, declared, fleet, manifest, seen

DESIRED = manifest(*(declared(name, [], reason="left") for name in "abc"))
OBSERVED = fleet(*(seen(name, connected(GOOGLE)) for name in "abc"))
ONE = Limits(max_disconnects=1)


def test_what_is_left_out_is_counted_and_the_guards_judge_the_rest() -> None:
    content = content_of(DESIRED, OBSERVED, limits=ONE)
    assert content.refusals
    evidence = evidence_of(DESIRED, OBSERVED, ONE, History(), disconnects=0)
    narrow = narrowed(content, lambda action: action.user == "b", evidence)
    assert [action.user for action in narrow.actions] == ["b"]
    assert narrow.deselected == 2
    assert narrow.refusals == ()
    assert structs.replace(narrow, actions=(), deselected=0, guards=()) == structs.replace(
        content, actions=(), guards=()
    )


def test_a_list_that_shrank_is_refused_unless_it_is_allowed() -> None:
    history = History(FleetSize(declared=3, observed=10))
    shrink = GuardName.OBSERVED_FLEET_SHRINK
    for allowed, judgement in ((set(), Judgement.REFUSED), ({shrink}, Judgement.ALLOWED)):
        verdicts = judge_list(OBSERVED, Limits(), history, allowed)
        assert {v.guard: v.judgement for v in verdicts}[shrink] is judgement
