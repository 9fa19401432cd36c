"""Nothing is sent for somebody whose earlier call may still be under way, whatever command comes
next."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import httpx
import pytest

from reconciler.domain import Platform, SqliteFile, SystemClock
from reconciler.ledger import Claim, open_ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.planning import decode_plan
from reconciler.sandbox import Fault, FaultKind, Match, SandboxServer
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.dead_runs import leave_in_doubt
from tests.ledger.samples import claim, never, opened

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
LEAVER, MOVER = "leaver@example.com", "mover@example.com"
LONG_AGO = 3600.0


@pytest.fixture
def dead(project: Project) -> str:
    """A run that died an hour ago; its call for the leaver never had an effect."""
    assert project.run("plan", "-o", "saved.json", "--quiet") == 0
    return leave_in_doubt(project.folder, "saved.json", LEAVER, ago=LONG_AGO)


def _outcomes(project: Project) -> dict[str, tuple[str, str]]:
    results = json.loads(project.out)["results"]
    return {result["user"]: (result["outcome"], result["cause"]) for result in results}


def _settled(project: Project) -> list[tuple[str, str]]:
    settled = json.loads(project.out)["memory"]["settled"]
    return [(one["result"]["user"], one["result"]["outcome"]) for one in settled]


def _rename(project: Project, before: str, after: str) -> None:
    """Somebody else gives the calendar user another external id."""
    key = project.sandbox.api_key.reveal()
    with (
        SandboxServer(project.folder / "state/sandbox.db") as server,
        httpx.Client(base_url=server.url, trust_env=False) as http,
    ):
        path, headers = "/api/v1/calendar/", {"authorization": f"Token {key}"}
        answer = http.post(f"{path}authenticate/", json={"user_id": before}, headers=headers)
        token = {"x-recallcalendarauthtoken": answer.json()["token"]}
        http.put(f"{path}user/", json={"external_id": after}, headers=token).raise_for_status()


@pytest.mark.usefixtures("dead")
def test_what_is_settled_as_unknown_is_held_for_the_rest_of_the_command(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--format", "json") == 4
    assert _settled(project) == [(LEAVER, "unknown")]
    assert _outcomes(project) == {MOVER: ("verified", "read_back")}
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


@contextmanager
def _begun(project: Project, claimed: Claim) -> Iterator[OpenRun]:
    """A run of this very process, which has not settled anything yet."""
    place = SqliteFile(project.folder / ".reconciler/ledger.db")
    with (
        open_ledger(place, create=False) as ledger,
        ledger.begin(claimed, clock=SystemClock(), pause=never) as run,
    ):
        yield run


def _announces(project: Project, dead: str) -> None:
    assert project.run("plan") == 0
    assert f"Run {dead} died." in project.out
    assert "and left 2 in doubt." in project.out
    assert project.run("doctor") == 0
    assert f"run {dead} (" in project.out
    assert "2 in doubt, 0 never begun; the next run resolves" in project.out


def test_a_dead_run_is_announced_until_it_is_settled_whichever_run_came_between(
    project: Project,
) -> None:
    project.run("plan", "-o", "saved.json", "--quiet")
    dead = leave_in_doubt(project.folder, "saved.json", LEAVER, MOVER, answer="rejected")
    _announces(project, dead)
    content = decode_plan((project.folder / "saved.json").read_bytes()).content
    between = claim(workspace=content.workspace, base_url=content.base_url)
    with suppress(KeyboardInterrupt), _begun(project, between):
        _announces(project, dead)  # while that run settles
        raise KeyboardInterrupt
    _announces(project, dead)
    project.sandbox.disconnect(LEAVER, Platform.GOOGLE)
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert [run["run"] for run in json.loads(project.out)["memory"]["dead"]] == [dead]
    assert sorted(_settled(project)) == [(LEAVER, "verified"), (MOVER, "failed")]
    assert project.mutations() == [MOVER_LOSES_GOOGLE]
    assert project.run("plan") == 0
    assert dead not in project.out


def test_doctor_names_the_run_that_continued_one_whose_call_is_in_doubt_still(
    project: Project, dead: str
) -> None:
    plan = decode_plan((project.folder / "saved.json").read_bytes())
    where = plan.content.workspace, plan.content.base_url
    again = claim(workspace=where[0], base_url=where[1], resumes=dead)
    with _begun(project, again) as run:
        run.run_opened(opened(run.id, plan))
        assert project.run("doctor") == 0
    assert f"resolves what is in doubt; run {again.run} continued it" in project.out
    assert f"reconciler resume {dead}" not in project.out


@pytest.mark.usefixtures("dead")
def test_what_a_recovery_may_wait_for_is_said_before_it_waits(project: Project) -> None:
    project.run("apply", "--auto-approve", "--quiet")
    waits = (
        "Finding out what became of 1 call of a dead run: a call may still be under way for 123 s"
    )
    assert waits in project.err


@pytest.mark.usefixtures("dead")
def test_the_command_after_that_sends_it_by_a_plan_of_its_own(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert "disconnect google (leaver@example.com): held because an earlier call for" in project.out
    assert "1 verified, 1 held in doubt; 1 mutating call sent" in project.out
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH


@pytest.mark.usefixtures("dead")
def test_a_saved_plan_does_not_send_it_either(project: Project) -> None:
    project.run("plan", "-o", "again.json", "--quiet")
    assert project.run("apply", "again.json", "--format", "json") == 4
    assert _outcomes(project) == {
        LEAVER: ("skipped_stale", "not_planned_any_more"),
        MOVER: ("verified", "read_back"),
    }
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_a_resumed_run_carries_it_over_as_unknown(project: Project, dead: str) -> None:
    assert project.run("resume", dead, "--format", "json") == 4
    assert _outcomes(project) == {
        LEAVER: ("unknown", "not_seen_in_time"),
        MOVER: ("verified", "read_back"),
    }
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_several_dead_runs_in_a_row_hold_everybody_they_left_in_doubt(
    project: Project, dead: str
) -> None:
    another = leave_in_doubt(project.folder, "saved.json", MOVER, ago=LONG_AGO - 60)
    assert another != dead
    assert project.run("apply", "--auto-approve", "--format", "json") == 4
    assert sorted(_settled(project)) == [(LEAVER, "unknown"), (MOVER, "unknown")]
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH


def test_a_call_that_was_refused_and_had_no_effect_is_sent_by_the_same_command(
    project: Project,
) -> None:
    project.run("plan", "-o", "saved.json", "--quiet")
    leave_in_doubt(project.folder, "saved.json", LEAVER, answer="rejected")
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert _settled(project) == [(LEAVER, "failed")]
    assert project.mutations() == BOTH


def test_who_was_settled_as_disconnected_is_free_for_the_same_command(project: Project) -> None:
    project.run("plan", "-o", "saved.json", "--quiet")
    leave_in_doubt(project.folder, "saved.json", LEAVER)
    project.sandbox.disconnect(LEAVER, Platform.GOOGLE)
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert _settled(project) == [(LEAVER, "verified")]
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


@pytest.mark.usefixtures("dead")
def test_a_user_who_was_renamed_meanwhile_is_held_under_the_new_id(project: Project) -> None:
    _rename(project, LEAVER, "left@example.com")
    manifest = project.folder / "manifests/people.yaml"
    manifest.write_text(manifest.read_text().replace(LEAVER, "left@example.com"))
    assert project.run("apply", "--auto-approve") == 4
    assert "1 held in doubt" in project.out
    calls = [call for call in project.mutations() if call[0] == "POST"]
    assert calls == [MOVER_LOSES_GOOGLE]


def test_a_run_that_ended_with_an_unknown_call_is_not_repeated_at_once(project: Project) -> None:
    project.configure("timeouts: {readBackSeconds: 1.1}")
    lost = Match(endpoint="disconnect", external_id=LEAVER)
    project.fail(Fault(kind=FaultKind.STATUS, status=502, match=lost))
    assert project.run("apply", "--auto-approve", "--format", "json") == 4
    assert _outcomes(project)[LEAVER] == ("unknown", "not_seen_in_time")
    assert project.mutations() == BOTH
    assert project.run("apply", "--auto-approve") == 4
    assert "1 held in doubt" in project.out
    assert project.mutations() == BOTH


@pytest.fixture
def moved(project: Project) -> Iterator[Callable[[str, str], None]]:
    """Makes the configuration call the sandbox by another workspace and another host name."""
    with SandboxServer(project.folder / "state/sandbox.db") as server:
        port = httpx.URL(server.url).port
        key = project.write("key", project.sandbox.api_key.reveal())
        key.chmod(0o600)

        def configure(workspace: str, host: str) -> None:
            project.write(
                "reconciler.yaml",
                "apiVersion: reconciler/v1\n"
                f"defaultWorkspace: {workspace}\n"
                "workspaces:\n"
                f"  {workspace}:\n"
                f"    baseUrl: http://{host}:{port}\n"
                "    apiKey: {file: key}\n"
                "    manifests: [manifests/]\n",
            )

        yield configure


@pytest.mark.parametrize(("workspace", "host"), [("t2", "127.0.0.1"), ("t", "localhost")])
def test_another_name_for_the_workspace_or_the_address_frees_nobody(
    project: Project, moved: Callable[[str, str], None], workspace: str, host: str
) -> None:
    moved("t", "127.0.0.1")
    assert project.run("plan", "-o", "saved.json", "--quiet") == 0
    leave_in_doubt(project.folder, "saved.json", LEAVER)
    moved(workspace, host)
    assert project.run("apply", "--auto-approve") == 4
    assert "disconnect google (leaver@example.com): held because an earlier call for" in project.out
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_a_clock_that_was_set_back_frees_nobody_whose_call_ended_as_unknown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.configure("timeouts: {readBackSeconds: 1.1}")
    lost = Match(endpoint="disconnect", external_id=LEAVER)
    project.fail(Fault(kind=FaultKind.STATUS, status=502, match=lost))
    assert project.run("apply", "--auto-approve") == 4
    assert project.mutations() == BOTH
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) - timedelta(hours=1))
    assert project.run("apply", "--auto-approve") == 4
    assert "1 held in doubt" in project.out
    assert project.mutations() == BOTH
