"""Commands over several workspaces: each as if it were alone, and one status for all."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.domain import Exit
from reconciler.engine import worst
from reconciler.sandbox import Fault, FaultKind, Match, SandboxState, load_seed
from tests.cli.project import Project

DISCONNECT = "/api/v1/calendar/user/disconnect/"
KEY = "sandbox-key-of-"


class Companies:
    """Three workspaces with a sandbox each; in every one somebody left and somebody stays."""

    NAMES = ("acme", "globex", "initech")

    def __init__(self, project: Project) -> None:
        self.project = project
        self.extra = dict.fromkeys(self.NAMES, "")
        self.states: dict[str, SandboxState] = {}
        for name in self.NAMES:
            project.write(
                f"{name}/people.yaml",
                "apiVersion: reconciler/v1\nusers:\n"
                f"  - {{id: leaver@{name}, platforms: [], reason: left}}\n"
                f"  - {{id: settled@{name}, platforms: [google]}}\n",
            )
            seed = project.write(
                f"{name}/seed/seed.yaml",
                f"apiVersion: reconciler/sandbox/v1\napiKey: {KEY}{name}\nusers:\n"
                f"  - {{external_id: leaver@{name}, connected: {{google: l@{name}}}}}\n"
                f"  - {{external_id: settled@{name}, connected: {{google: s@{name}}}}}\n",
            )
            self.states[name] = SandboxState.open(project.folder / f"state/{name}.db")
            self.states[name].seed(load_seed(seed))
        self.configure()

    def configure(self, **extra: str) -> None:
        self.extra.update(extra)
        self.project.write(
            "reconciler.yaml",
            "apiVersion: reconciler/v1\ndefaultWorkspace: acme\nworkspaces:\n"
            + "".join(
                f"  {name}:\n"
                f"    sandbox: {{seed: {name}/seed/seed.yaml, state: state/{name}.db}}\n"
                f"    manifests: [{name}/people.yaml]\n    {extra}\n"
                for name, extra in self.extra.items()
            ),
        )

    def run(self, *arguments: str) -> int:
        return self.project.run(*arguments)

    def statuses(self) -> dict[str, int]:
        sections = json.loads(self.project.out)["workspaces"]
        return {section["workspace"]: section["report"]["status"] for section in sections}

    def disconnected(self) -> list[tuple[str, str | None]]:
        """In which workspace who was disconnected, by the logs of the sandboxes."""
        return [
            (name, entry.external_id)
            for name, state in self.states.items()
            for entry in state.log()
            if entry.path == DISCONNECT
        ]

    def methods(self) -> set[str]:
        return {entry.method for state in self.states.values() for entry in state.log()}


LEAVERS = [(name, f"leaver@{name}") for name in Companies.NAMES]


@pytest.fixture
def companies(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Companies]:
    for variable in ("RECONCILER_SHARD", "RECONCILER_SHARDS", "JOB_COMPLETION_INDEX"):
        monkeypatch.delenv(variable, raising=False)
    companies = Companies(project)
    yield companies
    for state in companies.states.values():
        state.close()


def test_a_plan_of_all_workspaces_has_a_section_for_each(companies: Companies) -> None:
    assert companies.run("plan", "--all-workspaces", "--format", "json") == 0
    report = json.loads(companies.project.out)
    assert report["kind"] == "workspaces"
    planned = {
        section["workspace"]: [
            (action["user"], action["platform"])
            for action in section["report"]["content"]["actions"]
        ]
        for section in report["workspaces"]
    }
    assert planned == {name: [(f"leaver@{name}", "google")] for name in companies.NAMES}
    assert companies.methods() == {"GET"}


def test_each_workspace_is_acted_on_by_a_run_of_its_own(companies: Companies) -> None:
    assert companies.run("apply", "--all-workspaces", "--auto-approve", "--format", "json") == 0
    assert companies.disconnected() == LEAVERS
    sections = json.loads(companies.project.out)["workspaces"]
    assert len({section["report"]["run"] for section in sections}) == 3
    assert companies.run("plan", "--all-workspaces", "--detailed-exitcode") == 0


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["-w", "acme", "-w", "initech"], ["acme", "initech"]),
        (["-w", "*e*"], ["acme", "globex", "initech"]),
        (["-w", "glob*"], ["globex"]),
        (["--all-workspaces", "--shard", "1/2"], ["globex"]),
        (["--all-workspaces", "--shard", "0/2"], ["acme", "initech"]),
        (["--all-workspaces", "--shard", "4/5"], []),
    ],
)
def test_only_the_chosen_workspaces_are_acted_on(
    companies: Companies, options: list[str], names: list[str]
) -> None:
    arguments = ["apply", "--auto-approve", "--format", "json", *options]
    assert companies.run(*arguments) == 0
    assert companies.disconnected() == [(name, f"leaver@{name}") for name in names]
    assert list(companies.statuses()) == names


def test_the_shard_of_a_pod_is_taken_from_its_environment(
    companies: Companies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "2")
    assert companies.run("plan", "--all-workspaces", "--format", "json") == 0
    assert list(companies.statuses()) == ["acme", "globex", "initech"]
    monkeypatch.setenv("RECONCILER_SHARDS", "3")
    assert companies.run("plan", "--all-workspaces", "--format", "json") == 0
    assert list(companies.statuses()) == ["initech"]


@pytest.mark.parametrize(
    "pod",
    [{"RECONCILER_SHARD": "1/3"}, {"JOB_COMPLETION_INDEX": "1", "RECONCILER_SHARDS": "3"}],
)
def test_a_pod_whose_workspaces_nobody_named_does_not_take_the_default_one(
    companies: Companies, monkeypatch: pytest.MonkeyPatch, pod: dict[str, str]
) -> None:
    for name, value in pod.items():
        monkeypatch.setenv(name, value)
    assert companies.run("apply", "--auto-approve") == 64
    assert "--all-workspaces" in companies.project.err
    assert companies.methods() == set()
    assert companies.run("apply", "--auto-approve", "-w", "initech") == 0
    assert companies.disconnected() == [("initech", "leaver@initech")]


def test_an_empty_shard_says_so(companies: Companies) -> None:
    assert companies.run("plan", "--all-workspaces", "--shard", "7/8") == 0
    assert companies.project.out == "No workspace of shard 7/8: nothing to do.\n"


def test_one_that_fails_stops_no_other(companies: Companies) -> None:
    down = Fault(kind=FaultKind.STATUS, status=500, match=Match(method="GET"), times="forever")
    companies.states["acme"].add_fault(down)
    companies.configure(globex="limits: {maxDisconnects: 0}")
    arguments = ["apply", "--all-workspaces", "--auto-approve", "--format", "json"]
    assert companies.run(*arguments) == 3
    assert companies.statuses() == {"acme": 69, "globex": 3, "initech": 0}
    assert companies.disconnected() == [("initech", "leaver@initech")]


def test_a_broken_manifest_is_one_workspaces_alone(companies: Companies) -> None:
    companies.project.write("globex/people.yaml", "apiVersion: reconciler/v1\nusers: 7\n")
    assert companies.run("validate", "--all-workspaces") == 65
    assert "globex/people.yaml:2:8" in companies.project.out
    assert "3 workspaces: 2 with status 0, 1 with status 65." in companies.project.out


def test_plans_are_saved_to_a_folder_and_applied_from_it(companies: Companies) -> None:
    assert companies.run("plan", "--all-workspaces", "-o", "plans") == 0
    assert companies.project.out.endswith("Next: reconciler apply plans --all-workspaces\n")
    assert companies.project.out.count("Next:") == 1
    saved = sorted(path.name for path in Path("plans").iterdir())
    assert saved == ["acme.plan", "globex.plan", "initech.plan"]
    companies.project.write(
        "acme/people.yaml",
        "apiVersion: reconciler/v1\nusers: [{id: settled@acme, platforms: [google]}]\n",
    )
    assert companies.run("apply", "plans", "--all-workspaces", "--format", "json") == 5
    assert companies.statuses() == {"acme": 5, "globex": 0, "initech": 0}
    assert companies.disconnected() == LEAVERS[1:]


@pytest.mark.parametrize("folder", ["reconciler.yaml", "no/such/folder", "/proc/plans"])
def test_a_folder_that_cannot_be_made_is_bad_usage_and_no_defect(
    companies: Companies, folder: str
) -> None:
    assert companies.run("plan", "--all-workspaces", "-o", folder, "--format", "json") == 64
    assert companies.statuses() == dict.fromkeys(companies.NAMES, 64)
    assert "the folder cannot be made" in companies.project.out


def test_nobody_is_asked_about_several_workspaces(companies: Companies) -> None:
    assert companies.run("apply", "--all-workspaces") == 64
    assert "nobody is asked about several workspaces" in companies.project.err
    assert companies.methods() == set()


def test_who_is_declared_in_two_workspaces_of_one_api_is_in_neither_run(
    companies: Companies,
) -> None:
    text = (companies.project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    companies.project.write("reconciler.yaml", text.replace("state/globex.db", "state/acme.db"))
    companies.project.write(
        "globex/people.yaml",
        "apiVersion: reconciler/v1\nusers: [{id: leaver@acme, platforms: [google]}]\n",
    )
    arguments = ["apply", "--all-workspaces", "--auto-approve", "--format", "json"]
    assert companies.run(*arguments) == 65
    assert companies.statuses() == {"acme": 65, "globex": 65, "initech": 0}
    assert companies.disconnected() == [("initech", "leaver@initech")]
    problems = [
        section["report"]["problems"][0]
        for section in json.loads(companies.project.out)["workspaces"][:2]
    ]
    assert [(found["file"], found["line"]) for found in problems] == [
        ("acme/people.yaml", 3),
        ("globex/people.yaml", 2),
    ]
    assert "declared in workspace 'globex' too" in problems[0]["message"]


RULE = """\
apiVersion: reconciler/v1
rules:
  - {name: strangers, match: {MATCH}, platforms: [], reason: not ours, mode: enforce}
"""


def rule_at_the_api_of_acme(companies: Companies, match: str) -> int:
    """Apply everything while globex, at the API of acme, declares whoever ``match`` selects."""
    text = (companies.project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    companies.project.write("reconciler.yaml", text.replace("state/globex.db", "state/acme.db"))
    companies.project.write("globex/people.yaml", RULE.replace("MATCH", match))
    return companies.run(
        *("apply", "--all-workspaces", "--auto-approve", "--format", "json"),
        *("--allow", "rule-breadth"),
    )


@pytest.mark.parametrize("match", ["unmanaged: true", 'id: "SETTLED@*"', 'email: "s@*"'])
def test_who_is_matched_by_a_rule_of_another_workspace_is_in_neither_run(
    companies: Companies, match: str
) -> None:
    assert rule_at_the_api_of_acme(companies, match) == 65
    assert companies.statuses() == {"acme": 65, "globex": 65, "initech": 0}
    assert companies.disconnected() == [("initech", "leaver@initech")]
    (problem,) = json.loads(companies.project.out)["workspaces"][1]["report"]["problems"]
    assert (problem["file"], problem["line"]) == ("globex/people.yaml", 3)
    assert "settled@acme" in problem["message"]


def test_a_rule_that_matches_nobody_of_another_workspace_is_in_the_way_of_none(
    companies: Companies,
) -> None:
    seed = companies.project.folder / "acme/seed/seed.yaml"
    with seed.open("a", encoding="utf-8") as file:
        file.write("  - {external_id: stranger@acme, connected: {google: x@acme}}\n")
    companies.states["acme"].seed(load_seed(seed))
    assert rule_at_the_api_of_acme(companies, 'id: "stranger@*"') == 0
    assert sorted(companies.disconnected()) == sorted([*LEAVERS[::2], ("acme", "stranger@acme")])


def test_where_rules_cannot_be_compared_for_want_of_a_list_nobody_acts(
    companies: Companies,
) -> None:
    listing = Match(endpoint="list_users")
    companies.states["acme"].add_fault(Fault(kind=FaultKind.MALFORMED_ROW, times=1, match=listing))
    assert rule_at_the_api_of_acme(companies, 'id: "settled@*"') == 6
    assert companies.statuses() == {"acme": 6, "globex": 6, "initech": 0}
    assert companies.disconnected() == [("initech", "leaver@initech")]


@pytest.mark.parametrize("spelling", ["apiKey: {env: ACME_KEY}", "link"])
def test_one_sandbox_is_one_however_the_configuration_spells_it(
    companies: Companies, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.setenv("ACME_KEY", f"{KEY}acme")
    state = "state/acme.db"
    if spelling == "link":
        spelling, state = "", "linked/acme.db"
        (companies.project.folder / "linked").symlink_to("state")
    companies.configure(globex=spelling)
    text = (companies.project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    companies.project.write("reconciler.yaml", text.replace("state/globex.db", state))
    companies.project.write(
        "globex/people.yaml",
        "apiVersion: reconciler/v1\nusers: [{id: leaver@acme, platforms: [google]}]\n",
    )
    arguments = ["apply", "--all-workspaces", "--auto-approve", "--format", "json"]
    assert companies.run(*arguments) == 65
    assert companies.statuses() == {"acme": 65, "globex": 65, "initech": 0}
    assert companies.disconnected() == [("initech", "leaver@initech")]


def test_what_could_not_be_compared_is_not_applied_once_it_can_be_read(
    companies: Companies,
) -> None:
    """The input of one workspace fails as users are compared, and works a moment later."""
    command = r"""[sh, -c, 'mkdir asked && exit 1; printf "id\nleaver@acme\n"']"""
    text = (companies.project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    companies.project.write(
        "reconciler.yaml",
        text.replace("state/globex.db", "state/acme.db").replace(
            "workspaces:\n",
            f"inputs: {{people: {{command: {command}, format: csv}}}}\nworkspaces:\n",
            1,
        ),
    )
    companies.project.write(
        "globex/people.yaml",
        "apiVersion: reconciler/v1\nsources:\n"
        "  - {name: people, input: people, id: id, platforms: [google]}\n",
    )
    arguments = ["apply", "--all-workspaces", "--auto-approve", "--format", "json"]
    assert companies.run(*arguments) == 65
    assert companies.statuses() == {"acme": 0, "globex": 65, "initech": 0}
    assert companies.disconnected() == [LEAVERS[0], LEAVERS[2]]


def test_a_signal_while_users_are_compared_ends_every_workspace_as_stopped(
    companies: Companies,
) -> None:
    text = (companies.project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    command = f"[sh, -c, 'kill -TERM {os.getpid()}; sleep 60']"
    companies.project.write(
        "reconciler.yaml",
        text.replace("state/globex.db", "state/acme.db").replace(
            "workspaces:\n",
            f"inputs: {{people: {{command: {command}, format: csv}}}}\nworkspaces:\n",
            1,
        ),
    )
    companies.project.write(
        "globex/people.yaml",
        "apiVersion: reconciler/v1\nsources:\n"
        "  - {name: people, input: people, id: id, platforms: [google]}\n",
    )
    arguments = ["apply", "--all-workspaces", "--auto-approve", "--format", "json"]
    assert companies.run(*arguments) == 143
    assert companies.statuses() == dict.fromkeys(companies.NAMES, 143)
    assert companies.disconnected() == []


def limited(companies: Companies, disconnects: int) -> None:
    companies.configure()
    text = (companies.project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    limit = f"limits: {{perCommand: {{maxDisconnects: {disconnects}}}}}\nworkspaces:\n"
    companies.project.write("reconciler.yaml", text.replace("workspaces:\n", limit))


@pytest.mark.parametrize("saved", [False, True])
def test_a_command_beyond_its_limit_does_nothing_in_any_workspace(
    companies: Companies, *, saved: bool
) -> None:
    limited(companies, 2)
    assert companies.run("plan", "--all-workspaces", "-o", "plans") == 3
    assert "Refused: reconciler.yaml:3:" in companies.project.out
    assert "the command would make 3 disconnects, and the limit" in companies.project.out
    assert "Next:" not in companies.project.out
    plans = ["plans"] if saved else ["--auto-approve"]
    assert companies.run("apply", "--all-workspaces", *plans) == 3
    assert "the command would make 3 disconnects, and the limit of one command is 2" in (
        companies.project.err
    )
    assert "reconciler.yaml:3:" in companies.project.err
    assert companies.disconnected() == []
    limited(companies, 3)
    assert companies.run("apply", "--all-workspaces", *plans) == 0
    assert companies.disconnected() == LEAVERS


def test_what_its_own_guards_refuse_does_not_count_for_the_command(companies: Companies) -> None:
    companies.configure(acme="limits: {maxDisconnects: 0}")
    limited(companies, 2)
    assert companies.run("apply", "--all-workspaces", "--auto-approve") == 3
    assert companies.disconnected() == LEAVERS[1:]


def test_the_limit_of_a_command_holds_for_one_workspace_too(companies: Companies) -> None:
    limited(companies, 0)
    assert companies.run("apply", "-w", "acme", "--auto-approve") == 3
    assert "this run would make 1 disconnect, and the limit" in companies.project.err
    assert companies.disconnected() == []
    assert companies.run("runs", "-w", "acme") == 0
    assert "refused" in companies.project.out


def test_every_workspace_can_be_looked_at(companies: Companies) -> None:
    for command in ("doctor", "pending", "runs"):
        assert companies.run(command, "--all-workspaces", "--format", "json") == 0
        assert companies.statuses() == {"acme": 0, "globex": 0, "initech": 0}
    assert companies.methods() == {"GET"}


def test_several_plans_are_a_suite_each(companies: Companies) -> None:
    assert companies.run("plan", "--all-workspaces", "--format", "junit") == 0
    suites = re.findall('<testsuite name="([a-z]+)"', companies.project.out)
    assert tuple(suites) == companies.NAMES


@pytest.mark.parametrize("command", ["doctor", "pending", "runs"])
def test_what_judges_nothing_has_no_findings_in_several_workspaces_either(
    companies: Companies, command: str
) -> None:
    assert companies.run(command, "--all-workspaces", "--report", "sarif=all.sarif") == 64
    assert companies.methods() == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "--all-workspaces", "-w", "acme"], "not both"),
        (["plan", "--all-workspaces", "--shard", "3"], "no shard"),
        (["plan", "--shard", "0/2"], "--all-workspaces"),
        (["plan", "--all-workspaces", "-o", "-"], "go to a folder"),
        (["plan", "--all-workspaces", "--select", "@-"], "cannot read standard input"),
        (["validate", "acme/people.yaml", "--all-workspaces"], "not both"),
        (["runs", "abcd", "--all-workspaces"], "single workspace"),
        (["-w", "acme", "-w", "globex", "explain", "x"], "works on one workspace"),
        (["explain", "x", "-w", "acme", "-w", "globex"], "--workspace is given 2 times"),
        (["import", "-w", "acme", "-w", "globex"], "--workspace is given 2 times"),
    ],
)
def test_what_makes_no_sense_is_bad_usage(
    companies: Companies, arguments: list[str], said: str
) -> None:
    assert companies.run(*arguments) == 64
    assert said in companies.project.out + companies.project.err
    assert companies.methods() == set()


def test_a_pattern_without_a_workspace_is_named(companies: Companies) -> None:
    assert companies.run("plan", "-w", "acne*") == 65
    assert "no workspace matches" in companies.project.err


def test_options_before_the_command_choose_workspaces_too(companies: Companies) -> None:
    assert companies.run("-w", "acme", "-w", "globex", "--format", "json", "plan") == 0
    assert list(companies.statuses()) == ["acme", "globex"]
    assert companies.run("-w", "globex", "explain", "leaver@globex") == 0


def test_every_status_has_its_place_among_the_worst() -> None:
    assert worst([]) == Exit.OK
    assert worst(Exit) == Exit.DEFECT
    assert worst([Exit.OK, Exit.PENDING, Exit.CHANGES]) == Exit.CHANGES
    assert worst([Exit.REFUSED, Exit.PARTIAL, Exit.TRY_LATER]) == Exit.PARTIAL


def test_a_signal_stops_every_workspace_and_each_reports(
    companies: Companies, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.cli.several import WorkspaceContext

    session = WorkspaceContext.session

    def interrupted(self: WorkspaceContext):  # type: ignore[no-untyped-def]
        if self.workspace == "globex":
            signal.raise_signal(signal.SIGTERM)
        return session(self)

    monkeypatch.setattr(WorkspaceContext, "session", interrupted)
    arguments = ["plan", "--all-workspaces", "--jobs", "1", "--format", "json"]
    assert companies.run(*arguments) == 143
    assert companies.statuses()["initech"] == 143
    assert companies.methods() <= {"GET"}


def test_a_page_of_several_workspaces_has_all_of_them(companies: Companies) -> None:
    companies.configure(globex="limits: {maxDisconnects: 0}")
    assert companies.run("plan", "--all-workspaces", "--report", "html=all.html") == 3
    page = (companies.project.folder / "all.html").read_text()
    for name in Companies.NAMES:
        assert f"leaver@{name}" in page
    assert page.count('<details class="section part" open>') == 1
    assert companies.methods() == {"GET"}
