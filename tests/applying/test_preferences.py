"""Preferences are set with a PUT of only what is declared and differs, and read back."""

import pytest

from reconciler.domain import Observation, Preferences
from reconciler.sandbox import FaultKind, SeedPreferences
from tests.applying.trial import GOOGLE, Trial, fault, person, updated, wanted
from tests.planning.fleets import manifest

VERIFIED = ("verified", "read_back")
RECORDED = SeedPreferences(record_external=True, record_internal=True, bot_name="Old")
ALICE = wanted("alice", GOOGLE, preferences=Preferences(record_external=False))
BOB = wanted("bob", GOOGLE, preferences=Preferences(record_internal=True, bot_name="Bob's"))
ALICES_CALL = updated("alice", record_external=False)
BOBS_CALL = updated("bob", bot_name="Bob's")


@pytest.fixture(autouse=True)
def three_people(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE, preferences=RECORDED) for name in ("alice", "bob", "eve")))


def shown(trial: Trial, user: str) -> dict[str, object]:
    preferences = trial.user(user).preferences
    assert preferences
    return {name: value for name, value in preferences.present().items() if value is not False}


def test_only_the_declared_fields_that_differ_are_sent_and_no_external_id(trial: Trial) -> None:
    done = trial.apply(ALICE, BOB)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice preferences": VERIFIED, "bob preferences": VERIFIED}
    assert shown(trial, "alice") == {"record_internal": True, "bot_name": "Old"}
    assert shown(trial, "bob")["bot_name"] == "Bob's"
    assert shown(trial, "eve") == {
        "record_external": True,
        "record_internal": True,
        "bot_name": "Old",
    }
    assert set(trial.connected()) == {"alice", "bob", "eve"}


def test_preferences_of_a_user_who_has_none_are_set(trial: Trial) -> None:
    nothing = person("alice").__class__(external_id="alice", preferences=None)
    trial.people(nothing, person("bob", GOOGLE, preferences=RECORDED))
    done = trial.apply(wanted("alice", preferences=ALICE.preferences), BOB)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice preferences": VERIFIED, "bob preferences": VERIFIED}


def test_preferences_that_are_as_declared_by_now_are_not_sent(trial: Trial) -> None:
    done = trial.apply(ALICE, BOB, meanwhile=lambda: trial.prefer("alice", record_external=False))
    assert done.calls == [BOBS_CALL]
    assert done.outcomes == {
        "alice preferences": ("already_absent", "found_done"),
        "bob preferences": VERIFIED,
    }


def test_preferences_that_moved_are_stale(trial: Trial) -> None:
    done = trial.apply(ALICE, BOB, meanwhile=lambda: trial.prefer("bob", bot_name="New"))
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob preferences"] == ("skipped_stale", "preferences_changed")
    assert shown(trial, "bob")["bot_name"] == "New"


def test_a_move_of_what_is_not_declared_makes_nothing_stale(trial: Trial) -> None:
    done = trial.apply(ALICE, BOB, meanwhile=lambda: trial.prefer("bob", record_external=False))
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice preferences": VERIFIED, "bob preferences": VERIFIED}


def test_an_update_whose_answer_is_lost_is_verified_by_reading(trial: Trial) -> None:
    trial.fail(fault(FaultKind.DROP_AFTER, on="update_user", user="alice"))
    done = trial.apply(ALICE, BOB)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes == {"alice preferences": VERIFIED, "bob preferences": VERIFIED}


def test_an_update_without_effect_behind_a_server_error_is_unknown(trial: Trial) -> None:
    trial.fail(fault(on="update_user", user="alice", status=502))
    done = trial.apply(ALICE, BOB)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert done.outcomes["alice preferences"] == ("unknown", "not_seen_in_time")


def test_an_update_that_the_api_refuses_has_failed(trial: Trial) -> None:
    trial.switch(put_preferences="require_all")
    done = trial.apply(ALICE, BOB)
    assert done.calls == [ALICES_CALL, BOBS_CALL]
    assert set(done.outcomes.values()) == {("failed", "rejected")}
    assert shown(trial, "alice")["record_external"] is True


def test_an_update_that_was_throttled_is_sent_again(trial: Trial) -> None:
    trial.fail(fault(on="update_user", user="alice", status=429, retry_after="7"))
    done = trial.apply(ALICE, BOB)
    assert sorted(done.calls) == sorted([ALICES_CALL, ALICES_CALL, BOBS_CALL])
    assert done.outcomes == {"alice preferences": VERIFIED, "bob preferences": VERIFIED}


def test_preferences_of_a_protected_user_are_left_alone(trial: Trial) -> None:
    done = trial.apply(
        ALICE,
        BOB,
        protected=["*@board.example.com"],
        meanwhile=lambda: trial.state.connect("bob", GOOGLE, "bob@board.example.com"),
    )
    assert done.calls == [ALICES_CALL]
    assert done.outcomes["bob preferences"] == ("skipped_stale", "protected")


def test_only_disconnects_count_as_disconnects(trial: Trial) -> None:
    with trial.clients() as (reader, _):
        observed, at = trial.list(reader)
    desired = manifest(ALICE, wanted("bob"))
    content = trial.content(desired, observed, ())
    approved = trial.approved(content, content.actions, (), Observation(observed, at))
    assert len(approved.ready) == 2
    assert approved.disconnects == 1
