"""The log of everything that arrived."""

from reconciler.sandbox import Seed
from tests.sandbox.conftest import ALICE, START, Trial


def test_every_request_is_logged_in_order(trial: Trial) -> None:
    token = trial.token()
    trial.time.at += 1
    trial.disconnect(token)
    trial.http.get("/users/", params={"email": "a@b.c"})
    mint, disconnect, refused = trial.state.log()
    assert [entry.seq for entry in trial.state.log()] == [mint.seq + n for n in range(3)]
    assert (mint.method, mint.path) == ("POST", "/api/v1/calendar/authenticate/")
    assert (mint.external_id, mint.status, mint.effect) == (ALICE, 200, None)
    assert (mint.at, disconnect.at) == (START, START + 1)
    assert disconnect.endpoint == "disconnect"
    assert disconnect.external_id == ALICE
    assert disconnect.body == '{"platform":"google"}'
    assert (disconnect.status, disconnect.effect) == (200, "disconnected google")
    assert (refused.query, refused.status, refused.body) == ("email=a@b.c", 401, None)


def test_only_what_is_new_can_be_asked_for(trial: Trial) -> None:
    trial.token()
    seen = trial.state.log()[-1].seq
    trial.disconnect(trial.token())
    assert [entry.endpoint for entry in trial.state.log(since=seen)] == [
        "authenticate",
        "disconnect",
    ]


def test_paths_that_do_not_exist_are_logged(trial: Trial) -> None:
    trial.http.get("/nothing/")
    (entry,) = trial.state.log()
    assert (entry.endpoint, entry.status) == ("unknown", 404)


def test_the_log_holds_no_secret_wherever_it_was_sent(trial: Trial) -> None:
    token = trial.token()["x-recallcalendarauthtoken"]
    key = trial.state.api_key.reveal()
    trial.http.post(f"/{key}/", params={"k": key, "t": token}, json={"a": key, "b": token})
    shown = repr(trial.state.log())
    assert key not in shown
    assert token.rpartition(".")[2] not in shown
    assert shown.count("(redacted)") == 5


def test_a_key_of_odd_characters_is_in_no_spelling_in_the_log(trial: Trial) -> None:
    key = 'my key/1&"é(@'
    trial.state.seed(Seed(api_key=key))
    trial.http.get("/nothing/", params={"k": key})
    trial.http.post("/nothing/", json={"k": key})
    trial.http.post("/nothing/", data={"k": key})
    query, as_json, as_form = trial.state.log()
    assert query.query == "k=(redacted)"
    assert (as_json.body, as_form.body) == ('{"k":"(redacted)"}', "k=(redacted)")


def test_a_long_body_is_cut(trial: Trial) -> None:
    trial.http.post("/nothing/", content=b"\xff" + b"x" * 5_000)
    body = trial.state.log()[0].body
    assert body is not None
    assert len(body) == 2_000
