"""A re-read or read-back that lacks what the API documents says nothing, whatever is connected."""

import json
from typing import Any, Final

import pytest
from msgspec import structs

from reconciler.sandbox import Fault, FaultKind, Match
from tests.applying.trial import GOOGLE, MICROSOFT, Trial, disconnected, fault, person, wanted

PEOPLE: Final = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
DESIRED: Final = (wanted("alice", GOOGLE), wanted("bob"))
BOTH_CALLS: Final = [disconnected("alice", MICROSOFT), disconnected("bob", GOOGLE)]
NOT_READABLE: Final = ("unknown", "not_readable")

UNREADABLE: Final[dict[str, dict[str, Any]]] = {
    "no connections": {},
    "null connections": {"connections": None},
    "connections of another type": {"connections": {}},
    "a row that does not say whether it is connected": {"connections": [{"platform": "google"}]},
    "a row without a platform": {"connections": [{"connected": False}]},
    "no external id": {"external_id": ..., "connections": []},
}


def answer(trial: Trial, user: str, fields: dict[str, Any], *, skip: int = 0) -> Fault:
    """From now on ``user`` reads so, after ``skip`` right answers."""
    row = {"id": trial.user(user).id, "external_id": user, **fields}
    body = {name: value for name, value in row.items() if value is not ...}
    return Fault(
        kind=FaultKind.STATUS,
        status=200,
        body=json.dumps(body),
        match=Match(endpoint="get_user", external_id=user),
        skip=skip,
        times="forever",
    )


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_read_back_that_lacks_what_is_documented_leaves_the_call_unknown(
    trial: Trial, fields: dict[str, Any], status: int
) -> None:
    trial.people(*PEOPLE)
    trial.fail(
        *(fault(status=status, user=user) for user in ("alice", "bob")),
        *(answer(trial, user, fields, skip=1) for user in ("alice", "bob")),
    )
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": NOT_READABLE, "bob google": NOT_READABLE}
    assert trial.connected() == {"alice": ["google", "microsoft"], "bob": ["google"]}
    assert not done.result.converged


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_reread_that_lacks_what_is_documented_sends_nothing(
    trial: Trial, fields: dict[str, Any]
) -> None:
    trial.people(*PEOPLE)
    trial.fail(answer(trial, "bob", fields))
    done = trial.apply(*DESIRED)
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes == {
        "alice microsoft": ("verified", "read_back"),
        "bob google": ("failed", "unexpected_answer"),
    }


def test_a_read_back_that_can_be_read_in_the_end_tells(trial: Trial) -> None:
    trial.people(*PEOPLE)
    for user in ("alice", "bob"):
        trial.fail(structs.replace(answer(trial, user, {}, skip=1), times=2))
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert set(done.outcomes.values()) == {("verified", "read_back")}
