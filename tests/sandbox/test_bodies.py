"""Bodies of every shape: forms, wrong encodings, and those that are made to hurt a parser."""

import gzip
import json
from typing import Any

import pytest

from tests.sandbox.conftest import ALICE, BOB, Trial

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
WITH_A_BODY = [
    ("POST", "/authenticate/"),
    ("PUT", "/user/"),
    ("PATCH", "/user/"),
    ("POST", "/user/disconnect/"),
    ("PUT", "/meetings/{id}/"),
    ("PATCH", "/meetings/{id}/"),
]
HOSTILE = {
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep inside a field": b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}",
    "many brackets": b"[]" * 100_000,
    "an endless string": b'"' + b'\\"' * 100_000,
    "a number without end": b'{"user_id": 1e999, "platform": 1e999}',
    "an integer of 5000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "a lone surrogate": rb'{"user_id": "\ud800"}',
    "a surrogate in UTF-8": b'{"user_id": "\xed\xa0\x80"}',
    "NaN": b'{"user_id": NaN}',
    "UTF-16": '{"user_id": "x"}'.encode("utf-16"),
    "Latin-1": '{"user_id": "é"}'.encode("latin-1"),
    "gzip": gzip.compress(b'{"user_id": "x"}'),
    "a byte order mark": b'\xef\xbb\xbf{"user_id": "x"}',
}


def _path(trial: Trial, path: str) -> str:
    if "{id}" not in path:
        return path
    meetings = trial.http.get("/meetings/", headers=trial.token()).json()
    return path.replace("{id}", meetings[0]["id"])


@pytest.mark.parametrize(("method", "path"), WITH_A_BODY)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_refused_and_changes_nothing(
    trial: Trial, caplog: pytest.LogCaptureFixture, method: str, path: str, body: bytes
) -> None:
    headers = {**trial.key, **trial.token(), **JSON}
    before = trial.users()
    answer = trial.http.request(method, _path(trial, path), content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert trial.users() == before
    assert [record for record in caplog.records if record.name != "httpx"] == []


@pytest.mark.parametrize(("method", "path"), WITH_A_BODY)
def test_a_hostile_body_without_a_credential_is_refused_before_it_is_read(
    trial: Trial, method: str, path: str
) -> None:
    url = _path(trial, path)
    answer = trial.http.request(method, url, content=b"[" * 100_000, headers=JSON)
    assert answer.status_code == 401


def test_brackets_inside_a_text_are_no_depth(trial: Trial) -> None:
    body = {"user_id": "[" * 200}
    assert trial.http.post("/authenticate/", json=body, headers=trial.key).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("method", "path"), WITH_A_BODY)
def test_a_body_of_more_than_a_mebibyte_is_refused(
    trial: Trial, method: str, path: str, chunked: bool
) -> None:
    size, headers = 65_536, {**trial.key, **trial.token(), **JSON}
    content = (b"x" * size for _ in range(17)) if chunked else b"x" * (17 * size)
    answer = trial.http.request(method, _path(trial, path), content=content, headers=headers)
    assert (answer.status_code, answer.json()) == (413, {"detail": "Request body too large."})


def test_a_deep_body_in_chunks_is_refused(trial: Trial) -> None:
    chunks = (b"[" * 1_000 for _ in range(100))
    answer = trial.http.post("/authenticate/", content=chunks, headers={**trial.key, **JSON})
    assert answer.status_code == 400


def test_of_a_field_that_stands_twice_the_last_counts(trial: Trial) -> None:
    body = b'{"user_id": "new", "user_id": "alice@example.com"}'
    trial.http.post("/authenticate/", content=body, headers={**trial.key, **JSON})
    assert len(trial.users()) == 2


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "zlib", "no-such"])
def test_json_is_utf_8_whatever_its_charset_says(trial: Trial, charset: str) -> None:
    headers = {**trial.key, "Content-Type": f"application/json; charset={charset}"}
    body = json.dumps({"user_id": "josé"}, ensure_ascii=False).encode()
    trial.http.post("/authenticate/", content=body, headers=headers).raise_for_status()
    assert trial.user("josé")


@pytest.mark.parametrize(
    ("user_id", "problem"),
    [
        ("a\0b", "Null characters are not allowed."),
        ("x" * 256, "Ensure this field has no more than 255 characters."),
        (int("9" * 300), "Ensure this field has no more than 255 characters."),
    ],
    ids=["NUL", "long", "long number"],
)
@pytest.mark.parametrize(
    ("method", "path", "name"),
    [("POST", "/authenticate/", "user_id"), ("PUT", "/user/", "external_id")],
)
def test_an_id_that_cannot_be_is_refused(
    trial: Trial, method: str, path: str, name: str, user_id: object, problem: str
) -> None:
    before = trial.users()
    headers = {**trial.key, **trial.token()}
    answer = trial.http.request(method, path, json={name: user_id}, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {name: [problem]})
    assert trial.users() == before


def test_the_longest_id_is_taken(trial: Trial) -> None:
    trial.token("x" * 255)
    assert trial.user("x" * 255)


def _multipart(**fields: str) -> dict[str, Any]:
    return {"files": {name: (None, value) for name, value in fields.items()}}


def test_a_form_disconnects_exactly_its_platform(trial: Trial) -> None:
    bob = trial.user(BOB)
    answer = trial.http.post(
        "/user/disconnect/", data={"platform": "google"}, headers=trial.token()
    )
    assert [row["connected"] for row in answer.json()["connections"]] == [False, True]
    assert trial.user(BOB) == bob


def test_a_multipart_form_disconnects_exactly_its_platform(trial: Trial) -> None:
    bob = trial.user(BOB)
    answer = trial.http.post(
        "/user/disconnect/", **_multipart(platform="microsoft"), headers=trial.token()
    )
    assert [row["connected"] for row in answer.json()["connections"]] == [True, False]
    assert trial.user(BOB) == bob


def test_the_log_names_the_user_of_a_form(trial: Trial) -> None:
    trial.http.post("/authenticate/", data={"user_id": ALICE}, headers=trial.key)
    assert trial.state.log()[0].external_id == ALICE


@pytest.mark.parametrize("multipart", [False, True])
def test_a_form_sets_preferences_by_dotted_names(trial: Trial, multipart: bool) -> None:
    fields = {"preferences.record_external": "true", "preferences.bot_name": "Écrit true"}
    body: dict[str, Any] = _multipart(**fields) if multipart else {"data": fields}
    before = trial.user()["preferences"]
    answer = trial.http.put("/user/", **body, headers=trial.token()).raise_for_status()
    changed = {"record_external": True, "bot_name": "Écrit true"}
    assert answer.json()["preferences"] == {**before, **changed}


@pytest.mark.parametrize(
    ("word", "override"), [("true", True), ("false", False), ("null", None), ("", None)]
)
def test_a_form_sets_or_lifts_an_override(trial: Trial, word: str, override: bool | None) -> None:
    path = _path(trial, "/meetings/{id}/")
    trial.http.put(path, json={"override_should_record": True}, headers=trial.token())
    body = {"override_should_record": word}
    answer = trial.http.put(path, data=body, headers=trial.token()).raise_for_status()
    assert answer.json()["override_should_record"] is override


def test_a_file_in_a_form_is_no_field(trial: Trial) -> None:
    answer = trial.http.post(
        "/user/disconnect/", files={"platform": ("x.txt", b"google")}, headers=trial.token()
    )
    assert answer.json() == {"platform": ["This field is required."]}


def test_a_dotted_name_takes_the_place_of_a_plain_one(trial: Trial) -> None:
    content = b"preferences=x&preferences.record_external=1"
    answer = trial.http.put("/user/", content=content, headers={**trial.token(), **FORM})
    assert answer.json()["preferences"]["record_external"] is True


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=B"}


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"platform=%ff", FORM),
        (b"platform=\xff", FORM),
        (b"a=1&" * 1_001, FORM),
        (b"{}", {"Content-Type": "multipart/form-data"}),
        (b"--B\r\n\r\n", BOUNDARY),
        (b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n" * 10_000, BOUNDARY),
        (b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--B--', BOUNDARY),
        (b"--B\r\n\r\n\r\n" * 1_002 + b"--B--", BOUNDARY),
    ],
    ids=["UTF-8", "bytes", "fields", "boundary", "open", "nested", "part", "parts"],
)
def test_a_damaged_form_is_refused(trial: Trial, content: bytes, headers: dict[str, str]) -> None:
    answer = trial.http.post(
        "/user/disconnect/", content=content, headers={**trial.token(), **headers}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("head", [b"", b'Content-Disposition: form-data; name="\xff\x00"'])
def test_a_part_without_a_usable_name_is_left_out(trial: Trial, head: bytes) -> None:
    content = b"--B\r\n" + head + b"\r\n\r\ngoogle\r\n--B--\r\n"
    answer = trial.http.post(
        "/user/disconnect/", content=content, headers={**trial.token(), **BOUNDARY}
    )
    assert answer.json() == {"platform": ["This field is required."]}


def test_a_huge_year_without_a_zone_is_a_time(trial: Trial) -> None:
    for time in ("0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+23:59"):
        query = {"start_time_before": time}
        answer = trial.http.get("/meetings/", params=query, headers=trial.token())
        assert answer.status_code == 200
