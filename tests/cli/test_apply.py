"""``reconciler apply``: what it does, what it refuses, and how it ends."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from reconciler.domain import Platform, rfc3339
from reconciler.planning import decode_plan, encode_plan
from reconciler.sandbox import Fault, FaultKind, Match, load_seed
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])

ONLY_PREFERENCES = """\
apiVersion: reconciler/v1
users:
  - id: mover@example.com
    platforms: [google, microsoft]
    preferences: {bot_name: Scribe}
  - id: settled@example.com
    platforms: [google]
"""


def test_applying_disconnects_exactly_what_is_not_wanted(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH


def test_after_applying_a_plan_has_nothing_to_do(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert project.run("plan", "--detailed-exitcode", "--select", "mover*") == 0


def test_applying_twice_calls_nothing_twice(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH


def test_a_selection_narrows_what_is_done(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--select", "mover@example.com") == 0
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_without_a_terminal_and_without_approval_nothing_is_done(project: Project) -> None:
    assert project.run("apply") == 64
    assert "--auto-approve" in project.err
    assert project.requests() == ()
    assert not (project.folder / ".reconciler").exists()


def test_with_nothing_to_do_nobody_is_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("apply", "--auto-approve")
    assert project.run_on_a_terminal(monkeypatch, "", "apply", "-q") == 0
    assert "type" not in project.err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("yes\n", "you typed `yes`"),
        ("  3 \n", "you typed `3`"),
        ("\x1b[2J2\n", "you typed `␛[2J2`"),
        ("2\u202e\n", "you typed `2⟨U+202E⟩`"),
        ("\n", "nothing was typed"),
        ("", "nothing was typed"),
    ],
)
def test_a_wrong_answer_is_reported_with_what_was_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    assert project.run_on_a_terminal(monkeypatch, answer, "apply", "-q") == 130
    shown = " ".join(project.err.split())
    assert f"not approved: {said} instead of `2`, the number of disconnects;" in shown
    assert project.mutations() == []


def test_where_nothing_is_disconnected_yes_is_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("manifests/people.yaml", ONLY_PREFERENCES)
    assert project.run_on_a_terminal(monkeypatch, "1\n", "apply", "-q") == 130
    assert "you typed `1` instead of `yes`; nothing" in " ".join(project.err.split())
    assert project.mutations() == []


def test_a_run_does_not_say_again_what_the_plan_above_it_said(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    assert project.out.count("No ledger was found at ") == 1
    assert "history" not in project.out
    assert " skipped: " not in project.out


def test_a_saved_plan_is_applied_without_asking(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json") == 0
    assert project.mutations() == BOTH


def test_of_a_saved_plan_nothing_is_done_that_came_after_it(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.sandbox.connect("leaver@example.com", Platform.MICROSOFT)
    assert project.run("apply", "plan.json") == 0
    assert project.mutations() == BOTH


def test_what_a_saved_plan_no_longer_finds_is_stale_and_gets_no_token(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.sandbox.disconnect("mover@example.com", Platform.MICROSOFT)
    assert project.run("apply", "plan.json", "--format", "json") == 4
    outcomes = {r["user"]: r["outcome"] for r in json.loads(project.out)["results"]}
    assert outcomes == {"leaver@example.com": "verified", "mover@example.com": "skipped_stale"}
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]
    minted = {e.external_id for e in project.requests() if e.path.endswith("/authenticate/")}
    assert minted == {"leaver@example.com"}


def test_somebody_who_became_protected_since_the_plan_is_left_alone(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.configure('protected: ["leaver@*"]')
    assert project.run("apply", "plan.json") == 4
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_a_saved_plan_is_judged_by_the_limits_of_today(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("apply", "plan.json") == 3
    assert project.mutations() == []


def test_a_saved_plan_is_refused_once_the_manifests_changed(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.write(
        "manifests/more.yaml",
        "apiVersion: reconciler/v1\nusers: [{id: stranger@example.com, platforms: [google]}]\n",
    )
    assert project.run("apply", "plan.json") == 5
    assert "manifests changed" in project.err
    assert project.mutations() == []


def test_a_saved_plan_survives_a_comment_and_a_moved_line(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    path = project.folder / "manifests/people.yaml"
    project.write("manifests/people.yaml", "# moved\n\n" + path.read_text())
    assert project.run("apply", "plan.json") == 0
    assert project.mutations() == BOTH


def test_an_altered_plan_is_refused(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    path = project.folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"platform":"google"', b'"platform":"microsoft"'))
    assert project.run("apply", "plan.json") == 5
    assert project.mutations() == []


def test_an_expired_plan_is_refused(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    path = project.folder / "plan.json"
    plan = decode_plan(path.read_bytes())
    long_ago = rfc3339(datetime.now(UTC) - timedelta(seconds=1))
    expired = structs.replace(plan, envelope=structs.replace(plan.envelope, expires=long_ago))
    path.write_bytes(encode_plan(expired))
    assert project.run("apply", "plan.json") == 5
    assert "expired" in project.err
    assert project.mutations() == []


def test_a_plan_of_another_workspace_is_refused(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("trial", "other"))
    assert project.run("apply", "plan.json") == 5
    assert "workspace" in project.err
    assert project.mutations() == []


def test_a_plan_of_another_address_is_refused(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("state/sandbox.db", "state/another.db"))
    assert project.run("apply", "plan.json") == 5
    assert "sandbox:" in project.err
    assert project.mutations() == []


def test_a_plan_of_another_key_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("plan", "-o", "plan.json")
    monkeypatch.setenv("OTHER_KEY", "sk-another")
    project.configure("apiKey: {env: OTHER_KEY}")
    assert project.run("apply", "plan.json") == 5
    assert "key" in project.err
    assert project.mutations() == []


def test_a_saved_plan_cannot_be_narrowed(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json", "--select", "mover@example.com") == 64
    assert project.mutations() == []


def test_a_refusal_by_a_guard_does_nothing(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("apply", "--auto-approve") == 3
    assert project.mutations() == []


def test_a_refusal_can_be_allowed_for_one_run(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("apply", "--auto-approve", "--allow", "max-disconnects") == 0
    assert project.mutations() == BOTH


def test_allowing_one_guard_allows_no_other(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("apply", "--auto-approve", "--allow", "empty-observed") == 3
    assert project.mutations() == []


def test_the_limit_of_a_day_counts_what_runs_before_did(project: Project) -> None:
    project.configure("limits: {maxDisconnectsPerDay: 2}")
    assert project.run("apply", "--auto-approve", "--select", "leaver@example.com") == 0
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]
    project.sandbox.seed(load_seed(project.folder / "seed.yaml"))  # they connected again
    assert project.run("apply", "--auto-approve") == 3
    assert "max-disconnects-per-day refused: 2 disconnects, 1 made" in project.out
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve", "--allow", "max-disconnects-per-day") == 0
    assert project.mutations() == BOTH


def test_an_incomplete_observation_can_not_be_allowed(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    allow = ["max-disconnects", "max-disconnect-percent", "empty-desired", "empty-observed"]
    flags = [word for name in allow for word in ("--allow", name)]
    assert project.run("apply", "--auto-approve", *flags) == 6
    assert project.mutations() == []


def test_a_failure_of_one_does_not_stop_the_others(project: Project) -> None:
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=400,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    assert project.run("apply", "--auto-approve", "--format", "json") == 4
    outcomes = {r["user"]: r["outcome"] for r in json.loads(project.out)["results"]}
    assert outcomes == {"leaver@example.com": "failed", "mover@example.com": "verified"}


def test_the_run_stops_at_the_first_failure_where_none_is_borne(project: Project) -> None:
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=400,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    status = project.run(
        "apply", "--auto-approve", "--max-failures", "0", "--parallelism", "1", "--format", "json"
    )
    assert status == 4
    outcomes = {r["user"]: r["outcome"] for r in json.loads(project.out)["results"]}
    assert outcomes == {"leaver@example.com": "failed", "mover@example.com": "not_attempted"}
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]


def test_out_of_credit_before_any_call_is_69(project: Project) -> None:
    project.fail(
        Fault(kind=FaultKind.STATUS, status=402, match=Match(endpoint="authenticate"), times=9)
    )
    assert project.run("apply", "--auto-approve") == 69
    assert project.mutations() == []


def test_preferences_are_set_as_far_as_they_are_declared(project: Project) -> None:
    project.write(
        "manifests/preferences.yaml",
        "apiVersion: reconciler/v1\n"
        "users: [{id: stranger@example.com, preferences: {bot_name: Scribe}}]\n",
    )
    status = project.run("apply", "--auto-approve", "--select", "stranger*", "--select", "leaver*")
    assert status == 0
    assert project.mutations() == [
        LEAVER_LOSES_GOOGLE,
        (
            "PUT",
            "/api/v1/calendar/user/",
            "stranger@example.com",
            '{"preferences":{"bot_name":"Scribe"}}',
        ),
    ]


def test_a_saved_plan_whose_selection_names_nobody_any_more_is_refused(project: Project) -> None:
    project.write(
        "manifests/groups.yaml",
        "apiVersion: reconciler/v1\n"
        "groups: {gone: {platforms: [], reason: gone}}\n"
        "users: [{id: stranger@example.com, group: gone}]\n",
    )
    project.run("plan", "--select", "group:gone", "-o", "plan.json")
    path = project.folder / "manifests/groups.yaml"
    path.write_text(
        path.read_text().replace("gone:", "left:").replace("group: gone", "group: left")
    )
    assert project.run("apply", "plan.json") == 5
    assert project.mutations() == []


def test_calls_in_doubt_hold_back_new_ones_before_their_time_is_up(project: Project) -> None:
    project.configure("timeouts: {readBackSeconds: 2}")
    project.fail(
        Fault(kind=FaultKind.STATUS, status=500, match=Match(endpoint="disconnect"), times=9)
    )
    status = project.run(
        "apply", "--auto-approve", "--max-failures", "0", "--parallelism", "1", "--format", "json"
    )
    assert status == 4
    outcomes = {r["user"]: r["outcome"] for r in json.loads(project.out)["results"]}
    assert outcomes == {"leaver@example.com": "unknown", "mover@example.com": "not_attempted"}
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]


@pytest.mark.parametrize("command", [["apply"], ["resume", "0000"]])
@pytest.mark.parametrize("word", ["complete-observation", "everything", "other-workspace"])
def test_a_word_that_cannot_be_allowed_is_bad_usage_and_the_words_are_reported(
    project: Project, command: list[str], word: str
) -> None:
    assert project.run(*command, "--allow", word) == 64
    assert f"--allow': it names {word}, which cannot be allowed" in project.err
    assert "it takes: empty-desired, empty-observed" in project.err
    assert project.requests() == ()


def test_a_misspelt_guard_is_answered_with_the_one_that_looks_like_it(project: Project) -> None:
    assert project.run("apply", "--allow", "max-disconnect") == 64
    assert "did you mean `max-disconnects`? it takes: empty-desired" in project.err


def test_several_guards_are_allowed_by_naming_each(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 0, maxDisconnectPercent: 0}")
    only_one = ["--allow", "max-disconnects"]
    both = [*only_one, "--allow", "max-disconnect-percent"]
    assert project.run("apply", "--auto-approve", *only_one) == 3
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve", *both) == 0
    assert project.mutations() == sorted([MOVER_LOSES_GOOGLE, LEAVER_LOSES_GOOGLE])
