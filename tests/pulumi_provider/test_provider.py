"""The provider through its gRPC server: checks, differences, and acts only in the open run."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.rpc import UNKNOWN

from reconciler.domain import Platform, SqliteFile
from reconciler.ledger import open_ledger
from reconciler.pulumi_provider.provider import CalendarFleetProvider, CalendarUserProvider
from reconciler.reporting.wording import stacks
from reconciler.sandbox import Fault, FaultKind, Match, load_seed
from tests.pulumi_provider.fleet_folder import LEAVER_LOSES_GOOGLE, FleetFolder
from tests.pulumi_provider.provider_process import NOBODY, provider


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path / "project")


def inputs(folder: FleetFolder, user: str, platforms: list[str], **plan: Any) -> dict[str, Any]:
    return {
        "workspace": "trial",
        "address": folder.address,
        "configuration": "reconciler.yaml",
        "user": user,
        "platforms": platforms,
        "handover": "wait",
        "plan": plan,
    }


def connection(folder: FleetFolder, user: str, platform: str) -> str:
    (found,) = (u for u in folder.sandbox.users() if u.external_id == user)
    row = found.connected(platform)
    assert row is not None
    return row.id or ""


def leaver(folder: FleetFolder, **plan: Any) -> dict[str, Any]:
    return inputs(folder, "leaver@example.com", [], **plan)


def planned(folder: FleetFolder) -> dict[str, Any]:
    google = connection(folder, "leaver@example.com", "google")
    return leaver(folder, generation=1, disconnect={"google": google})


def test_where_the_providers_are_imported_from_never_moves() -> None:
    assert serialize_provider(CalendarUserProvider()) == (
        "gASVQwAAAAAAAACMI3JlY29uY2lsZXIucHVsdW1pX3Byb3ZpZGVyLnByb3ZpZGVylIwUQ2FsZW5kYXJVc2VyUHJv"
        "dmlkZXKUk5QpgZQu"
    )
    assert serialize_provider(CalendarFleetProvider()) == (
        "gASVRAAAAAAAAACMI3JlY29uY2lsZXIucHVsdW1pX3Byb3ZpZGVyLnByb3ZpZGVylIwVQ2FsZW5kYXJGbGVldFBy"
        "b3ZpZGVylJOUKYGULg=="
    )


def test_check_numbers_a_plan_and_clears_a_spent_one(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY) as process:
        asked = leaver(folder, disconnect={"google": "c-1"})
        first = process.check({}, asked).inputs
        assert dict(first["plan"]["disconnect"]) == {"google": "c-1"}
        assert first["plan"]["generation"] == 1
        cleared = process.check(planned(folder), leaver(folder)).inputs["plan"]
        assert (cleared["generation"], dict(cleared["disconnect"])) == (1, {})
    assert folder.sandbox.log() == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"platforms": ["google"], "plan": {"disconnect": {"google": "c-1"}}},
        {"platforms": ["zoom"]},
        {"address": "sandbox:another"},
    ],
)
def test_check_refuses_what_a_program_never_declares(
    folder: FleetFolder, wrong: dict[str, Any]
) -> None:
    with provider(folder.folder, NOBODY) as process:
        answer = process.check(leaver(folder), {**leaver(folder), **wrong})
        assert len(answer.failures) == 1


def test_diff_sees_a_new_plan_and_nothing_in_a_cleared_one(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY) as process:
        olds = {**leaver(folder), "generation": 1, "drift": [], "unsettled": []}
        assert not process.changed(olds, leaver(folder, generation=1, disconnect={}))
        assert process.changed(olds, leaver(folder, generation=2, disconnect={"google": "c"}))
        spent = leaver(folder, generation=1)
        assert process.changed({**olds, "drift": ["disconnect google"]}, spent)
        assert process.changed({**olds, "unsettled": ["x"]}, spent)


def test_create_does_what_is_pinned_in_the_open_run_of_its_command(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        outputs = process.create(planned(folder))
        assert outputs["outcomes"] == {"leaver@example.com": {"disconnect google": "verified"}}
        assert outputs["connected"] == {}
        assert "plan" not in outputs
    assert folder.disconnects() == [LEAVER_LOSES_GOOGLE]


def test_nothing_is_done_without_an_open_run(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY) as process:
        with pytest.raises(grpc.RpcError) as raised:
            process.create(planned(folder))
        said = raised.value.details()
        assert said.strip().splitlines() == [said.strip()]
        assert said.startswith("Failed: ")
    assert folder.mutations() == 0


def test_a_pin_that_the_runs_plan_does_not_hold_is_refused(folder: FleetFolder) -> None:
    settled = inputs(
        folder,
        "settled@example.com",
        [],
        generation=1,
        disconnect={"google": connection(folder, "settled@example.com", "google")},
    )
    with provider(folder.folder) as process, pytest.raises(grpc.RpcError, match="transform"):
        process.create(settled)
    assert folder.mutations() == 0


def test_after_a_cancel_nothing_new_is_begun(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        process.create(leaver(folder, generation=0, disconnect={}))
        process.cancel()
        outputs = process.create(planned(folder))
        assert outputs["outcomes"] == {"leaver@example.com": {"disconnect google": "not_attempted"}}
    assert folder.mutations() == 0


def test_read_sees_drift_and_delete_forgets(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY) as process:
        folder.connect("settled@example.com", Platform.MICROSOFT)
        props = inputs(folder, "settled@example.com", ["google"])
        identity, outputs = process.read(props)
        assert identity == "x"
        assert outputs["drift"] == ["disconnect microsoft"]
        process.delete(outputs)
    assert folder.lists() == 1
    assert folder.mutations() == 0


def gone(folder: FleetFolder) -> dict[str, Any]:
    """The state of somebody who was there, and is missing from the list now."""
    folder.delete("settled@example.com")
    return inputs(folder, "settled@example.com", ["google"]) | {"recallId": "of-settled"}


def outdated(folder: FleetFolder) -> None:
    """The ledger of an earlier version of this tool."""
    path = folder.folder / ".reconciler" / "ledger.db"
    with open_ledger(SqliteFile(path), create=True):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE ledger_version SET version_num = '0003'")


def test_without_a_ledger_who_is_gone_is_forgotten(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY) as process:
        assert process.read(gone(folder))[0] == ""


def test_nobody_is_forgotten_while_the_ledger_cannot_be_read(folder: FleetFolder) -> None:
    outdated(folder)
    with (
        provider(folder.folder, NOBODY) as process,
        pytest.raises(grpc.RpcError, match="observed-fleet-shrink cannot be judged") as failed,
    ):
        process.read(gone(folder))
    assert "Run `pulumi up` without a refresh: it migrates" in str(failed.value)
    assert "RECONCILER_ALLOW=observed-fleet-shrink" in str(failed.value)


def test_who_is_gone_is_forgotten_with_the_guard_allowed_or_without_its_limit(
    folder: FleetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    outdated(folder)
    props = gone(folder)
    with monkeypatch.context() as allowing:
        allowing.setenv("RECONCILER_ALLOW", "observed-fleet-shrink")
        with provider(folder.folder, NOBODY) as process:
            assert process.read(props)[0] == ""
    folder.configure("limits: {maxFleetShrinkPercent: null}")
    with provider(folder.folder, NOBODY) as process:
        assert process.read(props)[0] == ""


def test_another_address_than_the_stacks_is_refused(folder: FleetFolder) -> None:
    with (
        provider(folder.folder, NOBODY) as process,
        pytest.raises(grpc.RpcError, match="the stack holds it at sandbox:old"),
    ):
        process.read({**leaver(folder), "address": "sandbox:old"})
    assert folder.sandbox.log() == ()


def test_what_is_not_known_yet_is_refused(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY) as process:
        answer = process.check({}, {**leaver(folder), "platforms": UNKNOWN})
        assert [failure.reason for failure in answer.failures] == ["everything has to be known"]


def test_a_cancel_is_heard_while_all_of_the_sdks_threads_are_busy(folder: FleetFolder) -> None:
    """Ten creates at once, where the SDK has four threads: most of them are not begun."""
    people = [f"leaver{number:02}@example.com" for number in range(10)]
    seed = "".join(f"  - {{external_id: {p}, connected: {{google: {p}}}}}\n" for p in people)
    path = folder.write("seed.yaml", f"apiVersion: reconciler/sandbox/v1\nusers:\n{seed}")
    folder.sandbox.seed(load_seed(path))
    folder.declare(*(f"{{id: {person}, platforms: [], reason: left}}" for person in people))
    slow = Match(endpoint="disconnect")
    folder.fail(Fault(kind=FaultKind.LATENCY, answer_delay=3, times="forever", match=slow))

    def create(person: str) -> dict[str, Any]:
        google = connection(folder, person, "google")
        return process.create(
            inputs(folder, person, [], generation=1, disconnect={"google": google})
        )

    with provider(folder.folder) as process, ThreadPoolExecutor(len(people)) as pool:
        ended = [pool.submit(create, person) for person in people]
        while not folder.disconnects():
            assert not all(future.done() for future in ended)
        process.cancel()
        before = len(folder.disconnects())
        shown = [future.result()["outcomes"] for future in ended]
    begun = [outcome for of in shown for user in of.values() for outcome in user.values()]
    assert len(folder.disconnects()) == begun.count("verified") <= before + 4
    assert len(folder.disconnects()) < len(people)
    assert begun.count("not_attempted") == len(people) - len(folder.disconnects())


def test_what_keeps_all_from_being_read_is_said_once(folder: FleetFolder) -> None:
    listing = Match(endpoint="list_users")
    folder.fail(Fault(kind=FaultKind.EMPTY_LIST, match=listing, times="forever"))
    said = []
    with provider(folder.folder, NOBODY) as process:
        for user in ("settled@example.com", "waiting@example.com", "mover@example.com"):
            with pytest.raises(grpc.RpcError) as raised:
                process.read(inputs(folder, user, ["google"]))
            said.append(raised.value.details().strip())
    assert "empty-observed refused" in said[0]
    assert said[1:] == [f"Failed: {stacks.FOR_THE_SAME_REASON}"] * 2
    assert folder.lists() == 1
