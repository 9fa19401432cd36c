"""The program with the SDK's mocks instead of an engine: what it registers, says and refuses."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pulumi
import pytest

from reconciler.cli.app import run
from reconciler.pulumi_provider import Fleet, Granularity, declaration, declare_fleet
from reconciler.reporting.wording import stacks
from tests.pulumi_provider.mocked_program import Program

USER = "pulumi-python:dynamic/reconciler:CalendarUser"


REFUSED = """\
apiVersion: reconciler/v1
workspaces:
  other:
    sandbox: {seed: seed.yaml, state: state/other.db}
    manifests: [manifests/]
    limits: {maxDisconnects: 0}
"""


def test_every_declared_user_is_a_resource_with_its_plan_pinned(program: Program) -> None:
    program.declare(Fleet("trial"))
    plans = {name: args.inputs["plan"] for name, args in program.mocks.resources.items()}
    seen = {user.external_id: user.connections for user in program.folder.sandbox.users()}
    assert plans == {
        "trial/leaver@example.com": {"disconnect": {"google": seen["leaver@example.com"][0].id}},
        "trial/mover@example.com": {
            "disconnect": {
                c.platform: c.id for c in seen["mover@example.com"] if c.platform == "google"
            }
        },
        "trial/settled@example.com": {},
        "trial/waiting@example.com": {},
    }
    assert {args.typ for args in program.mocks.resources.values()} == {USER}
    assert {entry.method for entry in program.folder.sandbox.log()} == {"GET"}


def test_a_fleet_is_one_resource_whose_inputs_hold_only_the_plan(program: Program) -> None:
    program.declare(Fleet("trial", granularity=Granularity.FLEET))
    ((name, args),) = program.mocks.resources.items()
    assert name == "trial"
    assert set(args.inputs["plan"]["disconnect"]) == {"leaver@example.com", "mover@example.com"}
    assert "settled@example.com" not in str(args.inputs)
    assert args.inputs["declared"] == 4


def test_nothing_is_registered_where_the_command_cannot_be_found(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []
    monkeypatch.setattr(declaration, "_mocked", lambda: False)
    monkeypatch.setattr(declaration, "fail_at_exit", lambda: failed.append(True))
    with pytest.raises(pulumi.RunError, match="cannot be found: no Pulumi command started"):
        program.declare(Fleet("trial"))
    assert program.mocks.resources == {}
    assert program.folder.sandbox.log() == ()
    assert failed == [True]


def test_nothing_is_registered_when_one_of_two_workspaces_is_refused(program: Program) -> None:
    program.folder.write("other.yaml", REFUSED)
    with pytest.raises(pulumi.RunError, match="max-disconnects refused"):
        program.declare(Fleet("trial"), Fleet("other", "other.yaml"))
    assert program.mocks.resources == {}


def test_a_user_of_two_fleets_at_one_api_is_an_error_that_names_both_places(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.folder.write(
        "reconciler.yaml",
        "apiVersion: reconciler/v1\nworkspaces:\n"
        "  one:\n    sandbox: {seed: seed.yaml, state: state/sandbox.db}\n"
        "    manifests: [manifests/]\n"
        "  two:\n    sandbox: {seed: seed.yaml, state: state/sandbox.db}\n"
        "    manifests: [more.yaml]\n",
    )
    program.folder.write(
        "more.yaml",
        "apiVersion: reconciler/v1\nusers: [{id: mover@example.com, platforms: [google]}]\n",
    )
    monkeypatch.setenv("RECONCILER_REPORT", "json={workspace}.json")
    with pytest.raises(pulumi.RunError) as raised:
        program.declare(Fleet("one"), Fleet("two"))
    assert "manifests/people.yaml:3:5 (workspace one)" in str(raised.value)
    assert "more.yaml:2:9 (workspace two)" in str(raised.value)
    assert program.mocks.resources == {}
    for workspace in ("one", "two"):
        shown = (program.folder.folder / f"{workspace}.json").read_text("utf-8")
        assert "manifests/people.yaml:3:5 (workspace one)" in shown


def test_a_user_declared_twice_is_an_error_that_names_both_places(program: Program) -> None:
    program.folder.write(
        "manifests/more.yaml",
        "apiVersion: reconciler/v1\nusers: [{id: mover@example.com, platforms: [google]}]\n",
    )
    with pytest.raises(pulumi.RunError) as raised:
        program.declare(Fleet("trial"))
    assert "manifests/people.yaml:3:" in str(raised.value)
    assert "manifests/more.yaml:2:" in str(raised.value)
    assert program.mocks.resources == {}
    assert program.folder.sandbox.log() == ()


def test_a_program_declares_something_and_each_workspace_once(program: Program) -> None:
    with pytest.raises(pulumi.RunError, match="declare_fleet needs a fleet"):
        program.declare()
    with pytest.raises(pulumi.RunError, match="declared twice: workspace trial"):
        program.declare(Fleet("trial"), Fleet("trial", granularity=Granularity.FLEET))
    assert program.mocks.resources == {}


@pytest.mark.parametrize(
    ("granularity", "said"), [(Granularity.USER, True), (Granularity.FLEET, False)]
)
def test_a_large_fleet_is_told_of_the_other_granularity(
    program: Program, monkeypatch: pytest.MonkeyPatch, granularity: Granularity, *, said: bool
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lines.append)
    monkeypatch.setattr(stacks, "_MANY", 3)
    program.declare(Fleet("trial", granularity=granularity))
    assert any("granularity `fleet` is faster" in line for line in lines) == said


def test_a_second_call_is_refused(program: Program) -> None:
    program.declare(Fleet("trial"))
    with pytest.raises(pulumi.RunError, match="called twice"):
        program.declare(Fleet("trial"))


@pytest.mark.parametrize(
    "opts",
    [
        pulumi.ResourceOptions(ignore_changes=["plan"]),
        pulumi.ResourceOptions(import_="mover@example.com"),
    ],
)
def test_options_that_go_around_the_plan_are_refused(
    program: Program, opts: pulumi.ResourceOptions
) -> None:
    with pytest.raises(pulumi.RunError, match="a fleet takes no option"):
        program.declare(Fleet("trial"), opts=opts)
    assert program.mocks.resources == {}


def test_a_manifest_with_errors_is_one_error_with_every_place(program: Program) -> None:
    program.folder.declare("{id: a, platforms: [zoom]}", "{id: b, platforms: []}")
    with pytest.raises(pulumi.RunError) as raised:
        program.declare(Fleet("trial"))
    assert "manifests/people.yaml:3:" in str(raised.value)
    assert "manifests/people.yaml:4:" in str(raised.value)
    assert program.folder.sandbox.log() == ()


def test_a_preview_is_refused_whom_the_command_line_declares_otherwise(program: Program) -> None:
    program.folder.declare(
        "{id: leaver@example.com, platforms: [google]}",
        "{id: mover@example.com, platforms: [google, microsoft]}",
    )
    assert run(["apply", "--auto-approve", "--quiet"]) == 0
    program.folder.declare(
        "{id: leaver@example.com, platforms: [], reason: left}",
        "{id: mover@example.com, platforms: [google, microsoft]}",
    )
    with pytest.raises(pulumi.RunError) as raised:
        program.declare(Fleet("trial"))
    assert (
        "takeover refused: 1 declared user belongs to another owner that declares other platforms:"
        " leaver@example.com (stack organization/trial/dev declares nothing,"
        " the command line declares google)."
        " If this is intended, run it with `RECONCILER_ALLOW=takeover` in the environment"
    ) in str(raised.value)
    assert program.mocks.resources == {}
    assert {entry.method for entry in program.folder.sandbox.log()} == {"GET"}


def test_a_preview_goes_on_where_a_takeover_is_allowed(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.folder.declare(
        "{id: leaver@example.com, platforms: [google]}",
        "{id: settled@example.com, platforms: [google]}",
    )
    assert run(["apply", "--auto-approve", "--quiet"]) == 0
    program.folder.declare(
        "{id: leaver@example.com, platforms: [], reason: left}",
        "{id: settled@example.com, platforms: [google]}",
    )
    monkeypatch.setenv("RECONCILER_ALLOW", "takeover")
    program.declare(Fleet("trial"))
    plans = {name: args.inputs["plan"] for name, args in program.mocks.resources.items()}
    assert list(plans["trial/leaver@example.com"]["disconnect"]) == ["google"]
    assert plans["trial/settled@example.com"] == {}
    assert {entry.method for entry in program.folder.sandbox.log()} == {"GET"}


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("RECONCILER_ALLOW", "max-disconect", 65),
        ("RECONCILER_PLAN", "missing.json", 5),
        ("RECONCILER_PLAN", "", 5),
    ],
)
def test_what_refuses_the_whole_program_replaces_the_report_of_each_workspace(
    program: Program, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, status: int
) -> None:
    monkeypatch.setenv("RECONCILER_REPORT", "json=report.json")
    program.folder.write("report.json", "of an earlier command")
    monkeypatch.setenv(variable, value)
    with pytest.raises(pulumi.RunError, match=variable):
        program.declare(Fleet("trial"))
    shown = program.folder.report()
    assert (shown["kind"], shown["status"]) == ("error", status)
    assert variable in str(shown["problems"])


def test_a_workspace_whose_neighbour_is_refused_says_so_in_its_report(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.folder.write("other.yaml", REFUSED)
    monkeypatch.setenv("RECONCILER_REPORT", "json={workspace}.json")
    with pytest.raises(pulumi.RunError, match="max-disconnects refused"):
        program.declare(Fleet("trial"), Fleet("other", "other.yaml"))
    shown = {name: program.folder.report(f"{name}.json") for name in ("trial", "other")}
    assert {name: (each["kind"], each["status"]) for name, each in shown.items()} == {
        "trial": ("error", 3),
        "other": ("plan", 3),
    }
    assert "another workspace of the program was refused" in str(shown["trial"]["problems"])


def test_fleets_are_declared_in_the_main_thread(program: Program) -> None:
    errors: list[Exception] = []

    def elsewhere() -> None:
        try:
            declare_fleet(Fleet("trial"))
        except pulumi.RunError as error:
            errors.append(error)

    thread = threading.Thread(target=elsewhere)
    program.within(thread.start)
    thread.join()
    assert "has to be called in the program's main thread" in str(errors)
    assert program.mocks.resources == {}


def test_an_empty_name_of_a_plan_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_PLAN", "")
    with pytest.raises(pulumi.RunError, match="RECONCILER_PLAN is empty"):
        program.declare(Fleet("trial"))


def test_a_fifo_is_no_plan(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(program.folder.folder / "fifo")
    monkeypatch.setenv("RECONCILER_PLAN", "fifo")
    with pytest.raises(pulumi.RunError, match="cannot read fifo: it is not a regular file"):
        program.declare(Fleet("trial"))


@pytest.mark.parametrize(
    "fleet",
    [
        "trial",
        Fleet(""),
        Fleet("trial", Path("reconciler.yaml")),  # type: ignore[arg-type]
        Fleet("trial", granularity="flete"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_fleet_is_refused(program: Program, fleet: Any) -> None:
    with pytest.raises(pulumi.RunError, match="declare_fleet cannot use"):
        program.declare(fleet)
    assert program.mocks.resources == {}


def test_a_granularity_may_be_its_name(program: Program) -> None:
    program.declare(Fleet("trial", granularity="fleet"))  # type: ignore[arg-type]
    assert list(program.mocks.resources) == ["trial"]


@pytest.mark.parametrize(
    "name", ["u<{%reset%}>@example.com", "04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
)
def test_an_id_that_pulumi_would_take_for_something_else_is_refused(
    program: Program, name: str
) -> None:
    program.folder.declare(f"{{id: '{name}', platforms: [google]}}")
    with pytest.raises(pulumi.RunError, match=r"manifests/people\.yaml:3:5: Pulumi cannot show"):
        program.declare(Fleet("trial"))
    assert program.mocks.resources == {}


def test_a_plan_on_standard_input_is_refused_in_words(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_PLAN", "-")
    with pytest.raises(pulumi.RunError, match="a program has no standard input; name a plan file"):
        program.declare(Fleet("trial"))


@pytest.mark.parametrize(
    ("before", "then"),
    [(signal.SIG_IGN, signal.SIG_IGN), (signal.default_int_handler, signal.SIG_DFL)],
)
def test_an_interrupt_that_is_ignored_stays_ignored(
    program: Program, monkeypatch: pytest.MonkeyPatch, before: Any, then: Any
) -> None:
    monkeypatch.setattr("reconciler.pulumi_provider.declaration.cli_of", object)
    monkeypatch.setattr("reconciler.pulumi_provider.declaration.fail_at_exit", lambda: None)
    monkeypatch.setenv("RECONCILER_PLAN", "")  # refused, after the signals are seen to
    usual = signal.signal(signal.SIGINT, before)
    try:
        with pytest.raises(pulumi.RunError):
            program.declare(Fleet("trial"))
        assert signal.getsignal(signal.SIGINT) == then
    finally:
        signal.signal(signal.SIGINT, usual)
