"""The command line where users belong to a Pulumi stack: who is refused, and who changes hands."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.domain import COMMAND_LINE, Platform, SqliteFile, stack_owner
from reconciler.ledger import open_ledger
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.ledger.earlier import make_earlier
from tests.run_of_owner import closed, run_of_owner

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
LEDGER = ".reconciler/ledger.db"
STACK = stack_owner("organization/trial/dev")
GOOGLE, MICROSOFT = frozenset({Platform.GOOGLE}), frozenset({Platform.MICROSOFT})

STACK_KEEPS = {"mover@example.com": GOOGLE, "leaver@example.com": GOOGLE}
"""The stack wants both to keep what the manifests have disconnected."""

REFUSED = (
    "takeover refused: 2 declared users belong to another owner that declares other platforms:"
    f" leaver@example.com (the command line declares nothing, {STACK} declares google),"
    f" mover@example.com (the command line declares microsoft, {STACK} declares google)"
)


def stopped_run(project: Project) -> str:
    """A run that stopped when the API refused the leaver's disconnect; its id."""
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=400,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    stopped = ("--max-failures", "0", "--parallelism", "1", "--format", "json")
    assert project.run("apply", "--auto-approve", *stopped) == 4
    run: str = json.loads(project.out)["run"]
    return run


def stack_declares(project: Project, declared: Mapping[str, frozenset[Platform]]) -> None:
    """An update of the stack that found nothing to do."""
    assert project.run("plan", "-o", "of-the-stack.plan") in (0, 3)
    saved = project.folder / "of-the-stack.plan"
    with run_of_owner(STACK, project.folder / LEDGER, saved, declared) as run:
        run.run_closed(closed(run, saved))


def last_run(project: Project) -> dict[str, Any]:
    assert project.run("runs", "--format", "json") == 0
    run: dict[str, Any] = json.loads(project.out)["runs"][0]
    return run


def guard(project: Project) -> dict[str, Any]:
    """What the last report, in JSON, says of the guard."""
    (found,) = [g for g in json.loads(project.out)["guards"] if g["guard"] == "takeover"]
    return dict(found)


def test_a_user_of_a_stack_that_declares_him_otherwise_is_not_taken_over(project: Project) -> None:
    stack_declares(project, STACK_KEEPS)
    assert project.run("apply", "--auto-approve") == 3
    assert REFUSED in project.out
    assert "add `--allow takeover` to `reconciler apply`" in project.out
    assert project.mutations() == []
    assert last_run(project)["state"] == "refused"


def test_a_preview_refuses_as_the_run_would_and_writes_nothing(project: Project) -> None:
    stack_declares(project, STACK_KEEPS)
    before = (project.folder / LEDGER).read_bytes()
    assert project.run("plan", "--format", "json") == 3
    assert guard(project)["judgement"] == "refused"
    contested = json.loads(project.out)["content"]["contested"]
    assert [(c["user"], c["there"]["owner"]) for c in contested] == [
        ("leaver@example.com", STACK),
        ("mover@example.com", STACK),
    ]
    assert (project.folder / LEDGER).read_bytes() == before
    assert project.methods() == {"GET"}


def test_they_change_hands_where_that_is_allowed_and_stay_there(project: Project) -> None:
    stack_declares(project, STACK_KEEPS)
    assert project.run("apply", "--auto-approve", "--allow", "max-disconnects") == 3
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve", "--allow", "takeover") == 0
    assert project.mutations() == BOTH
    assert last_run(project)["owner"] == COMMAND_LINE
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert guard(project)["judgement"] == "passed"


def test_a_refused_takeover_leaves_them_to_the_stack(project: Project) -> None:
    stack_declares(project, STACK_KEEPS)
    assert [project.run("apply", "--auto-approve") for _ in range(2)] == [3, 3]
    assert project.mutations() == []


def test_whoever_is_declared_alike_is_taken_over_without_a_word(project: Project) -> None:
    stack_declares(
        project, {"mover@example.com": MICROSOFT, "leaver@example.com": frozenset[Platform]()}
    )
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH
    manifest = (project.folder / "manifests/people.yaml").read_text()
    project.write("manifests/people.yaml", manifest.replace("[microsoft]", "[google]", 1))
    assert project.run("plan", "--format", "json") == 0
    assert guard(project)["judgement"] == "passed"


def test_a_user_who_is_not_selected_is_not_taken_over_either(project: Project) -> None:
    stack_declares(project, {"mover@example.com": GOOGLE})
    assert project.run("apply", "--auto-approve", "--select", "leaver*") == 3
    assert project.mutations() == []


def test_a_selected_run_takes_everybody_whom_the_manifests_declare(project: Project) -> None:
    stack_declares(project, {"mover@example.com": MICROSOFT})
    assert project.run("apply", "--auto-approve", "--select", "leaver*") == 0
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]
    with open_ledger(SqliteFile(project.folder / LEDGER), create=False) as ledger:
        ownership = ledger.history("trial", f"sandbox:{project.sandbox.id}", STACK).ownership
    assert ownership is not None
    assert sorted(ownership.others) == [
        "leaver@example.com",
        "mover@example.com",
        "settled@example.com",
        "waiting@example.com",
    ]


def test_a_saved_plan_is_judged_by_who_has_the_users_when_it_is_applied(project: Project) -> None:
    assert project.run("plan", "-o", "plan.json") == 0
    stack_declares(project, STACK_KEEPS)
    assert project.run("apply", "plan.json") == 3
    assert REFUSED in project.out
    assert project.mutations() == []
    assert project.run("apply", "plan.json", "--allow", "takeover") == 0
    assert project.mutations() == BOTH


def test_a_plan_does_not_grant_a_takeover(project: Project) -> None:
    stack_declares(project, STACK_KEEPS)
    assert project.run("plan", "-o", "plan.json") == 3
    assert project.run("apply", "plan.json") == 3
    assert project.mutations() == []


def test_a_run_is_not_resumed_where_a_stack_has_taken_over_meanwhile(project: Project) -> None:
    run = stopped_run(project)
    stack_declares(project, STACK_KEEPS)
    assert project.run("resume", run) == 3
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]
    assert project.run("resume", run, "--allow", "takeover") == 4
    assert project.mutations() == BOTH


def test_a_run_is_resumed_on_behalf_of_its_owner(project: Project) -> None:
    """Who resumes the run of a stack takes nobody away from the stack."""
    stack_declares(project, {"mover@example.com": MICROSOFT})
    stacks = last_run(project)["run"]
    assert project.run("resume", stacks) == 0
    assert last_run(project)["owner"] == STACK
    assert project.mutations() == []


def test_the_story_of_a_run_says_on_whose_behalf_it_acted(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert project.run("runs", last_run(project)["run"]) == 0
    assert "the users belong to the command line" in project.out
    assert project.mutations() == BOTH


# A ledger of before there were owners.


def test_a_preview_leaves_such_a_ledger_alone_and_judges_nothing_by_it(project: Project) -> None:
    project.run("apply", "--auto-approve")
    make_earlier(SqliteFile(project.folder / LEDGER))
    before = (project.folder / LEDGER).read_bytes()
    assert project.run("plan", "--format", "json") == 0
    assert guard(project)["judgement"] == "not_judged"
    assert (project.folder / LEDGER).read_bytes() == before
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert guard(project)["judgement"] == "not_judged"
    assert project.run("plan", "--format", "json") == 0
    assert guard(project)["judgement"] == "passed"
    assert project.mutations() == BOTH


def test_a_run_of_an_earlier_version_is_resumed(project: Project) -> None:
    run = stopped_run(project)
    make_earlier(SqliteFile(project.folder / LEDGER))
    assert project.run("resume", run) == 4
    assert project.mutations() == BOTH
    assert last_run(project)["owner"] == COMMAND_LINE


def test_a_plan_for_a_stack_is_judged_on_its_behalf_and_applied_by_no_other(
    project: Project,
) -> None:
    stack_declares(project, STACK_KEEPS)
    stack = STACK.removeprefix("stack ")
    assert project.run("plan", "--stack", stack, "-o", "stack.plan", "--format", "json") == 0
    assert guard(project)["judgement"] == "passed"
    assert project.run("apply", "stack.plan") == 3
    assert "takeover refused" in project.out
    assert project.run("plan", "--stack", "organization/trial/other") == 3
    assert project.mutations() == []


@pytest.mark.parametrize("stack", ["dev", "a/b", "a//c", "/b/c", "a/b/c/d"])
def test_a_stack_that_is_not_named_in_full_is_refused(project: Project, stack: str) -> None:
    assert project.run("plan", "--stack", stack) == 64
    assert "is not ORGANIZATION/PROJECT/STACK" in project.err
