"""Meetings: listing, filtering, overriding, refreshing, and what connecting does to them."""

from typing import Any

import pytest

from reconciler.domain import Platform
from tests.sandbox.conftest import ALICE, BOB, Trial


def _meetings(trial: Trial, **query: str) -> Any:
    return trial.http.get("/meetings/", params=query, headers=trial.token()).json()


def test_meetings_have_every_documented_field(trial: Trial) -> None:
    google, microsoft = _meetings(trial)[:2]
    assert set(google) == {
        "id",
        "override_should_record",
        "title",
        "description",
        "will_record",
        "will_record_reason",
        "start_time",
        "end_time",
        "platform",
        "platform_id",
        "meeting_platform",
        "calendar_platform",
        "zoom_invite",
        "teams_invite",
        "meet_invite",
        "webex_invite",
        "goto_meeting_invite",
        "bot_id",
        "is_external",
        "is_hosted_by_me",
        "is_recurring",
        "organizer_email",
        "attendee_emails",
        "attendees",
        "ical_uid",
        "visibility",
    }
    assert (google["calendar_platform"], microsoft["calendar_platform"]) == (
        "google",
        "microsoft",
    )
    assert microsoft["teams_invite"]["thread_id"]


def test_meetings_are_filtered_by_uid_prefix(trial: Trial) -> None:
    uid = _meetings(trial)[2]["ical_uid"]
    assert [m["ical_uid"] for m in _meetings(trial, ical_uid=uid[:20])] == [uid]


def test_meetings_are_filtered_by_start_time(trial: Trial) -> None:
    everything = _meetings(trial)
    assert len(everything) == 4
    second_day = everything[2]["start_time"]
    after = _meetings(trial, start_time_after=second_day)
    before = _meetings(trial, start_time_before=everything[0]["start_time"].removesuffix("Z"))
    assert (after, before) == (everything[2:], everything[:2])


def test_a_bad_time_is_named(trial: Trial) -> None:
    answer = trial.http.get(
        "/meetings/", params={"start_time_after": "soon"}, headers=trial.token()
    )
    assert answer.json() == {"start_time_after": ["Enter a valid date/time."]}


def test_preferences_decide_what_is_recorded(trial: Trial) -> None:
    body = {"preferences": {"record_external": True}}
    trial.http.put("/user/", json=body, headers=trial.token())
    found = {
        (m["is_external"], m["will_record"], m["bot_id"] is not None) for m in _meetings(trial)
    }
    assert found == {(True, True, True), (False, False, False)}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("override", [True, False, None])
def test_an_override_is_stored(trial: Trial, method: str, override: bool | None) -> None:
    path = f"/meetings/{_meetings(trial)[2]['id']}/"
    body = {"override_should_record": override}
    answer = trial.http.request(method, path, json=body, headers=trial.token())
    assert answer.json()["override_should_record"] is override
    assert answer.json()["will_record"] is bool(override)
    assert trial.http.get(path, headers=trial.token()).json() == answer.json()
    effects = [entry.effect for entry in trial.state.log() if entry.effect]
    assert effects == ([] if override is None else ["changed override_should_record"])


def test_a_bad_override_is_refused(trial: Trial) -> None:
    path = f"/meetings/{_meetings(trial)[0]['id']}/"
    answer = trial.http.put(path, json={"override_should_record": 1}, headers=trial.token())
    assert answer.status_code == 400


def test_another_users_meeting_is_not_found(trial: Trial) -> None:
    path = f"/meetings/{_meetings(trial)[0]['id']}/"
    assert trial.http.get(path, headers=trial.token(BOB)).status_code == 404


def test_refresh_answers_the_meetings(trial: Trial) -> None:
    answer = trial.http.post("/meetings/refresh/", headers=trial.token())
    assert (answer.status_code, answer.json()) == (200, _meetings(trial))


def test_refresh_with_nothing_connected_is_refused(trial: Trial) -> None:
    trial.state.disconnect(BOB, Platform.GOOGLE)
    answer = trial.http.post("/meetings/refresh/", headers=trial.token(BOB))
    assert answer.status_code == 422


def test_a_disconnect_removes_the_platforms_meetings(trial: Trial) -> None:
    trial.disconnect(trial.token(), "google")
    assert {m["calendar_platform"] for m in _meetings(trial)} == {"microsoft"}


def test_a_reconnect_clears_the_earlier_data(trial: Trial) -> None:
    path = f"/meetings/{_meetings(trial)[0]['id']}/"
    trial.http.put(path, json={"override_should_record": True}, headers=trial.token())
    trial.state.connect(ALICE, Platform.GOOGLE, ALICE)
    assert {m["override_should_record"] for m in _meetings(trial)} == {None}
