"""Runs under every answer to what the API's documentation leaves open: the sandbox's switches.

A row of a table sets some switches and says what must come out otherwise than usual.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import pytest

from reconciler.domain import Preferences, RateLimits
from reconciler.recall import Throttled
from reconciler.sandbox import Behaviour, SeedPreferences
from tests.applying.trial import (
    GOOGLE,
    MICROSOFT,
    Done,
    Trial,
    disconnected,
    person,
    updated,
    wanted,
)

VERIFIED: Final = ("verified", "read_back")
RECORDED: Final = SeedPreferences(record_external=True, record_internal=True)
PEOPLE: Final = (
    person("alice", GOOGLE, MICROSOFT),
    person("bob", GOOGLE),
    person("carol", GOOGLE, preferences=RECORDED),
    person("dave", MICROSOFT),
    person("eve", GOOGLE, MICROSOFT),  # in no manifest
)
DESIRED: Final = (
    wanted("alice", GOOGLE),
    wanted("bob"),
    wanted("carol", GOOGLE, preferences=Preferences(record_external=False)),
    wanted("dave", MICROSOFT),
)
CALLS: Final = [
    disconnected("alice", MICROSOFT),
    disconnected("bob", GOOGLE),
    updated("carol", record_external=False),
]
DONE: Final = {
    "alice microsoft": VERIFIED,
    "bob google": VERIFIED,
    "carol preferences": VERIFIED,
}
EFFECTS: Final = [
    "changed preferences: record_external",
    "disconnected google",
    "disconnected microsoft",
]
Switches = dict[str, Any]
Outcomes = dict[str, tuple[str, str]]
ROW_ABSENT: Final = ("verified", "row_absent")
THROTTLED: Final = ("failed", "throttled")
NOT_READABLE: Final = ("unknown", "not_readable")

ALIKE: Final[list[tuple[Switches, Outcomes]]] = [
    ({"list_shape": "array", "page_size": 2}, {}),
    ({"list_shape": "page", "page_size": 2}, {}),
    ({"list_shape": "page_with_count", "page_size": 2}, {}),
    ({"list_order": "shuffled"}, {}),
    ({"list_order": "insertion"}, {}),
    ({"connection_rows": "always"}, {}),
    ({"connection_rows": "when_connected"}, {}),
    ({"after_disconnect": "nulls"}, {}),
    ({"after_disconnect": "details_kept"}, {}),
    ({"after_disconnect": "row_absent"}, {"alice microsoft": ROW_ABSENT, "bob google": ROW_ABSENT}),
    ({"disconnect_takes_seconds": 5}, {}),
    ({"taken_external_id": "refused"}, {}),
    ({"taken_external_id": "allowed"}, {}),
    ({"put_preferences": "merge"}, {}),
    ({"put_preferences": "replace"}, {}),
    ({"put_preferences": "require_all"}, {"carol preferences": ("failed", "rejected")}),
    ({"scheme_word": "optional"}, {}),
    ({"scheme_word": "required"}, {}),
    ({"missing_slash": "tolerated"}, {}),
    ({"missing_slash": "not_found"}, {}),
    ({"enforce_limits": True}, {}),
    ({"enforce_limits": False, "list_limit": 0, "authenticate_limit": 0}, {}),
]


def _shown(value: object) -> str:
    """A part of a test's name: the switches, or what a function is called."""
    if isinstance(value, dict):
        return ",".join(f"{name}={entry}" for name, entry in value.items())
    return str(getattr(value, "__name__", value))


@pytest.mark.parametrize(("switches", "otherwise"), ALIKE, ids=_shown)
def test_a_run_makes_the_same_calls_whatever_the_api_turns_out_to_do(
    trial: Trial, switches: Switches, otherwise: Outcomes
) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(**switches))
    done = trial.apply(*DESIRED)
    assert done.calls == CALLS
    assert done.outcomes == DONE | otherwise
    assert done.tokens == ["alice", "bob", "carol"]
    bystanders = {name: trial.connected()[name] for name in ("dave", "eve")}
    assert bystanders == {"dave": ["microsoft"], "eve": ["google", "microsoft"]}


def _delete(trial: Trial) -> None:
    trial.delete("bob")


def _recreate(trial: Trial) -> None:
    trial.delete("bob")
    trial.recreate("bob", GOOGLE)


def _reconnect(trial: Trial) -> None:
    trial.state.disconnect("bob", GOOGLE)
    trial.state.connect("bob", GOOGLE, "other@example.com")


MOVED: Final[list[tuple[Switches, Callable[[Trial], None], tuple[str, str]]]] = [
    ({"unknown_user_on_authenticate": "create"}, _delete, ("skipped_stale", "user_replaced")),
    ({"unknown_user_on_authenticate": "not_found"}, _delete, ("failed", "not_found")),
    ({"recreated_user_id": "new"}, _recreate, ("skipped_stale", "user_replaced")),
    ({"recreated_user_id": "same"}, _recreate, ("skipped_stale", "connection_changed")),
    ({"reconnect_id": "new"}, _reconnect, ("skipped_stale", "connection_changed")),
]


@pytest.mark.parametrize(("switches", "move", "outcome"), MOVED, ids=_shown)
def test_a_user_who_changes_after_the_list_is_not_disconnected(
    trial: Trial, switches: Switches, move: Callable[[Trial], None], outcome: tuple[str, str]
) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(**switches))
    done = trial.apply(*DESIRED, meanwhile=lambda: move(trial))
    assert done.calls == [CALLS[0], CALLS[2]]
    assert done.outcomes == DONE | {"bob google": outcome}


KEPT_ID: Final[Switches] = {"reconnect_id": "same"}


def test_a_reconnect_that_keeps_its_id_cannot_be_noticed(trial: Trial) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(**KEPT_ID))
    done = trial.apply(*DESIRED, meanwhile=lambda: _reconnect(trial))
    assert (done.calls, done.outcomes) == (CALLS, DONE)


NOT_CONNECTED: Final[list[Switches]] = [
    {"disconnect_when_not_connected": status} for status in (200, 400, 404)
]


@pytest.mark.parametrize("switches", NOT_CONNECTED, ids=_shown)
def test_a_call_on_what_another_client_just_disconnected_is_verified(
    trial: Trial, switches: Switches
) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(**switches))
    trial.journal.at("intent", lambda: trial.state.disconnect("bob", GOOGLE), user="bob")
    done = trial.apply(*DESIRED)
    assert (done.calls, done.outcomes) == (CALLS, DONE)
    assert [request.status for request in done.of("disconnect", "bob")] == [*switches.values()]


SHORT_TOKENS: Final[Switches] = {"token_seconds": 1, "disconnect_takes_seconds": 5}


def test_a_token_that_expires_is_minted_again_and_no_call_is_repeated(trial: Trial) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(**SHORT_TOKENS))
    done = trial.apply(*DESIRED)
    assert (done.calls, done.outcomes) == (CALLS, DONE)
    assert done.tokens.count("bob") > 1
    assert 401 in [request.status for request in done.log]


LEAVING: Final = (wanted("alice"), *DESIRED[1:])
ALL_DONE: Final = DONE | {"alice google": VERIFIED}
UNREAD: Final = dict.fromkeys(ALL_DONE, NOT_READABLE)
LIMITS: Final[list[tuple[str, Switches, Outcomes]]] = [
    ("list_users", {"list_limit": 1}, {}),
    ("authenticate", {"authenticate_limit": 1}, {}),
    ("disconnect", {"disconnect_limit": 1}, {}),
    ("get_user", {"user_limit": 1}, UNREAD),  # no reading is left before the deadline
]
REFUSALS: Final[list[Switches]] = [
    {"limiter": "sliding"},
    {"limiter": "fixed"},
    {"limiter_counts_refused": True},
    {"limiter_counts_refused": False},
    {"retry_after": "seconds"},
    {"retry_after": "http_date"},
    {"error_bodies": "2025"},
    {"error_bodies": "2024"},
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=_shown)
@pytest.mark.parametrize(("endpoint", "limit", "otherwise"), LIMITS, ids=_shown)
def test_a_limit_below_the_configured_one_costs_time_and_nothing_else(
    trial: Trial, endpoint: str, limit: Switches, otherwise: Outcomes, refusal: Switches
) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(**limit, **refusal))
    done = trial.apply(*LEAVING, again=True)
    assert done.outcomes == ALL_DONE | otherwise
    assert _effects(done) == sorted([*EFFECTS, "disconnected google"])
    assert {request.endpoint for request in trial.state.log() if request.status == 429} == {
        endpoint
    }


NO_HINT: Final[Switches] = {"retry_after": "absent"}


def test_a_throttled_call_without_a_hint_is_given_up_and_had_no_effect(trial: Trial) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(disconnect_limit=1, **NO_HINT))
    done = trial.apply(*LEAVING)
    assert done.outcomes == ALL_DONE | {"alice microsoft": THROTTLED}
    assert _effects(done) == sorted([*EFFECTS[:2], "disconnected google"])
    assert trial.connected()["alice"] == ["microsoft"]


def test_a_throttled_list_without_a_hint_is_no_list(trial: Trial) -> None:
    trial.people(*PEOPLE, behaviour=Behaviour(list_limit=1, **NO_HINT))
    with pytest.raises(Throttled):
        trial.apply(*DESIRED, again=True)
    assert {request.effect for request in trial.state.log()} == {None}


ITS_OWN: Final[Switches] = {"authenticate_limit": 3, "user_limit": 6, "disconnect_limit": 6}
COUNTED: Final[list[Switches]] = [
    ITS_OWN | {"limiter": "sliding"},
    ITS_OWN | {"limiter": "fixed"},
    ITS_OWN | {"limits_count": "per_endpoint"},
    ITS_OWN | {"limits_count": "per_subject", "authenticate_limit": 5},
]


@pytest.mark.parametrize("switches", COUNTED, ids=_shown)
def test_a_run_that_knows_the_limits_is_never_throttled(trial: Trial, switches: Switches) -> None:
    leavers = [person(f"user-{number}", GOOGLE) for number in range(8)]
    trial.people(*leavers, behaviour=Behaviour(**switches))
    trial.limits = RateLimits(share=1.0, authenticate=3, user=2)
    trial.clock.advance(50)
    done = trial.apply(*(wanted(str(leaver.external_id)) for leaver in leavers))
    assert set(done.outcomes.values()) == {VERIFIED}
    assert len(done.calls) == 8
    assert {request.status for request in done.log} == {200}


def test_the_same_call_takes_effect_again_within_the_hour(trial: Trial) -> None:
    """The API replays a finished `Idempotency-Key` for an hour: the tool sends none."""
    trial.people(*PEOPLE)
    trial.apply(*DESIRED)
    trial.state.connect("bob", GOOGLE, "again@example.com")
    done = trial.apply(*DESIRED)
    assert (done.calls, _effects(done)) == ([CALLS[1]], ["disconnected google"])
    assert trial.connected()["bob"] == []


def _effects(done: Done) -> list[str]:
    return sorted(request.effect for request in done.log if request.effect)


def test_every_value_of_every_switch_has_a_row() -> None:
    rows: list[Switches] = [
        *(row[0] for row in ALIKE),
        *(row[0] for row in MOVED),
        *(row[1] for row in LIMITS),
        *NOT_CONNECTED,
        *REFUSALS,
        *COUNTED,
        KEPT_ID,
        SHORT_TOKENS,
        NO_HINT,
    ]
    tried = {(name, value) for row in rows for name, value in row.items()}
    for name, kind in get_type_hints(Behaviour).items():
        if get_origin(kind) is Literal or kind is bool:
            values = get_args(kind) or (True, False)
            assert {(name, value) for value in values} <= tried
        assert [value for tried_name, value in tried if tried_name == name]
