"""What ends before anything is registered, in one clean error: guards, lists, locks, plans."""

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind, Match
from tests.dead_runs import let_calls_end
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE
from tests.small_fleet import KEY


def test_a_misspelt_allowance_is_refused(by_user: Stack) -> None:
    assert by_user.up("--skip-preview", RECONCILER_ALLOW="max-disconect") == 1
    assert "max-disconect, which cannot be allowed" in by_user.out
    assert by_user.disconnects() == []


def test_wrong_credentials_are_one_error_and_no_resource(by_user: Stack) -> None:
    by_user.configure("apiKey: {env: TRIAL_KEY}")
    assert by_user.up("--skip-preview", TRIAL_KEY="another-recognisable-key") == 1
    assert by_user.out.count("error: workspace trial") <= 2
    assert "another-recognisable-key" not in by_user.out
    assert by_user.resources() == {}
    assert by_user.mutations() == 0


@pytest.mark.sample
def test_one_failure_of_many_is_named_and_the_next_update_heals_it(stack: Stack) -> None:
    leaver = Match(endpoint="disconnect", external_id="leaver@example.com")
    stack.fail(Fault(kind=FaultKind.STATUS, status=400, match=leaver))
    assert stack.up("--skip-preview") == 1
    assert "1 of 2 planned actions not confirmed" in stack.out
    assert "leaver@example.com (google): failed" in stack.out
    assert len(stack.resources()) == (4 if stack.granularity == "user" else 1)
    assert stack.up() == 0
    assert stack.disconnects() == sorted([*BOTH, LEAVER_LOSES_GOOGLE])


def test_an_update_without_a_preview_says_so_or_is_refused(by_user: Stack) -> None:
    assert by_user.run("config", "set", "requirePreview", "true") == 0
    assert by_user.up("--skip-preview") == 1
    assert "this command made no preview, and one is required" in by_user.out
    assert by_user.disconnects() == []
    assert by_user.run("config", "set", "requirePreview", "false") == 0
    assert by_user.up("--skip-preview") == 0
    assert "this command made no preview" in by_user.out
    assert by_user.disconnects() == BOTH


@pytest.mark.sample
def test_a_sealed_plan_is_applied_once_and_refused_the_second_time(stack: Stack) -> None:
    assert stack.reconciler("plan", "-o", "saved.json").returncode == 0
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.up("--skip-preview", RECONCILER_PLAN="saved.json") == 0
    assert stack.disconnects() == BOTH  # and not what came since
    assert stack.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "already used this plan" in stack.out
    assert stack.disconnects() == BOTH


def test_a_sealed_plan_of_an_edited_manifest_is_made_on_behalf_of_the_stack(stack: Stack) -> None:
    assert stack.up("--skip-preview") == 0
    stack.declare(
        "{id: mover@example.com, platforms: [microsoft]}",
        "{id: leaver@example.com, platforms: [], reason: left}",
        "{id: settled@example.com, platforms: [], reason: left}",
        "{id: waiting@example.com, platforms: [microsoft]}",
    )
    assert stack.reconciler("plan", "-o", "saved.json").returncode == 3
    name = ("--stack", "organization/trial/dev")
    assert stack.reconciler("plan", *name, "-o", "saved.json").returncode == 0
    assert stack.up("--skip-preview", RECONCILER_PLAN="saved.json") == 0
    assert stack.disconnects() == sorted([*BOTH, ("settled@example.com", "google")])


def test_a_sealed_plan_of_other_manifests_is_refused_whole(by_user: Stack) -> None:
    assert by_user.reconciler("plan", "-o", "saved.json").returncode == 0
    by_user.declare(
        "{id: mover@example.com, platforms: [microsoft]}",
        "{id: leaver@example.com, platforms: [google]}",
        "{id: settled@example.com, platforms: [google]}",
        "{id: waiting@example.com, platforms: [microsoft]}",
    )
    assert by_user.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "the manifests changed since the plan was made" in by_user.out
    assert by_user.disconnects() == []


def test_an_unreachable_api_is_one_error_and_no_resource(by_user: Stack) -> None:
    by_user.write(
        "reconciler.yaml",
        "apiVersion: reconciler/v1\nworkspaces:\n  trial:\n    baseUrl: http://127.0.0.1:1\n"
        "    apiKey: {env: TRIAL_KEY}\n    manifests: [manifests/]\n",
    )
    assert by_user.preview(TRIAL_KEY=KEY) != 0
    assert "error: workspace trial: " in by_user.out
    assert KEY not in by_user.out
    assert by_user.resources() == {}


@pytest.mark.sample
def test_an_unknown_outcome_is_named_and_not_sent_again_while_it_may_be_under_way(
    stack: Stack,
) -> None:
    """The call was cut off, and no effect shows: nobody can say whether it will have one."""
    stack.configure("timeouts: {readBackSeconds: 1}")
    mover = Match(endpoint="disconnect", external_id="mover@example.com")
    stack.fail(Fault(kind=FaultKind.DROP_BEFORE, match=mover))
    assert stack.up("--skip-preview") == 1
    assert "1 of 2 planned actions not confirmed" in stack.out
    assert "mover@example.com (google): unknown" in stack.out
    assert stack.disconnects() == BOTH
    assert stack.up("--skip-preview") == 1
    assert "run `pulumi up` again in a minute" in stack.out
    assert stack.disconnects() == BOTH
    let_calls_end(stack.folder)
    assert stack.up("--skip-preview") == 0, stack.out
    assert stack.disconnects() == sorted([*BOTH, MOVER_LOSES_GOOGLE])
    assert stack.preview("--expect-no-changes") in (0, 7)


def test_a_sealed_plan_skips_what_went_stale_and_does_the_rest(stack: Stack) -> None:
    assert stack.reconciler("plan", "-o", "saved.json").returncode == 0
    stack.sandbox.disconnect("mover@example.com", Platform.GOOGLE)
    stack.connect("mover@example.com", Platform.GOOGLE)
    assert stack.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "mover@example.com (google): skipped as stale" in stack.out
    assert stack.disconnects() == [LEAVER_LOSES_GOOGLE]


def test_a_sealed_plan_is_shown_by_a_preview_as_it_would_be_applied(stack: Stack) -> None:
    assert stack.reconciler("plan", "-o", "saved.json").returncode == 0
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.up(RECONCILER_PLAN="saved.json") == 0
    assert "an update would disconnect 2: " in stack.out
    assert "settled@example.com (microsoft)" not in stack.out
    assert stack.disconnects() == BOTH


def test_an_altered_plan_is_refused_whole(by_user: Stack) -> None:
    assert by_user.reconciler("plan", "-o", "saved.json").returncode == 0
    path = by_user.folder / "saved.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("mover@example.com", "mouse@example.com"), encoding="utf-8")
    assert by_user.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "saved.json: " in by_user.out
    assert by_user.resources() == {}
    assert by_user.disconnects() == []


def test_the_guards_judge_a_sealed_plan_by_what_is_true_today(by_user: Stack) -> None:
    assert by_user.reconciler("plan", "-o", "saved.json").returncode == 0
    by_user.configure("limits: {maxDisconnects: 1}")
    assert by_user.up("--skip-preview", RECONCILER_PLAN="saved.json") == 1
    assert "max-disconnects refused" in by_user.out
    assert by_user.disconnects() == []
