"""The state file, and the owner's view of it."""

import contextlib
import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.domain import InvalidInput, Platform, Preferences
from reconciler.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    SandboxState,
    Seed,
    SeedPreferences,
    SeedUser,
    UnknownUser,
    open_seeded,
)
from tests.sandbox.conftest import ALICE, BOB, Trial


def test_the_file_and_its_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "sandbox.db"
    SandboxState.open(path).close()
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    assert [p.name for p in path.parent.iterdir()] == ["sandbox.db"]


def test_id_and_key_last(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with SandboxState.open(path) as state:
        first = (state.id, state.api_key)
        state.seed(Seed())
    with SandboxState.open(path, create=False) as state:
        assert (state.id, state.api_key) == first
    assert first[1].reveal().startswith("sandbox-key-")


def test_two_states_differ(tmp_path: Path) -> None:
    with SandboxState.open(tmp_path / "a") as one, SandboxState.open(tmp_path / "b") as two:
        assert one.id != two.id
        assert one.api_key != two.api_key


def test_many_who_create_at_once_agree(tmp_path: Path) -> None:
    def create(_: int) -> str:
        with SandboxState.open(tmp_path / "sandbox.db") as state:
            return state.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(16)))) == 1


def test_a_loser_of_the_race_to_create_leaves_the_winners_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sandbox.db"
    with SandboxState.open(path) as state:
        first = state.id
    monkeypatch.setattr(Path, "exists", lambda self: self != path)
    with SandboxState.open(path) as state:
        assert state.id == first


def test_a_missing_state_is_an_error_where_none_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no sandbox state here"):
        SandboxState.open(tmp_path / "none.db", create=False)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but rather long, so that it has a header's length" * 20)
    with pytest.raises(InvalidInput, match="not a sandbox state"):
        SandboxState.open(path)


def test_another_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(InvalidInput, match="not a sandbox state"):
        SandboxState.open(path)


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    SandboxState.open(path).close()
    with sqlite3.connect(path) as changed:
        changed.execute("PRAGMA user_version = 99")
    changed.close()
    with pytest.raises(InvalidInput, match="schema 99"):
        SandboxState.open(path)


def test_a_failed_change_leaves_everything_as_it_was(state: SandboxState) -> None:
    before = state.users()
    twice = tuple(SeedUser(external_id=name, id="same") for name in "ab")
    with pytest.raises(InvalidInput, match="two users have the id same"):
        state.seed(Seed(users=twice))
    with pytest.raises(AttributeError):
        state.seed(Seed(faults=("no fault",)))  # type: ignore[arg-type]
    assert state.users() == before


def test_seeding_is_reproducible(tmp_path: Path) -> None:
    seed = Seed(
        users=(
            SeedUser(external_id=ALICE, connected={Platform.GOOGLE: ALICE}, meetings=1),
            SeedUser(external_id=ALICE),
            SeedUser(external_id=None),
            SeedUser(external_id=None),
        )
    )
    found = []
    for name in ("a", "b"):
        with SandboxState.open(tmp_path / name) as state:
            state.seed(seed)
            found.append(state.users())
    assert found[0] == found[1]
    assert len({user.id for user in found[0]}) == 4


def test_seeding_replaces_everything(trial: Trial) -> None:
    trial.switch(list_limit=1)
    trial.users()
    trial.state.add_fault(Fault(kind=FaultKind.STATUS))
    trial.state.seed(Seed(users=(SeedUser(external_id=BOB),)))
    assert trial.state.log() == ()
    assert trial.state.faults() == ()
    assert trial.state.behaviour() == Behaviour()
    assert [user["external_id"] for user in trial.users()] == [BOB]


def test_a_seeded_user_has_rows_preferences_and_defaults(state: SandboxState) -> None:
    user = SeedUser(
        external_id=BOB,
        connected={Platform.MICROSOFT: None},
        preferences=SeedPreferences(record_external=True),
    )
    state.seed(Seed(users=(user,)))
    (found,) = state.users()
    assert [row.connected for row in found.connections] == [False, True]
    assert found.preferences == Preferences(
        record_non_host=False,
        record_recurring=False,
        record_external=True,
        record_internal=False,
        record_confirmed=False,
        record_only_host=False,
        bot_name="Notetaker",
    )


def test_rows_of_platforms_never_connected_can_be_absent(state: SandboxState) -> None:
    user = SeedUser(external_id=BOB, connected={Platform.MICROSOFT: None})
    state.seed(Seed(users=(user,), behaviour=Behaviour(connection_rows="when_connected")))
    assert [row.platform for row in state.users()[0].connections] == ["microsoft"]


def test_raw_rows_are_listed_as_they_were_given(trial: Trial) -> None:
    rows = (
        {"platform": "google", "connected": True, "email": 7, "extra": [1]},
        {"platform": "zoom", "connected": True},
    )
    trial.state.seed(Seed(users=(SeedUser(external_id=ALICE, connections=rows, meetings=1),)))
    assert trial.user()["connections"] == list(rows)
    assert trial.users(email="7") == []


@pytest.mark.parametrize(
    "rows", [({"connected": True},), ({"platform": "google", "connected": "yes"},)]
)
def test_a_raw_row_needs_platform_and_connected(rows: tuple[dict[str, object], ...]) -> None:
    with pytest.raises(ValueError, match="needs `platform` and `connected`"):
        SeedUser(external_id=ALICE, connections=rows)


def test_rows_are_given_in_one_way_only() -> None:
    with pytest.raises(ValueError, match="not both"):
        SeedUser(external_id=ALICE, connected={Platform.GOOGLE: None}, connections=())


def test_an_empty_api_key_is_refused() -> None:
    with pytest.raises(InvalidInput, match="apiKey must not be empty"):
        Seed(api_key=" ")


def test_a_user_connects_and_another_client_disconnects(state: SandboxState) -> None:
    state.connect(BOB, Platform.MICROSOFT, "bob@corp.example.com")
    state.disconnect(BOB, Platform.GOOGLE)
    user = state.users()[1]
    assert user.connected("google") is None
    row = user.connected("microsoft")
    assert row is not None
    assert row.email == "bob@corp.example.com"


def test_nobody_unknown_can_connect_or_be_disconnected(state: SandboxState) -> None:
    with pytest.raises(UnknownUser, match="nobody"):
        state.connect("nobody", Platform.GOOGLE)
    with pytest.raises(UnknownUser, match="nobody"):
        state.disconnect("nobody", Platform.GOOGLE)


def test_of_two_users_with_one_id_the_first_is_meant(trial: Trial) -> None:
    twins = tuple(
        SeedUser(external_id=ALICE, id=f"id-{n}", connected={Platform.GOOGLE: None}) for n in (1, 2)
    )
    trial.state.seed(Seed(users=twins))
    trial.disconnect(trial.token())
    connected = {user.id: bool(user.connected("google")) for user in trial.state.users()}
    assert connected == {"id-1": False, "id-2": True}


def test_a_state_may_be_used_from_several_threads(state: SandboxState) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: state.connect(BOB, Platform.GOOGLE, f"{n}@x.y"), range(20)))
    assert state.users()[1].connected("google") is not None


def test_a_missing_state_is_made_from_its_seed_once(tmp_path: Path) -> None:
    seed, path = tmp_path / "seed.yaml", tmp_path / "state" / "sandbox.db"
    seed.write_text("apiVersion: reconciler/sandbox/v1\nusers: [{external_id: x}]\n")
    with open_seeded(path, seed) as state:
        assert [user.external_id for user in state.users()] == ["x"]
        state.seed(Seed())
    with open_seeded(path, seed) as state:
        assert state.users() == ()


def test_a_state_without_a_table_is_refused(state_path: Path) -> None:
    with SandboxState.open(state_path) as state:
        _execute(state_path, "DROP TABLE meta")
        with pytest.raises(InvalidInput, match="no such table: meta"):
            state.users()


@pytest.mark.parametrize(
    "damage", ["DELETE FROM meta WHERE key = 'id'", "UPDATE meta SET value = '{' || value"]
)
def test_settings_that_cannot_be_read_are_refused(state_path: Path, damage: str) -> None:
    with SandboxState.open(state_path) as state:
        _execute(state_path, damage)
        with pytest.raises(InvalidInput, match="its settings cannot be read"):
            state.users()


def test_a_damaged_state_is_refused(state_path: Path) -> None:
    SandboxState.open(state_path).close()
    with state_path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with (
        SandboxState.open(state_path) as state,
        pytest.raises(InvalidInput, match=r"the state cannot be used: .*malformed"),
    ):
        state.users()


def test_a_locked_state_is_refused(state_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.sandbox.database.BUSY_SECONDS", 0.0)
    with SandboxState.open(state_path) as state:
        other = sqlite3.connect(state_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InvalidInput, match="database is locked"):
            state.users()
        other.close()
        assert state.users() == ()


def test_a_full_state_is_refused_and_keeps_what_it_had(state_path: Path) -> None:
    with SandboxState.open(state_path) as state:
        with state._database.transaction() as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
        fleet = tuple(SeedUser(external_id=f"{n}@example.com") for n in range(1000))
        with pytest.raises(InvalidInput, match="database or disk is full"):
            state.seed(Seed(users=fleet))
        assert state.users() == ()


def test_a_place_where_no_file_can_be_is_refused_in_the_words_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    seed = tmp_path / "seed.yaml"
    seed.write_text("apiVersion: reconciler/sandbox/v1\n")
    path = tmp_path / "file" / "sandbox.db"
    with pytest.raises(InvalidInput, match="Not a directory"):
        SandboxState.open(path)
    with pytest.raises(InvalidInput, match="Not a directory"), open_seeded(path, seed):
        pass


def _execute(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(statement)
