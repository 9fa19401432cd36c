"""``validate``, ``import``, ``doctor``, ``schema`` and ``sandbox``."""

import json

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project


def test_valid_manifests_are_counted(project: Project) -> None:
    assert project.run("validate") == 0
    assert "4 users" in project.out


def test_every_error_of_all_manifests_is_shown_with_its_place(project: Project) -> None:
    project.write("manifests/a.yaml", "apiVersion: reconciler/v1\nusers:\n  - id: 42\n")
    project.write("manifests/b.yaml", "apiVersion: reconciler/v1\nuser: []\n")
    assert project.run("validate") == 65
    assert "manifests/a.yaml:3:9" in project.out
    assert "manifests/b.yaml:2:1" in project.out


def test_named_manifests_are_validated_without_any_configuration(project: Project) -> None:
    (project.folder / "reconciler.yaml").unlink()
    assert project.run("validate", "manifests/people.yaml") == 0


def test_an_imported_manifest_leaves_the_next_plan_nothing_to_do(project: Project) -> None:
    (project.folder / "manifests/people.yaml").unlink()
    assert project.run("import", "--preferences", "-o", "manifests/imported.yaml") == 0
    assert project.run("plan", "--detailed-exitcode") == 0
    assert "No changes." in project.out
    assert "5 converged" in project.out


def test_an_import_goes_to_standard_output_where_no_file_is_named(project: Project) -> None:
    project.run("import")
    project.write("manifests/people.yaml", project.out)
    assert project.run("plan", "--detailed-exitcode") == 0


def test_an_import_overwrites_nothing(project: Project) -> None:
    before = (project.folder / "manifests/people.yaml").read_text()
    assert project.run("import", "-o", "manifests/people.yaml") == 64
    assert (project.folder / "manifests/people.yaml").read_text() == before


def test_an_import_beside_manifests_that_declare_the_same_people_says_how_many_and_where(
    project: Project,
) -> None:
    assert project.run("import", "-o", "manifests/imported.yaml") == 0
    assert "4 of them are declared already, in manifests/people.yaml (4)" in project.err
    assert project.run("plan") == 65
    assert "declared twice" in project.err


@pytest.mark.parametrize("out", ["elsewhere.yaml", "manifests/imported.txt"])
def test_an_import_that_is_not_read_with_the_manifests_repeats_nobody(
    project: Project, out: str
) -> None:
    assert project.run("import", "-o", out) == 0
    assert "already" not in project.err


def test_an_import_of_people_whom_no_manifest_declares_repeats_nobody(project: Project) -> None:
    project.populate("{external_id: new@example.com, connected: {google: new@example.com}}")
    assert project.run("import", "-o", "manifests/imported.yaml") == 0
    assert "already" not in project.err


def test_an_import_of_who_is_missing_writes_only_people_that_no_manifest_names(
    project: Project,
) -> None:
    project.populate(
        "{external_id: mover@example.com, connected: {google: mover@example.com}}",
        "{external_id: '0042', connected: {google: mia@example.com, microsoft: m@example.com}}",
        "{external_id: recall-new@example.com, connected: {google: new@example.com}}",
        "{external_id: '0043'}",
    )
    assert project.run("import", "--missing", "-o", "manifests/more/new.yaml") == 64
    (project.folder / "manifests/more").mkdir()
    assert project.run("import", "--missing", "-o", "manifests/more/new.yaml") == 0
    assert "3 users of trial written to manifests/more/new.yaml" in project.err
    assert "warning" not in project.err
    assert (project.folder / "manifests/more/new.yaml").read_text() == (
        "# yaml-language-server: $schema=../../schemas/manifest.schema.json\n"
        "# `reconciler schema manifest > schemas/manifest.schema.json` writes the schema for your"
        " editor.\n"
        "apiVersion: reconciler/v1\n"
        "users:\n"
        '  - id: "0042"  # mia@example.com, m@example.com\n'
        "    platforms: [google, microsoft]\n"
        '  - id: "0043"\n'
        "  - id: recall-new@example.com\n"
        "    platforms: [google]\n"
    )
    assert project.run("validate") == 0
    assert project.run("import", "--missing") == 0
    assert project.out.splitlines()[0] == (
        "# yaml-language-server: $schema=../schemas/manifest.schema.json"
    )
    assert "users: []" in project.out


def test_an_import_of_who_is_missing_leaves_out_whom_rows_and_rules_declare(
    project: Project,
) -> None:
    names = ("row@example.com", "c@contractor.example.com", "new@example.com")
    project.populate(*(f"{{external_id: {n}, connected: {{google: {n}}}}}" for n in names))
    project.write("manifests/left.csv", "mail\nrow@example.com\n")
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "sources:\n"
        "  - {name: hr, file: left.csv, id: mail, platforms: [], reason: left}\n"
        "rules:\n"
        "  - name: contractors\n"
        '    match: {id: "*@contractor.example.com"}\n'
        "    platforms: []\n"
        "    reason: SEC-12\n"
        "    mode: enforce\n"
        "  - {name: names, match: {id: '*'}, preferences: {bot_name: N}, mode: enforce}\n",
    )
    assert project.run("import", "--missing") == 0
    assert [line for line in project.out.splitlines() if "id:" in line] == [
        "  - id: new@example.com"
    ]


def test_an_import_of_who_is_missing_needs_valid_manifests(project: Project) -> None:
    project.write("manifests/people.yaml", "apiVersion: reconciler/v1\nuser: []\n")
    assert project.run("import", "--missing") == 65
    assert "manifests/people.yaml:2:1" in project.err
    assert project.requests() == ()


def test_an_import_of_half_a_list_is_6_and_writes_nothing(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert project.run("import", "-o", "imported.yaml") == 6
    assert not (project.folder / "imported.yaml").exists()


def test_an_import_says_whom_it_leaves_out(project: Project) -> None:
    project.write(
        "seed.yaml",
        "apiVersion: reconciler/sandbox/v1\n"
        "users:\n"
        "  - {external_id: null, connected: {google: a@example.com}}\n"
        "  - {external_id: twin@example.com, connected: {google: b@example.com}}\n"
        "  - {external_id: twin@example.com, connected: {google: c@example.com}}\n"
        "  - {external_id: Case@example.com}\n"
        "  - {external_id: case@example.com}\n",
    )
    project.run("sandbox", "reset")
    project.run("import")
    assert project.out.count("# left out:") == 3
    assert project.err.count("left out:") == 3
    assert "id: Case@example.com" in project.out
    assert "id: case@example.com" in project.out


def test_doctor_finds_nothing_wrong_where_nothing_is(project: Project) -> None:
    assert project.run("doctor", "--format", "json") == 0
    states = {check["name"]: check["state"] for check in json.loads(project.out)["checks"]}
    assert states == {
        **dict.fromkeys(
            ("configuration", "manifests", "credentials", "api", "list", "clock"), "ok"
        ),
        "ledger": "warning",  # there is none before the first run
    }


def test_doctor_names_a_key_that_is_missing(project: Project) -> None:
    project.configure("apiKey: {env: NOT_SET_ANYWHERE}")
    assert project.run("doctor") == 65
    assert "NOT_SET_ANYWHERE" in project.out


def test_doctor_names_a_proxy_that_cannot_be_used(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        "reconciler.yaml",
        "apiVersion: reconciler/v1\ndefaultWorkspace: trial\nworkspaces:\n"
        "  trial: {region: us-west-2, apiKey: {env: THE_KEY}, manifests: [manifests/]}\n",
    )
    monkeypatch.setenv("THE_KEY", "k")
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert project.run("doctor", "--format", "json") == 65
    checks = {check["name"]: check for check in json.loads(project.out)["checks"]}
    assert checks["credentials"]["state"] == "ok"
    assert checks["api"]["state"] == "failed"
    assert "HTTPS_PROXY" in checks["api"]["message"]


def test_doctor_names_a_key_that_is_refused(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.STATUS, status=401, match=Match(endpoint="list_users")))
    assert project.run("doctor") == 77


def test_doctor_sees_a_list_that_is_incomplete(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert project.run("doctor") == 6


def test_doctor_warns_of_a_clock_that_is_off(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.CLOCK_JUMP, seconds=3600))
    assert project.run("doctor", "--format", "json") == 0
    clock = next(c for c in json.loads(project.out)["checks"] if c["name"] == "clock")
    assert clock["state"] == "warning"


def test_doctor_warns_of_manifests_that_declare_nobody(project: Project) -> None:
    project.write("manifests/people.yaml", "apiVersion: reconciler/v1\nusers: []\n")
    assert project.run("doctor", "--format", "json") == 0
    manifests = next(c for c in json.loads(project.out)["checks"] if c["name"] == "manifests")
    assert manifests["state"] == "warning"


def test_doctor_sees_invalid_manifests_and_asks_the_api_all_the_same(project: Project) -> None:
    project.write("manifests/people.yaml", "apiVersion: reconciler/v1\nuser: []\n")
    assert project.run("doctor", "--format", "json") == 65
    states = {check["name"]: check["state"] for check in json.loads(project.out)["checks"]}
    assert states["manifests"] == "failed"
    assert states["api"] == "ok"


@pytest.mark.parametrize("name", ["manifest", "config", "workspace", "plan", "report"])
def test_every_published_schema_can_be_printed(project: Project, name: str) -> None:
    assert project.run("schema", name) == 0
    assert json.loads(project.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_sandbox_goes_back_to_its_seed(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert project.run("sandbox", "reset") == 0
    assert project.run("plan", "--detailed-exitcode") == 2


def test_the_sandbox_takes_another_seed(project: Project) -> None:
    project.write("other.yaml", "apiVersion: reconciler/sandbox/v1\nusers: [{external_id: solo}]\n")
    assert project.run("sandbox", "seed", "other.yaml") == 0
    project.run("sandbox", "show")
    assert project.out == "solo nothing connected\n"


def test_a_seed_that_cannot_be_used_is_65_and_keeps_what_was_there(project: Project) -> None:
    project.write("other.yaml", "apiVersion: reconciler/sandbox/v1\nusers: 3\n")
    assert project.run("sandbox", "seed", "other.yaml") == 65
    assert len(project.sandbox.users()) == 5


def test_the_sandbox_lets_a_person_connect_and_the_handover_goes_on(project: Project) -> None:
    assert project.run("sandbox", "connect", "waiting@example.com", "microsoft") == 0
    assert project.run("apply", "--auto-approve", "--select", "waiting@example.com") == 0
    waiting = next(u for u in project.sandbox.users() if u.external_id == "waiting@example.com")
    assert waiting.connected(Platform.GOOGLE) is None
    assert waiting.connected(Platform.MICROSOFT) is not None


@pytest.mark.parametrize(
    ("row", "account"),
    [
        ("{external_id: '0042', connected: {google: mia@example.com}}", "mia@example.com"),
        ("{external_id: a@example.com, connected: {google: b@example.com}}", "b@example.com"),
        ("{external_id: a@example.com}", "a@example.com"),
        ("{external_id: '0042'}", None),
    ],
)
def test_who_connects_without_a_named_account_has_the_one_that_is_known(
    project: Project, row: str, account: str | None
) -> None:
    project.populate(row)
    user = "0042" if "0042" in row else "a@example.com"
    assert project.run("sandbox", "connect", user, "microsoft") == 0
    (found,) = project.sandbox.users()
    connected = found.connected(Platform.MICROSOFT)
    assert connected is not None
    assert connected.email == account


def test_who_connects_with_a_named_account_has_that_one(project: Project) -> None:
    user = "waiting@example.com"
    project.run("sandbox", "connect", user, "microsoft", "--email", "other@example.com")
    (found,) = [each for each in project.sandbox.users() if each.external_id == user]
    connected = found.connected(Platform.MICROSOFT)
    assert connected is not None
    assert connected.email == "other@example.com"


def test_who_connects_under_an_unknown_id_is_told_which_one_looks_like_it(
    project: Project,
) -> None:
    assert project.run("sandbox", "connect", "Waiting@example.com", "google") == 64
    assert "did you mean 'waiting@example.com' (another case)?" in project.err


def test_nobody_unknown_can_connect(project: Project) -> None:
    assert project.run("sandbox", "connect", "nobody@example.com", "google") == 64


def test_the_sandbox_shows_the_requests_that_it_received(project: Project) -> None:
    project.run("apply", "--auto-approve")
    project.run("sandbox", "show", "--log")
    assert "disconnected google" in project.out


def test_the_sandbox_shows_its_users_as_the_api_tells_them(project: Project) -> None:
    project.run("sandbox", "show", "--json")
    assert len(json.loads(project.out)) == 5


def test_a_sandbox_serves_no_other_machine_unless_told_to(project: Project) -> None:
    assert project.run("sandbox", "serve", "--host", "0.0.0.0") == 64
    assert "allow_remote" not in project.err


def test_a_workspace_on_the_real_api_has_no_sandbox(project: Project) -> None:
    text = (project.folder / "reconciler.yaml").read_text()
    project.write(
        "reconciler.yaml",
        text.replace(
            "sandbox: {seed: seed.yaml, state: state/sandbox.db}",
            "region: us-west-2\n    apiKey: {env: RECALL_API_KEY}",
        ),
    )
    assert project.run("sandbox", "show") == 64
    assert "not on a sandbox" in project.err


def test_what_the_api_lists_cannot_write_into_an_imported_manifest(project: Project) -> None:
    injected = (
        "x\\rapiVersion: reconciler/v1\\rusers: [{id: settled@example.com, platforms: []}]\\r#"
    )
    project.write(
        "seed.yaml",
        "apiVersion: reconciler/sandbox/v1\n"
        "users:\n"
        f'  - {{external_id: null, id: "{injected}"}}\n'
        '  - {external_id: "line\\u2028break@example.com"}\n'
        '  - {external_id: "esc\\u001b[2J@example.com"}\n'
        "  - {external_id: settled@example.com, connected: {google: settled@example.com}}\n",
    )
    assert project.run("sandbox", "reset") == 0
    (project.folder / "manifests/people.yaml").unlink()
    assert project.run("import", "-o", "manifests/imported.yaml") == 0
    written = (project.folder / "manifests/imported.yaml").read_bytes()
    assert b"\r" not in written
    assert b"\x1b" not in written
    assert project.run("plan", "--detailed-exitcode") == 0
    assert "1 converged" in project.out


def test_preferences_that_a_manifest_cannot_hold_are_not_imported(project: Project) -> None:
    project.write(
        "seed.yaml",
        "apiVersion: reconciler/sandbox/v1\n"
        "users:\n"
        '  - {external_id: a@example.com, preferences: {bot_name: "tab\\tbed"}}\n'
        "  - {external_id: b@example.com, preferences: {bot_name: Scribe}}\n",
    )
    project.run("sandbox", "reset")
    (project.folder / "manifests/people.yaml").unlink()
    project.run("import", "--preferences", "-o", "manifests/imported.yaml")
    assert project.run("validate") == 0
    assert "Scribe" in (project.folder / "manifests/imported.yaml").read_text()
