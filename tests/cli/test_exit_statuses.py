"""The exit statuses are a contract: from what happened to a number, in one function."""

import pytest

from reconciler.cli.errors import NotApproved, UsageError
from reconciler.cli.exits import Signalled, exit_status
from reconciler.domain import Diagnostic, Exit, InvalidInput, Platform
from reconciler.engine import IncompleteList
from reconciler.planning import ActionReason, Disconnect, PlanUnusable, UnmatchedSelector
from reconciler.recall import (
    Blocked,
    CredentialsRefused,
    NoAnswer,
    NotFound,
    NotReached,
    OutOfCredit,
    RecallError,
    ServerError,
    Throttled,
    ThrottledBeyondCap,
    UnexpectedAnswer,
)
from reconciler.recall.retries import Retries
from reconciler.runs import HaltCause, RunResult
from reconciler.runs.journal import ActionResult, Outcome
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("a defect"), 1),
        (PlanUnusable("altered"), 5),
        (IncompleteList("a row"), 6),
        (UsageError("no"), 64),
        (UnmatchedSelector("nobody"), 64),
        (InvalidInput(Diagnostic(None, "no")), 65),
        (NotReached("refused"), 69),
        (NoAnswer("timeout"), 69),
        (ServerError("503"), 69),
        (OutOfCredit("402"), 69),
        (Blocked("403"), 69),
        (NotFound("404"), 69),
        (UnexpectedAnswer("302"), 69),
        (Throttled("429"), 75),
        (ThrottledBeyondCap("429"), 75),
        (CredentialsRefused("401"), 77),
        (Signalled(2), 130),
        (NotApproved("no"), 130),
        (KeyboardInterrupt(), 130),
        (Signalled(15), 143),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_way_to_end_early_has_its_status(error: BaseException, status: int) -> None:
    assert exit_status(error) == status


def _run(
    *outcomes: Outcome, calls: int, halted: HaltCause | None = None, signal: int | None = None
) -> RunResult:
    results = tuple(
        ActionResult(
            Disconnect(
                workspace="trial",
                user=f"user{number}@example.com",
                recall_id=f"id{number}",
                platform=Platform.GOOGLE,
                connection_id=None,
                email=None,
                requires_connected=(),
                reason=ActionReason.NOTHING_WANTED,
                note=None,
            ),
            outcome,
            "because",
            calls=calls if number == 0 else 0,
        )
        for number, outcome in enumerate(outcomes)
    )
    return RunResult(
        run="run",
        workspace="trial",
        base_url="https://api.example.com",
        plan_digest="sha256:0",
        started="2026-01-01T00:00:00Z",
        finished="2026-01-01T00:00:01Z",
        results=results,
        halted=halted,
        signal=signal,
    )


@pytest.mark.parametrize("settled", [Outcome.VERIFIED, Outcome.ALREADY_ABSENT])
def test_a_run_whose_actions_are_all_settled_is_0(settled: Outcome) -> None:
    assert exit_status(_run(Outcome.VERIFIED, settled, calls=1)) == Exit.OK


@pytest.mark.parametrize(
    "outcome", [Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED_STALE, Outcome.NOT_ATTEMPTED]
)
def test_a_run_with_any_other_outcome_is_4(outcome: Outcome) -> None:
    assert exit_status(_run(Outcome.VERIFIED, outcome, calls=1)) == Exit.PARTIAL


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (HaltCause.CREDENTIALS_REFUSED, 77),
        (HaltCause.OUT_OF_CREDIT, 69),
        (HaltCause.RETRY_AFTER_BEYOND_CAP, 75),
        (HaltCause.JOURNAL_FAILED, 75),
        (HaltCause.DEFECT, 1),
        (HaltCause.MAX_FAILURES, 4),
    ],
)
def test_what_halts_a_run_before_its_first_call_gives_the_status(
    cause: HaltCause, status: int
) -> None:
    assert exit_status(_run(Outcome.NOT_ATTEMPTED, calls=0, halted=cause)) == status


@pytest.mark.parametrize(
    "cause", [cause for cause in HaltCause if cause is not HaltCause.INTERRUPTED]
)
def test_once_a_call_was_sent_what_halts_a_run_makes_it_4(cause: HaltCause) -> None:
    run = _run(Outcome.VERIFIED, Outcome.NOT_ATTEMPTED, calls=1, halted=cause)
    assert exit_status(run) == Exit.PARTIAL


@pytest.mark.parametrize(("signal", "status"), [(2, 130), (15, 143)])
@pytest.mark.parametrize("calls", [0, 1])
def test_an_interrupted_run_says_so_with_and_without_a_call(
    signal: int, status: int, calls: int
) -> None:
    run = _run(Outcome.NOT_ATTEMPTED, calls=calls, halted=HaltCause.INTERRUPTED, signal=signal)
    assert exit_status(run) == status


def test_every_error_of_the_client_has_a_status_that_is_no_defect() -> None:
    def kinds(kind: type[RecallError]) -> list[type[RecallError]]:
        return [kind, *(found for child in kind.__subclasses__() for found in kinds(child))]

    assert all(exit_status(kind("detail")) in (69, 75, 77) for kind in kinds(RecallError))


@pytest.mark.parametrize(
    "arguments",
    [("plan", "--no-such-option"), ("no-such-command",), ("show",), ("plan", "--format", "xml")],
    ids=" ".join,
)
def test_bad_usage_is_64_and_never_2(project: Project, arguments: tuple[str, ...]) -> None:
    assert project.run(*arguments) == 64


def test_without_configuration_a_command_names_the_places_it_looked(project: Project) -> None:
    (project.folder / "reconciler.yaml").unlink()
    assert project.run("plan") == 65
    assert "--config" in project.err
    assert "RECONCILER_CONFIG" in project.err
    assert str(project.folder / "reconciler.yaml") in project.err


def test_a_workspace_that_is_not_there_is_65_with_the_names_there_are(project: Project) -> None:
    assert project.run("plan", "--workspace", "trail") == 65
    assert "trial" in project.err


def test_the_environment_can_name_configuration_and_workspace(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "reconciler.yaml").rename(project.folder / "elsewhere.yaml")
    monkeypatch.setenv("RECONCILER_CONFIG", "elsewhere.yaml")
    monkeypatch.setenv("RECONCILER_WORKSPACE", "trial")
    assert project.run("plan") == 0


def test_a_wrong_key_is_77(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRONG_KEY", "sk-wrong")
    project.configure("apiKey: {env: WRONG_KEY}")
    assert project.run("plan") == 77


def test_a_key_that_is_not_set_is_65(project: Project) -> None:
    project.configure("apiKey: {env: NOT_SET_ANYWHERE}")
    assert project.run("plan") == 65
    assert "NOT_SET_ANYWHERE" in project.err


def test_an_api_that_is_out_of_reach_is_69(
    project: Project, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retries, "_delay", lambda *_: 0.0)
    text = (project.folder / "reconciler.yaml").read_text()
    here = f"baseUrl: http://127.0.0.1:{unused_port}\n    apiKey: {{file: key.txt}}"
    project.write("key.txt", "sk-any\n")
    project.write(
        "reconciler.yaml",
        text.replace("sandbox: {seed: seed.yaml, state: state/sandbox.db}", here),
    )
    assert project.run("plan") == 69


def test_a_retry_after_beyond_the_cap_is_75(project: Project) -> None:
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=429,
            headers={"Retry-After": "3600"},
            match=Match(endpoint="list_users"),
        )
    )
    assert project.run("plan") == 75


def test_an_invalid_manifest_is_65_with_its_place(project: Project) -> None:
    project.write(
        "manifests/bad.yaml",
        "apiVersion: reconciler/v1\nusers:\n  - id: x@example.com\n    platforms: [gogle]\n",
    )
    assert project.run("plan") == 65
    assert "manifests/bad.yaml:4:17" in project.err
    assert project.requests() == ()


def test_in_a_working_folder_that_is_gone_a_command_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = project.folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert project.run("plan") == 64
    assert "working folder is gone" in project.err


def test_somebody_in_no_manifest_is_8_where_the_workspace_says_so(project: Project) -> None:
    assert project.run("plan") == 0
    assert "Connected and in no manifest: 1" in project.out
    project.configure("unmanaged: fail")
    assert project.run("plan") == 8
    assert "  = stranger@example.com (google, microsoft)" in project.out
    assert project.run("plan", "--detailed-exitcode", "-o", "p.plan") == 8
    assert project.run("show", "p.plan") == 0
    assert project.run("apply", "p.plan") == 0
    assert project.run("plan", "--detailed-exitcode") == 8


def test_nobody_in_no_manifest_leaves_the_other_statuses(project: Project) -> None:
    project.configure("unmanaged: fail")
    project.populate("{external_id: settled@example.com, connected: {google: s@example.com}}")
    assert project.run("plan", "--detailed-exitcode") == 7


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ("", 0),
        ("--fail-on changes", 2),
        ("--fail-on pending", 7),
        ("--fail-on undeclared", 8),
        ("--fail-on undeclared --fail-on changes", 8),
        ("--detailed-exitcode", 2),
        ("--detailed-exitcode --success-on changes", 7),
        ("--detailed-exitcode --success-on changes --success-on pending", 0),
        ("--success-on refused", 0),
    ],
)
def test_a_state_of_a_plan_fails_it_where_that_is_asked_for(
    project: Project, options: str, status: int
) -> None:
    assert project.run("plan", *options.split()) == status, project.out
    assert project.methods() == {"GET"}


@pytest.mark.parametrize(("options", "status"), [("", 3), ("--success-on refused", 0)])
def test_a_refused_plan_fails_unless_it_was_asked_not_to(
    project: Project, options: str, status: int
) -> None:
    project.configure("limits: {maxDisconnects: 0}")
    assert project.run("plan", *options.split()) == status
    assert "max-disconnects refused" in project.out


def test_an_incomplete_list_cannot_be_a_success(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert project.run("plan", "--success-on", "refused", "--success-on", "changes") == 6


def test_a_state_cannot_both_fail_and_succeed(project: Project) -> None:
    assert project.run("plan", "--fail-on", "pending", "--success-on", "pending") == 64
    assert "--fail-on pending contradicts --success-on pending: give one" in project.err


def test_an_incomplete_list_and_a_refusal_come_before_somebody_in_no_manifest(
    project: Project,
) -> None:
    project.configure("unmanaged: fail\n    limits: {maxDisconnects: 0}")
    assert project.run("plan") == 3
    project.configure("unmanaged: fail")
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert project.run("plan") == 6
