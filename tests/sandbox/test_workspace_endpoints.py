"""The endpoints that take the API key, as a third party's client sees them."""

import httpx
import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Seed, SeedUser
from tests.sandbox.conftest import ALICE, BOB, Trial


def test_a_token_is_minted_for_a_known_user(trial: Trial) -> None:
    token = trial.token(ALICE)
    answer = trial.http.get("/user/", headers=token)
    assert answer.json()["external_id"] == ALICE
    assert token["x-recallcalendarauthtoken"].count(".") == 2


def test_authenticating_an_unknown_id_creates_a_user_with_both_rows_unconnected(
    trial: Trial,
) -> None:
    trial.token("new@example.com")
    user = trial.user("new@example.com")
    assert user["connections"] == [
        {"platform": "google", "connected": False, "email": None, "id": None},
        {"platform": "microsoft", "connected": False, "email": None, "id": None},
    ]
    assert user["preferences"]["bot_name"] == "Notetaker"
    assert trial.state.log()[0].effect == "created user"


def test_an_unknown_id_can_be_refused(trial: Trial) -> None:
    trial.switch(unknown_user_on_authenticate="not_found")
    answer = trial.http.post("/authenticate/", json={"user_id": "x"}, headers=trial.key)
    assert answer.status_code == 404
    assert len(trial.users()) == 2


def test_a_new_user_can_begin_without_rows(trial: Trial) -> None:
    trial.switch(connection_rows="when_connected")
    trial.token("new@example.com")
    assert trial.user("new@example.com")["connections"] == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "This field is required."),
        ({"user_id": None}, "This field may not be null."),
        ({"user_id": "  "}, "This field may not be blank."),
        ({"user_id": True}, "Not a valid string."),
        ({"user_id": ["a"]}, "Not a valid string."),
    ],
)
def test_a_bad_user_id_is_named(trial: Trial, body: object, text: str) -> None:
    answer = trial.http.post("/authenticate/", json=body, headers=trial.key)
    assert (answer.status_code, answer.json()) == (400, {"user_id": [text]})


def test_a_number_as_user_id_becomes_text(trial: Trial) -> None:
    trial.http.post("/authenticate/", json={"user_id": 42}, headers=trial.key)
    assert trial.user("42")["external_id"] == "42"


@pytest.mark.parametrize(
    "value", ["Token wrong", "wrong", "Token", "Bearer key-of-the-tests", "Tokenkey-of-the-tests"]
)
def test_a_wrong_key_is_refused(trial: Trial, value: str) -> None:
    answer = trial.http.get("/users/", headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.json()["code"] == "authentication_failed"
    assert answer.json()["detail"].startswith("Invalid API token")


@pytest.mark.parametrize(
    "value", ["TOKEN key-of-the-tests", "token   key-of-the-tests", "key-of-the-tests"]
)
def test_the_word_token_is_read_in_any_case_and_optional(trial: Trial, value: str) -> None:
    answer = trial.http.get("/users/", headers={"Authorization": value})
    assert answer.status_code == 200


@pytest.mark.parametrize(("value", "status"), [("key-of-the-tests", 401), (None, 200)])
def test_the_word_token_can_be_required(trial: Trial, value: str | None, status: int) -> None:
    trial.switch(scheme_word="required")
    headers = trial.key if value is None else {"Authorization": value}
    assert trial.http.get("/users/", headers=headers).status_code == status


def test_error_bodies_can_be_those_of_2024(trial: Trial) -> None:
    trial.switch(error_bodies="2024")
    assert trial.http.get("/users/").json() == {"detail": "Invalid token."}


def test_the_list_is_a_bare_array_with_every_documented_field(trial: Trial) -> None:
    answer = trial.http.get("/users/", headers=trial.key)
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json(), list)
    user = trial.user(BOB)
    assert set(user) == {"id", "external_id", "connections", "preferences"}
    assert [set(row) for row in user["connections"]] == [
        {"platform", "connected", "email", "id"}
    ] * 2
    assert list(user["preferences"]) == [
        "id",
        "record_non_host",
        "record_recurring",
        "record_external",
        "record_internal",
        "record_confirmed",
        "record_only_host",
        "bot_name",
    ]


def test_no_header_shows_the_rate_limit(trial: Trial) -> None:
    answer = trial.http.get("/users/", headers=trial.key)
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_an_empty_workspace_lists_nobody(trial: Trial) -> None:
    trial.state.seed(Seed())
    assert trial.users() == []


def test_unknown_query_parameters_are_ignored(trial: Trial) -> None:
    assert len(trial.users(colour="blue")) == 2


def test_the_list_can_be_filtered_by_email(trial: Trial) -> None:
    assert [u["external_id"] for u in trial.users(email="alice@corp.example.com")] == [ALICE]
    assert trial.users(email="ALICE@corp.example.com") == []


def _many(trial: Trial, count: int) -> list[str]:
    ids = [f"user-{number}" for number in range(count)]
    users = tuple(SeedUser(external_id=i, connected={Platform.GOOGLE: None}) for i in ids)
    trial.state.seed(Seed(users=users))
    return ids


def test_the_order_is_shuffled_but_stable(trial: Trial) -> None:
    ids = _many(trial, 20)
    first, second = ([u["external_id"] for u in trial.users()] for _ in range(2))
    assert first == second
    assert first != ids
    assert sorted(first) == sorted(ids)


def test_the_order_can_be_that_of_insertion(trial: Trial) -> None:
    ids = _many(trial, 20)
    trial.switch(list_order="insertion")
    assert [u["external_id"] for u in trial.users()] == ids


def _walk(trial: Trial, first: str) -> tuple[list[str], int]:
    url: str | None = first
    found: list[str] = []
    pages = 0
    while url:
        page = httpx.get(url, headers=trial.key, trust_env=False).json()
        found += [user["external_id"] for user in page["results"]]
        url, pages = page["next"], pages + 1
    return found, pages


def test_pages_are_linked_and_complete(trial: Trial) -> None:
    ids = _many(trial, 7)
    trial.switch(page_size=3)
    found, pages = _walk(trial, f"{trial.url}/api/v1/calendar/users/?paginate=true")
    assert (sorted(found), pages) == (ids, 3)


def test_a_page_links_back(trial: Trial) -> None:
    _many(trial, 5)
    trial.switch(page_size=3)
    first = trial.users(paginate="true")
    second = httpx.get(first["next"], headers=trial.key, trust_env=False).json()
    assert first["previous"] is None
    back = httpx.get(second["previous"], headers=trial.key, trust_env=False).json()
    assert back == first


def test_a_page_can_carry_the_count(trial: Trial) -> None:
    trial.switch(list_shape="page_with_count", page_size=1)
    page = trial.users(paginate="1")
    assert (page["count"], len(page["results"])) == (2, 1)


def test_the_list_can_be_paged_unasked(trial: Trial) -> None:
    trial.switch(list_shape="page", page_size=1)
    page = trial.users()
    assert set(page) == {"next", "previous", "results"}


@pytest.mark.parametrize("cursor", ["nonsense!", "bz14"])
def test_a_damaged_cursor_is_not_found(trial: Trial, cursor: str) -> None:
    answer = trial.http.get(
        "/users/", params={"paginate": "true", "cursor": cursor}, headers=trial.key
    )
    assert answer.status_code == 404


def test_a_user_can_be_made_again_under_a_new_id(trial: Trial) -> None:
    before = trial.user()["id"]
    trial.http.delete("/user/", headers=trial.token()).raise_for_status()
    trial.token()
    assert trial.user()["id"] != before


def test_a_user_can_be_made_again_under_the_same_id(trial: Trial) -> None:
    trial.switch(recreated_user_id="same")
    before = trial.user()["id"]
    trial.http.delete("/user/", headers=trial.token()).raise_for_status()
    trial.token()
    trial.token("never@example.com")
    assert trial.user()["id"] == before
