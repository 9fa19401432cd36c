"""What a platform without a row proves, and what it does not."""

import json
from typing import Any, Final

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.applying.trial import GOOGLE, MICROSOFT, Trial, disconnected, fault, person, wanted

PEOPLE: Final = (person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
DESIRED: Final = (wanted("alice", GOOGLE), wanted("bob"))
BOTH_CALLS: Final = [disconnected("alice", MICROSOFT), disconnected("bob", GOOGLE)]
NEVER_SEEN: Final = ("unknown", "not_seen_in_time")
ROW_ABSENT: Final = "row_absent"
ALICE_GOOGLE: Final = {"platform": "google", "connected": True, "email": "a", "id": "other"}
BOB_MICROSOFT: Final = {"platform": "microsoft", "connected": False, "email": None, "id": None}


def reads(trial: Trial, user: str, connections: list[dict[str, Any]], *, skip: int = 0) -> None:
    """From now on ``user`` reads with these connections, after ``skip`` right answers."""
    body = {"id": trial.user(user).id, "external_id": user, "connections": connections}
    match = Match(endpoint="get_user", external_id=user)
    kind = FaultKind.STATUS
    answer = Fault(
        kind=kind, status=200, body=json.dumps(body), match=match, skip=skip, times="forever"
    )
    trial.fail(answer)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_empty_array_for_who_had_two_rows_proves_no_disconnect(
    trial: Trial, status: int
) -> None:
    trial.people(*PEOPLE)
    for user in ("alice", "bob"):
        trial.fail(fault(status=status, user=user))
        reads(trial, user, [], skip=1)
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {"alice microsoft": NEVER_SEEN, "bob google": NEVER_SEEN}


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_row_that_is_gone_while_the_other_is_there_is_verified_and_told(
    trial: Trial, status: int
) -> None:
    trial.people(*PEOPLE)
    for user, row in (("alice", ALICE_GOOGLE), ("bob", BOB_MICROSOFT)):
        trial.fail(fault(status=status, user=user))
        reads(trial, user, [row], skip=1)
    done = trial.apply(*DESIRED)
    assert done.calls == BOTH_CALLS
    assert done.outcomes == {
        "alice microsoft": ("verified", ROW_ABSENT),
        "bob google": ("verified", ROW_ABSENT),
    }


def test_an_empty_array_is_proof_for_who_had_no_other_row(trial: Trial) -> None:
    trial.people(*PEOPLE)
    trial.switch(after_disconnect="row_absent")
    trial.state.disconnect("bob", MICROSOFT)
    trial.state.disconnect("alice", MICROSOFT)
    done = trial.apply(wanted("alice", GOOGLE), wanted("bob"))
    assert done.calls == [disconnected("bob", GOOGLE)]
    assert done.outcomes == {"bob google": ("verified", ROW_ABSENT)}


def test_both_platforms_of_a_leaver_whose_rows_go_one_by_one_are_verified(trial: Trial) -> None:
    trial.people(person("alice", GOOGLE, MICROSOFT), person("bob", GOOGLE))
    trial.switch(after_disconnect="row_absent")
    done = trial.apply(wanted("alice"), wanted("bob", GOOGLE))
    assert done.calls == [disconnected("alice", GOOGLE), disconnected("alice", MICROSOFT)]
    assert done.outcomes == {
        "alice google": ("verified", ROW_ABSENT),
        "alice microsoft": ("verified", ROW_ABSENT),
    }


def test_a_reread_without_the_rows_that_were_listed_makes_the_action_stale(trial: Trial) -> None:
    trial.people(*PEOPLE)
    reads(trial, "bob", [])
    done = trial.apply(*DESIRED)
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes == {
        "alice microsoft": ("verified", "read_back"),
        "bob google": ("skipped_stale", "rows_missing"),
    }


def test_a_reread_without_the_row_alone_is_already_absent_and_told(trial: Trial) -> None:
    trial.people(*PEOPLE)
    reads(trial, "bob", [BOB_MICROSOFT])
    done = trial.apply(*DESIRED)
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes == {
        "alice microsoft": ("verified", "read_back"),
        "bob google": ("already_absent", ROW_ABSENT),
    }


def test_what_another_calendar_user_lacks_says_nothing_of_rows(trial: Trial) -> None:
    trial.people(*PEOPLE)
    match = Match(endpoint="get_user", external_id="bob")
    body = json.dumps({"id": "somebody else", "external_id": "bob", "connections": []})
    kind = FaultKind.STATUS
    trial.fail(Fault(kind=kind, status=200, body=body, match=match, times="forever"))
    done = trial.apply(*DESIRED)
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes["bob google"] == ("skipped_stale", "user_replaced")
