"""The plan file: a faithful round trip, and nothing else is taken for a plan."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reconciler.domain import Preferences, rfc3339
from reconciler.planning import (
    Plan,
    PlanUnusable,
    canonical_json,
    decode_plan,
    encode_plan,
    expires_at,
    made_at,
    plan_file,
    seal,
)
from reconciler.planning.canonical import digest
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    plan_of,
    seen,
)
from tests.planning.random_fleets import QUICK, World, worlds

PLAN = plan_of(
    content_of(
        manifest(
            declared("alice", [GOOGLE], preferences=Preferences(bot_name="Nöte")),
            declared("böb", [], reason="left"),
            declared("new", [GOOGLE]),
        ),
        fleet(
            seen("alice", connected("google"), connected("microsoft", None)),
            seen("böb", connected("google"), connected("microsoft")),
            seen("zoe", connected("zoom")),
        ),
        protected=["boss"],
    )
)
DATA = encode_plan(PLAN)
SMALL = encode_plan(plan_of(content_of(manifest(), fleet())))


def sealed(text: bytes) -> bytes:
    """``text`` with the seal that its content and envelope call for, as a forger would."""
    body = text.rstrip(b"\n").rpartition(b',"seal":')[0] + b"}"
    return body[:-1] + b',"seal":"' + digest(body).encode() + b'"}\n'


def test_a_plan_comes_back_as_it_was() -> None:
    assert decode_plan(DATA) == PLAN


def test_a_file_is_one_line_of_canonical_json() -> None:
    assert DATA.endswith(b"}\n")
    assert DATA.count(b"\n") == 1
    assert list(json.loads(DATA)) == ["content", "envelope", "seal"]
    assert json.loads(DATA)["seal"] == seal(PLAN)


def test_the_test_forger_seals_as_the_codec_does() -> None:
    assert sealed(DATA) == DATA


@QUICK
@given(worlds)
def test_every_plan_comes_back_as_it_was(world: World) -> None:
    plan = plan_of(world.content())
    assert decode_plan(encode_plan(plan)) == plan


def test_any_other_byte_anywhere_in_a_small_plan_is_refused() -> None:
    for position in range(len(SMALL)):
        for mask in (0x01, 0x20, 0x80):
            altered = bytearray(SMALL)
            altered[position] ^= mask
            with pytest.raises(PlanUnusable):
                decode_plan(bytes(altered))


def test_a_byte_left_out_or_doubled_anywhere_in_a_small_plan_is_refused() -> None:
    for position in range(len(SMALL)):
        for altered in (
            SMALL[:position] + SMALL[position + 1 :],
            SMALL[: position + 1] + SMALL[position:],
        ):
            with pytest.raises(PlanUnusable):
                decode_plan(altered)


def test_a_file_cut_short_anywhere_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(PlanUnusable):
            decode_plan(SMALL[:length])


@QUICK
@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_any_other_byte_is_refused(position: int, mask: int) -> None:
    altered = bytearray(DATA)
    altered[position] ^= mask
    with pytest.raises(PlanUnusable):
        decode_plan(bytes(altered))


@QUICK
@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(PlanUnusable, match="not a plan file"):
        decode_plan(data)


def changed(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return change


NOT_A_PLAN: dict[str, Callable[[bytes], bytes]] = {
    "another format": changed("reconciler/plan/v1", "reconciler/plan/v2"),
    "an unknown field beside": lambda data: data[:-2] + b',"more":1}\n',
    "a field missing": changed('"deselected":0,', ""),
    "a wrong type": changed('"deselected":0', '"deselected":"0"'),
    "a boolean for a number": changed('"deselected":0', '"deselected":false'),
    "null for a list": changed('"problems":[]', '"problems":null'),
    "a fraction": changed('"deselected":0', '"deselected":0.5'),
    "not a number": changed('"deselected":0', '"deselected":NaN'),
    "infinity": changed('"deselected":0', '"deselected":1e999'),
    "a number that no database holds": changed('"deselected":0', f'"deselected":{2**63}'),
    "less than none": changed('"deselected":0', '"deselected":-1'),
    "a limit less than none": changed('"max_disconnects":null', '"max_disconnects":-1'),
    "a share of less than nobody": changed('"total":null', '"total":-1'),
    "a number without end": changed('"deselected":0', '"deselected":' + "9" * 5000),
    "an unknown kind of action": changed('"kind":"disconnect"', '"kind":"delete"'),
    "an unknown platform": changed('"platform":"microsoft"', '"platform":"zoom"'),
    "an unknown guard": changed('"guard":"empty-desired"', '"guard":"empty"'),
    "an unknown judgement": changed('"judgement":"passed"', '"judgement":"fine"'),
    "half a surrogate pair": changed('"workspace":"prod"', '"workspace":"\\ud800"'),
    "not UTF-8": lambda data: data.replace(b'"workspace":"prod"', b'"workspace":"\xff"', 1),
    "a surrogate in UTF-8": lambda data: data.replace(b"prod", b"\xed\xa0\x80", 1),
    "nested without end": changed('"deselected":0', '"x":' + "[" * 100_000 + "]" * 100_000),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "two documents": lambda data: data + data,
    "nothing": lambda data: b"",
    "white space": lambda data: b" \n",
    "null": lambda data: b"null\n",
    "a list": lambda data: b"[" + data + b"]",
    "no such day": changed("2026-11-01T", "2026-02-30T"),
    "no such second": changed("08:00:00Z", "08:00:61Z"),
    "year zero": changed("2026-11-02T", "0000-11-02T"),
    "a time with an offset": changed("08:00:00Z", "08:00:00+00:00"),
    "a time with a fraction": changed("08:00:00Z", "08:00:00.5Z"),
    "digits of another script": changed("08:00:00Z", "08:00:0\u0660Z"),
}


@pytest.mark.parametrize("change", NOT_A_PLAN.values(), ids=NOT_A_PLAN.keys())
def test_what_is_no_plan_is_refused_as_that(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PlanUnusable, match=r"not a plan file that `plan -o` has written: .+"):
        decode_plan(change(DATA))


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "another user": changed('"user":"alice"', '"user":"carol"'),
    "another workspace": changed('"workspace":"prod"', '"workspace":"test"'),
    "another expiry": changed('"expires":"2026', '"expires":"2036'),
    "a larger limit": changed('"deselected":0', '"deselected":1'),
    "a guard that passes": changed('"judgement":"passed"', '"judgement":"allowed"'),
    "another seal": lambda data: re.sub(rb'(sha256:)(.)([0-9a-f]*"}\n)$', rb"\1x\3", data),
    "no precondition": changed('"requires_connected":["google"]', '"requires_connected":[]'),
    "a null id": changed('"connection_id":"account"', '"connection_id":null'),
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_plan_is_refused_by_its_seal(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PlanUnusable, match="altered: its seal does not match"):
        decode_plan(change(DATA))


def reordered(data: bytes) -> bytes:
    return json.dumps(
        dict(reversed(json.loads(data).items())), separators=(",", ":"), ensure_ascii=False
    ).encode()


OTHER_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "a space before": lambda data: b" " + data,
    "a line feed more": lambda data: data + b"\n",
    "a line feed fewer": lambda data: data[:-1],
    "a carriage return": lambda data: data[:-1] + b"\r\n",
    "a space inside": changed('"deselected":0', '"deselected": 0'),
    "another order of keys": reordered,
    "a key given twice": changed('"deselected":0', '"deselected":7,"deselected":0'),
    "a seal given twice": changed('{"content"', '{"seal":"x","content"'),
    "an unknown field within": changed('"deselected":0', '"deselected":0,"dry_run":true'),
    "an escape for a letter": changed('"user":"alice"', '"user":"\\u0061lice"'),
    "an escape for an umlaut": changed('"user":"böb"', '"user":"b\\u00f6b"'),
    "an escaped slash": changed("reconciler/plan/v1", "reconciler\\/plan\\/v1"),
    "minus zero": changed('"deselected":0', '"deselected":-0'),
    "a default left out": changed('"kind":"connect_required",', ""),
}


@pytest.mark.parametrize("change", OTHER_FORMS.values(), ids=OTHER_FORMS.keys())
def test_a_plan_in_any_other_form_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PlanUnusable, match="altered: it is not in canonical form"):
        decode_plan(change(DATA))


def test_a_plan_that_holds_an_action_twice_is_refused_though_its_seal_is_right() -> None:
    actions = PLAN.content.actions
    twice = structs.replace(PLAN.content, actions=(*actions, actions[0]))
    with pytest.raises(PlanUnusable, match="the same action twice"):
        decode_plan(encode_plan(structs.replace(PLAN, content=twice)))


def test_a_plan_that_holds_two_verdicts_of_a_guard_is_refused_though_its_seal_is_right() -> None:
    guards = PLAN.content.guards
    twice = structs.replace(PLAN.content, guards=(*guards, guards[-1]))
    with pytest.raises(PlanUnusable, match="two verdicts of one guard"):
        decode_plan(encode_plan(structs.replace(PLAN, content=twice)))


@pytest.mark.parametrize("change", [changed('"deselected":0', '"dry_run":true,"deselected":0')])
def test_a_forged_seal_does_not_carry_what_a_reader_skips(
    change: Callable[[bytes], bytes],
) -> None:
    with pytest.raises(PlanUnusable):
        decode_plan(sealed(change(DATA)))


def test_a_file_beyond_every_plan_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "MAX_BYTES", 2 * 1024 * 1024)
    with pytest.raises(PlanUnusable, match="larger than 2 MB"):
        decode_plan(b" " * (2 * 1024 * 1024 + 1))


def test_a_file_of_exactly_the_largest_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "MAX_BYTES", len(DATA))
    assert decode_plan(DATA) == PLAN


def test_a_hostile_file_makes_no_endless_error() -> None:
    with pytest.raises(PlanUnusable) as caught:
        decode_plan(changed('"kind":"disconnect"', '"kind":"' + "x" * 10_000 + '"')(DATA))
    assert len(str(caught.value)) < 300


def test_the_seal_covers_the_envelope() -> None:
    other = structs.replace(PLAN, envelope=structs.replace(PLAN.envelope, commit=None))
    assert seal(other) != seal(PLAN)


def test_the_digest_names_the_content_and_not_the_envelope() -> None:
    other = structs.replace(PLAN, envelope=structs.replace(PLAN.envelope, commit=None))
    assert other.content.digest() == PLAN.content.digest()
    selected = structs.replace(PLAN.content, selection=("alice",))
    assert selected.digest() != PLAN.content.digest()


def test_the_digest_survives_the_file() -> None:
    assert decode_plan(DATA).content.digest() == PLAN.content.digest()


def test_a_plan_expires_when_its_envelope_says() -> None:
    assert expires_at(PLAN) == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert made_at(PLAN) == datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_times_are_written_in_utc_and_whole_seconds() -> None:
    summer = datetime(2026, 7, 1, 1, 30, 59, 999_999, timezone(timedelta(hours=2)))
    assert rfc3339(summer) == "2026-06-30T23:30:59Z"


def test_an_expiry_is_read_as_it_was_written() -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    envelope = structs.replace(PLAN.envelope, expires=rfc3339(moment))
    assert expires_at(Plan(PLAN.content, envelope)) == moment


def test_content_divides_its_actions_by_kind() -> None:
    content = PLAN.content
    assert [action.key for action in content.disconnects] == [
        "disconnect microsoft of alice",
        "disconnect google of böb",
        "disconnect microsoft of böb",
    ]
    assert [action.key for action in content.updates] == ["update preferences of alice"]
    assert content.disconnects[0].requires_connected == (GOOGLE,)
    assert content.disconnects[0].platform is MICROSOFT


def test_canonical_json_reads_as_json_to_anybody() -> None:
    assert msgspec.json.decode(canonical_json(PLAN.content)) == json.loads(DATA)["content"]
