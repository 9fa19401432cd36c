"""Seeds as YAML."""

import os
from pathlib import Path

import pytest

from reconciler.domain import InvalidInput, Platform
from reconciler.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    Match,
    OAuthApp,
    SeedPreferences,
    load_seed,
)

WHOLE = """\
apiVersion: reconciler/sandbox/v1
apiKey: my-key
users:
  - external_id: alice@example.com
    connected: {google: alice@example.com, microsoft: null}
    preferences: {record_external: true, bot_name: Scribe}
    meetings: 2
  - external_id: null
    id: 11111111-2222-3333-4444-555555555555
    preferences: null
    connections: [{platform: zoom, connected: true}]
behaviour:
  afterDisconnect: row_absent
  disconnectTakesSeconds: 5
faults:
  - kind: status
    status: 429
    headers: {Retry-After: "7"}
    match: {endpoint: disconnect, external_id: "alice@*"}
    times: forever
    afterEffect: true
apps:
  - {platform: google, clientId: my-app, redirectUris: [https://app.example.com/google]}
  - {platform: microsoft, clientId: my-app}
"""


def _load(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "seed.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load_seed(path)
    return [str(d).removeprefix(f"{tmp_path}/") for d in caught.value.diagnostics]


def test_a_seed_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(WHOLE)
    seed = load_seed(path)
    alice, nobody = seed.users
    assert seed.api_key == "my-key"
    assert alice.connected == {Platform.GOOGLE: "alice@example.com", Platform.MICROSOFT: None}
    assert alice.preferences == SeedPreferences(record_external=True, bot_name="Scribe")
    assert (nobody.external_id, nobody.preferences) == (None, None)
    assert nobody.connections == ({"platform": "zoom", "connected": True},)
    assert seed.behaviour == Behaviour(after_disconnect="row_absent", disconnect_takes_seconds=5)
    assert seed.apps == (
        OAuthApp(
            platform=Platform.GOOGLE,
            client_id="my-app",
            redirect_uris=("https://app.example.com/google",),
        ),
        OAuthApp(platform=Platform.MICROSOFT, client_id="my-app"),
    )
    assert seed.faults == (
        Fault(
            kind=FaultKind.STATUS,
            status=429,
            headers={"Retry-After": "7"},
            match=Match(endpoint="disconnect", external_id="alice@*"),
            times="forever",
            after_effect=True,
        ),
    )


def test_every_error_has_its_place(tmp_path: Path) -> None:
    text = """\
apiVersion: reconciler/sandbox/v2
users:
  - external_id: 42
  - external_id: a
    connected: {zoom: x}
  - external_id: c
    connected: {google: 5}
  - external_id: b
    preferences: {record_everything: true}
behaviour: {afterDisconnect: gone}
faults:
  - {kind: meteor}
"""
    problems = _load(tmp_path, text)
    assert [problem.partition(" ")[0] for problem in problems] == [
        "seed.yaml:1:13:",
        "seed.yaml:3:18:",
        "seed.yaml:5:16:",
        "seed.yaml:7:16:",
        "seed.yaml:9:18:",
        "seed.yaml:12:12:",
        "seed.yaml:10:30:",
    ]
    assert "write reconciler/sandbox/v1" in problems[0]
    assert "users[0].external_id: Expected `str | null`, got `int`" in problems[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "seed.yaml: Expected `object`, got `null`"),
        ("[]", "seed.yaml:1:1: Expected `object`, got `array`"),
        ("users: [", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("users: []", "missing required field `apiVersion`"),
        ("apiVersion: reconciler/sandbox/v1\nuser: []", "unknown field `user`"),
        (
            "apiVersion: reconciler/sandbox/v1\nusers: [{external_id: a, connections: [{}]}]",
            "needs",
        ),
        (
            "apiVersion: reconciler/sandbox/v1\nfaults: [{kind: status, headers: {X: 日}}]",
            "must be printable ASCII",
        ),
        (
            'apiVersion: reconciler/sandbox/v1\nfaults: [{kind: redirect, location: "a\\r\\nb"}]',
            "must be printable ASCII",
        ),
    ],
)
def test_a_seed_that_cannot_be_used_says_why(tmp_path: Path, text: str, expected: str) -> None:
    (problem,) = _load(tmp_path, text)
    assert expected in problem


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        load_seed(tmp_path / "none.yaml")


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        load_seed(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 60 + "]" * 60, "{a: " * 60 + "}" * 60])
def test_a_seed_nested_too_deeply_is_refused(tmp_path: Path, text: str) -> None:
    (problem,) = _load(tmp_path, text)
    assert "nested deeper than 50 levels" in problem


def test_lists_side_by_side_are_not_nested(tmp_path: Path) -> None:
    (problem,) = _load(tmp_path, "[" + "[[]], " * 200 + "]")
    assert "Expected `object`, got `array`" in problem


def test_a_pipe_is_no_seed(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    os.mkfifo(path)
    with pytest.raises(InvalidInput, match="not a regular file"):
        load_seed(path)
