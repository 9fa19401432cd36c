"""The endpoints of one calendar user, as a third party's client sees them."""

from typing import Any

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Seed, SeedPreferences, SeedUser
from tests.sandbox.conftest import ALICE, BOB, Trial

NULLS = {"connected": False, "email": None, "id": None}


def test_a_user_reads_itself_as_it_is_listed(trial: Trial) -> None:
    assert trial.http.get("/user/", headers=trial.token()).json() == trial.user()


def test_both_headers_together_are_fine(trial: Trial) -> None:
    answer = trial.http.get("/user/", headers={**trial.key, **trial.token()})
    assert answer.status_code == 200


def test_a_wrong_key_beside_a_token_is_ignored(trial: Trial) -> None:
    headers = {**trial.token(), "Authorization": "Token wrong"}
    assert trial.http.get("/user/", headers=headers).status_code == 200


def test_the_api_key_alone_does_not_open_a_user(trial: Trial) -> None:
    assert trial.http.get("/user/", headers=trial.key).status_code == 401


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "eyJ.é"])
def test_a_damaged_token_is_refused(trial: Trial, token: str) -> None:
    headers = {b"x-recallcalendarauthtoken": token.encode()}
    assert trial.http.get("/user/", headers=headers).status_code == 401


def test_a_token_expires_after_a_day(trial: Trial) -> None:
    token = trial.token()
    trial.time.at += 86_399
    assert trial.http.get("/user/", headers=token).status_code == 200
    trial.time.at += 1
    assert trial.http.get("/user/", headers=token).status_code == 401


def test_several_tokens_are_good_at_a_time(trial: Trial) -> None:
    first = trial.token()
    trial.time.at += 5
    second = trial.token()
    assert first != second
    for token in (first, second):
        assert trial.http.get("/user/", headers=token).status_code == 200


def test_a_deleted_user_has_no_token(trial: Trial) -> None:
    token = trial.token()
    answer = trial.http.delete("/user/", headers=token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert trial.http.get("/user/", headers=token).status_code == 401
    assert [user["external_id"] for user in trial.users()] == [BOB]
    assert trial.state.log()[1].effect == "deleted user"


def test_a_user_without_external_id_can_be_deleted(trial: Trial) -> None:
    token = trial.token()
    trial.state.seed(Seed(users=(SeedUser(external_id=None, id=trial.user()["id"]),)))
    assert trial.http.delete("/user/", headers=token).status_code == 204
    assert trial.users() == []


def test_disconnect_takes_exactly_one_platform(trial: Trial) -> None:
    bob = trial.user(BOB)
    answer = trial.disconnect(trial.token())
    google, microsoft = answer.json()["connections"]
    assert google == {"platform": "google", **NULLS}
    assert microsoft["connected"] is True
    assert answer.json() == trial.user()
    assert trial.user(BOB) == bob


def test_disconnect_can_remove_the_row(trial: Trial) -> None:
    trial.switch(after_disconnect="row_absent")
    rows = trial.disconnect(trial.token()).json()["connections"]
    assert [row["platform"] for row in rows] == ["microsoft"]


def test_disconnect_can_keep_email_and_id(trial: Trial) -> None:
    before = trial.user()["connections"][0]
    trial.switch(after_disconnect="details_kept")
    rows = trial.disconnect(trial.token()).json()["connections"]
    assert rows[0] == {**before, "connected": False}


@pytest.mark.parametrize("status", [200, 400, 404])
def test_disconnecting_what_is_not_connected(trial: Trial, status: int) -> None:
    trial.switch(disconnect_when_not_connected=status)
    before = trial.user(BOB)
    answer = trial.disconnect(trial.token(BOB), "microsoft")
    assert answer.status_code == status
    assert trial.user(BOB) == before
    assert {entry.effect for entry in trial.state.log()} == {None}


def test_a_disconnect_can_show_late(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=5)
    token = trial.token()
    assert trial.disconnect(token).json()["connections"][0]["connected"] is True
    trial.time.at += 4.9
    again = trial.disconnect(token)
    assert again.json()["connections"][0]["connected"] is True
    assert trial.user()["connections"][0]["connected"] is True
    trial.time.at += 0.1
    assert trial.user()["connections"][0] == {"platform": "google", **NULLS}
    assert [e.effect for e in trial.state.log() if e.effect] == ["disconnects google in 5 s"]


def test_two_late_disconnects_show_each_in_its_time(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=5)
    token = trial.token()
    trial.disconnect(token, "google")
    trial.time.at += 2
    trial.disconnect(token, "microsoft")
    trial.time.at += 3
    assert [row["connected"] for row in trial.user()["connections"]] == [False, True]
    trial.time.at += 2
    assert not any(c.connected for c in trial.state.users()[0].connections)


def test_a_reconnect_overtakes_a_late_disconnect(trial: Trial) -> None:
    trial.switch(disconnect_takes_seconds=5)
    trial.disconnect(trial.token())
    trial.state.connect(ALICE, Platform.GOOGLE, "again@example.com")
    trial.time.at += 6
    assert trial.user()["connections"][0]["email"] == "again@example.com"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "This field is required."),
        ({"platform": None}, "This field may not be null."),
        ({"platform": "google_calendar"}, '"google_calendar" is not a valid choice.'),
        ({"platform": 7}, '"7" is not a valid choice.'),
        ({"platform": ["google"]}, "\"['google']\" is not a valid choice."),
    ],
)
def test_a_bad_platform_is_named(trial: Trial, body: object, text: str) -> None:
    answer = trial.http.post("/user/disconnect/", json=body, headers=trial.token())
    assert (answer.status_code, answer.json()) == (400, {"platform": [text]})


def test_every_row_of_the_platform_is_disconnected(trial: Trial) -> None:
    rows = (
        {"platform": "google", "connected": True, "email": "one", "id": "1"},
        {"platform": "google", "connected": True, "email": "two", "id": "2"},
        {"platform": "zoom", "connected": True, "email": "z", "id": "3"},
    )
    trial.state.seed(Seed(users=(SeedUser(external_id=ALICE, connections=rows),)))
    found = trial.disconnect(trial.token()).json()["connections"]
    assert [row["connected"] for row in found] == [False, False, True]


def test_a_partial_put_changes_only_what_it_names(trial: Trial) -> None:
    before = trial.user()["preferences"]
    body = {"preferences": {"record_external": True, "unknown": 1}}
    answer = trial.http.put("/user/", json=body, headers=trial.token())
    assert answer.json()["preferences"] == {**before, "record_external": True}
    assert trial.user()["preferences"] == answer.json()["preferences"]
    assert trial.state.log()[2].effect == "changed preferences: record_external"


def test_patch_works_like_put(trial: Trial) -> None:
    body = {"preferences": {"bot_name": "Scribe"}}
    answer = trial.http.patch("/user/", json=body, headers=trial.token())
    assert answer.json()["preferences"]["bot_name"] == "Scribe"


def _with_preferences(trial: Trial) -> dict[str, str]:
    preferences = SeedPreferences(record_internal=True, bot_name="Scribe")
    trial.state.seed(Seed(users=(SeedUser(external_id=ALICE, preferences=preferences),)))
    return trial.token()


def test_put_can_replace_what_it_does_not_name(trial: Trial) -> None:
    token = _with_preferences(trial)
    trial.switch(put_preferences="replace")
    body = {"preferences": {"record_external": True}}
    found = trial.http.put("/user/", json=body, headers=token).json()["preferences"]
    assert (found["record_external"], found["record_internal"]) == (True, False)
    assert found["bot_name"] == "Notetaker"


def test_patch_never_replaces(trial: Trial) -> None:
    token = _with_preferences(trial)
    trial.switch(put_preferences="replace")
    body = {"preferences": {"record_external": True}}
    found = trial.http.patch("/user/", json=body, headers=token).json()["preferences"]
    assert (found["record_internal"], found["bot_name"]) == (True, "Scribe")


def test_put_can_require_every_field(trial: Trial) -> None:
    trial.switch(put_preferences="require_all")
    body = {"preferences": {"record_external": True}}
    answer = trial.http.put("/user/", json=body, headers=trial.token())
    assert answer.status_code == 400
    assert answer.json()["preferences"]["record_internal"] == ["This field is required."]


def test_preferences_that_were_null_begin_from_the_defaults(trial: Trial) -> None:
    trial.state.seed(Seed(users=(SeedUser(external_id=ALICE, preferences=None),)))
    assert trial.user()["preferences"] is None
    body = {"preferences": {"record_external": True}}
    found = trial.http.put("/user/", json=body, headers=trial.token()).json()["preferences"]
    assert (found["record_external"], found["record_internal"]) == (True, False)


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        (None, ["This field may not be null."]),
        ([], ["Invalid data. Expected a dictionary, but got list."]),
        ({"record_external": "yes"}, {"record_external": ["Must be a valid boolean."]}),
        ({"bot_name": 5}, {"bot_name": ["Not a valid string."]}),
        ({"bot_name": "a\0"}, {"bot_name": ["Null characters are not allowed."]}),
    ],
)
def test_bad_preferences_are_named_and_change_nothing(
    trial: Trial, preferences: Any, expected: Any
) -> None:
    before = trial.user()
    answer = trial.http.put("/user/", json={"preferences": preferences}, headers=trial.token())
    assert (answer.status_code, answer.json()) == (400, {"preferences": expected})
    assert trial.user() == before


def test_put_can_change_the_external_id(trial: Trial) -> None:
    answer = trial.http.put("/user/", json={"external_id": "new"}, headers=trial.token())
    assert answer.json()["external_id"] == "new"
    assert trial.http.get("/user/", headers=trial.token("new")).json() == answer.json()
    assert trial.state.log()[1].effect == "changed external_id"


def test_put_cannot_take_the_external_id_of_another_user(trial: Trial) -> None:
    before = trial.users()
    body = {"external_id": BOB, "preferences": {"record_external": True}}
    answer = trial.http.put("/user/", json=body, headers=trial.token())
    assert (answer.status_code, answer.json()) == (
        400,
        {"external_id": ["This field must be unique."]},
    )
    assert trial.users() == before


def test_two_users_can_be_let_to_have_one_external_id(trial: Trial) -> None:
    trial.switch(taken_external_id="allowed")
    trial.http.put("/user/", json={"external_id": BOB}, headers=trial.token()).raise_for_status()
    assert [user["external_id"] for user in trial.users()] == [BOB, BOB]


def test_put_may_repeat_the_external_id_that_the_user_has(trial: Trial) -> None:
    trial.state.seed(Seed(users=(SeedUser(external_id=ALICE), SeedUser(external_id=ALICE))))
    answer = trial.http.put("/user/", json={"external_id": ALICE}, headers=trial.token())
    assert answer.status_code == 200


def test_put_of_nothing_changes_nothing(trial: Trial) -> None:
    before = trial.user()
    assert trial.http.put("/user/", headers=trial.token()).json() == before
    assert trial.state.log()[-1].effect is None


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json; charset=utf-8", 400),
        (b"\xff", "application/json", 400),
        (b"platform: google", "application/yaml", 415),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    trial: Trial, content: bytes, kind: str, status: int
) -> None:
    headers = {**trial.token(), "Content-Type": kind}
    answer = trial.http.post("/user/disconnect/", content=content, headers=headers)
    assert answer.status_code == status


def test_a_huge_body_is_refused(trial: Trial) -> None:
    answer = trial.http.post("/authenticate/", content=b"x" * (1 << 21), headers=trial.key)
    assert answer.status_code == 413


def test_a_key_replays_its_first_answer_for_an_hour(trial: Trial) -> None:
    token = trial.token()
    headers = {**token, "Idempotency-Key": "k"}

    def send() -> Any:
        return trial.http.post(
            "/user/disconnect/", json={"platform": "google"}, headers=headers
        ).json()

    first = send()
    trial.state.connect(ALICE, Platform.GOOGLE, "again@example.com")
    assert send() == first
    assert trial.user()["connections"][0]["connected"] is True
    trial.time.at += 3_600
    assert send()["connections"][0]["connected"] is False
    assert trial.user()["connections"][0]["connected"] is False


def test_a_key_replays_a_refusal_too(trial: Trial) -> None:
    headers = {**trial.token(), "Idempotency-Key": "k"}
    first = trial.http.post("/user/disconnect/", json={}, headers=headers)
    second = trial.http.post("/user/disconnect/", json={"platform": "google"}, headers=headers)
    assert (first.status_code, second.status_code) == (400, 400)
    assert second.json() == first.json()
