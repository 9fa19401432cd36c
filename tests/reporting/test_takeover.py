"""What reports say of users who belong to another owner: who they are, and what the two declare."""

import json

import pytest
from msgspec import structs

from reconciler.planning import NAMED, GuardName, Judgement, Verdict
from reconciler.reporting import Format, PlanReport, render
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import guards, stacks
from tests.reporting import samples
from tests.reporting.samples import STACK

DISAGREE = f"the command line declares google, {STACK} declares microsoft"


def text(number: int, *, verbose: bool = False) -> list[str]:
    report = PlanReport(samples.contested_plan(number), 3, verbose=verbose)
    return render(report, Format.TEXT).splitlines()


def test_a_refusal_names_the_user_both_owners_and_what_each_declares() -> None:
    assert text(1)[-4:-1] == [
        (
            "takeover refused: 1 declared user belongs to another owner that declares other"
            f" platforms: user-00 ({DISAGREE})"
        ),
        (
            "  If this is intended, add `--allow takeover` to `reconciler apply`; if the plan is"
            " for the stack that declares them, make it with"
            " `reconciler plan --stack ORGANIZATION/PROJECT/STACK`; if not, declare the"
            " same platforms as the other owner, or leave these users out of the manifests."
        ),
        "",
    ]


def test_the_first_are_named_and_the_others_counted() -> None:
    (line,) = [line for line in text(NAMED + 2) if line.startswith("takeover")]
    assert line.count(" (the command line declares google, ") == NAMED
    assert line.endswith(f"user-09 ({DISAGREE}) and 2 more")


def test_all_are_listed_where_everything_is_asked_for() -> None:
    lines = text(NAMED + 2, verbose=True)
    start = lines.index("12 declared by another owner with other platforms")
    assert lines[start + 1 : start + 13] == [
        f"    user-{number:02}: {DISAGREE}" for number in range(12)
    ]


def test_nobody_is_listed_where_nobody_is_contested() -> None:
    report = PlanReport(samples.converged_plan(), 0, verbose=True)
    assert "another owner" not in render(report, Format.TEXT).replace(
        "takeover passed: 0 declared users belong to another owner", ""
    )


def test_whoever_wants_nothing_connected_is_said_to_declare_nothing() -> None:
    (verdict,) = samples.contested_plan(1).content.refusals
    (one,) = verdict.contested or ()
    nothing = structs.replace(one, here=structs.replace(one.here, platforms=()))
    both = structs.replace(one.there, platforms=(samples.GOOGLE, samples.MICROSOFT))
    shown = plain(guards.disagreement(structs.replace(nothing, there=both)))
    assert shown == f"the command line declares nothing, {STACK} declares google and microsoft"


@pytest.mark.parametrize(
    ("judgement", "said"),
    [
        (
            Judgement.NOT_JUDGED,
            (
                "takeover skipped: no earlier run recorded an owner;"
                " 0 declared users known to belong to another owner"
            ),
        ),
        (
            Judgement.PASSED,
            (
                "takeover passed: 0 declared users belong to another owner"
                " that declares other platforms"
            ),
        ),
    ],
)
def test_where_nobody_is_known_to_be_contested_that_is_said(
    judgement: Judgement, said: str
) -> None:
    assert plain(guards.sentence(Verdict(GuardName.TAKEOVER, judgement, 0), None)) == said


def test_pulumi_is_told_the_variable() -> None:
    content = samples.contested_plan(1).content
    assert stacks.refused(content, content.guards, {}).splitlines() == [
        "workspace prod at https://us-west-2.recall.ai: refused; nothing was changed.",
        (
            "takeover refused: 1 declared user belongs to another owner that declares other"
            f" platforms: user-00 ({DISAGREE}). If this is intended, run it with"
            " `RECONCILER_ALLOW=takeover` in the environment; if not, declare the same platforms"
            " as the other owner, or leave these users out of the manifests."
        ),
    ]


def test_programs_are_told_all_in_the_plan_and_the_first_with_the_guard() -> None:
    report = PlanReport(samples.contested_plan(NAMED + 2), 3)
    found = json.loads(render(report, Format.JSON))
    (guard,) = [guard for guard in found["guards"] if guard["guard"] == "takeover"]
    assert guard["flag"] == "--allow takeover"
    assert len(guard["contested"]) == NAMED
    assert len(found["content"]["contested"]) == NAMED + 2
    assert guard["contested"][0] == {
        "user": "user-00",
        "here": {"owner": "the command line", "platforms": ["google"]},
        "there": {"owner": STACK, "platforms": ["microsoft"]},
    }


def test_every_one_of_them_is_in_the_document_with_the_place_of_its_user() -> None:
    found = json.loads(render(PlanReport(samples.contested_plan(2), 3), Format.JSON))
    contested = [entry["user"] for entry in found["content"]["contested"]]
    assert contested == ["user-00", "user-01"]
    assert {found["envelope"]["sources"][user] for user in contested} == {"people.yaml:7:5"}


def test_a_comment_names_them_and_folds_all_of_them() -> None:
    found = render(PlanReport(samples.contested_plan(2), 3), Format.MARKDOWN)
    assert "<details><summary>2 declared by another owner with other platforms</summary>" in found
    assert "`user-01`" in found
    assert f"`{STACK}` declares microsoft" in found
    assert "`--allow takeover`" in found
