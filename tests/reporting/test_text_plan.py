"""A plan as text."""

import pytest
from msgspec import structs

from reconciler.domain import Connection, Limits
from reconciler.planning import GuardName, Judgement, Plan
from reconciler.reporting import Format, PlanReport, render
from tests.reporting import samples
from tests.reporting.samples import GOOGLE, MICROSOFT, declared, listed, plan_of


def text(report: PlanReport, *, width: int = 0, color: bool = False) -> str:
    return render(report, Format.TEXT, width=width, color=color)


def lines(report: PlanReport) -> list[str]:
    return text(report).splitlines()


def group(report: PlanReport, user: str) -> list[str]:
    """The lines of one user."""
    found = lines(report)
    start = next(i for i, line in enumerate(found) if line.startswith(f"{user}  #"))
    return found[start : found.index("", start)]


def test_the_first_line_says_which_workspace_and_address() -> None:
    assert lines(samples.PLAN_REPORT)[0] == "Plan for workspace prod at https://us-west-2.recall.ai"


def test_the_header_names_the_plan_and_when_it_expires() -> None:
    header = "\n".join(lines(samples.PLAN_REPORT)[:3])
    assert samples.PLAN_REPORT.plan.content.digest() in header
    assert "expires 2026-11-03T08:00:00Z" in header
    assert "commit 0123abcd" in header


def test_a_plan_from_outside_a_repository_names_no_commit() -> None:
    plan = samples.converged_plan()
    outside = Plan(plan.content, samples.envelope({}, commit=None))
    assert "commit" not in text(PlanReport(outside, 0))


def test_a_disconnect_stands_under_its_user_with_place_account_and_reason() -> None:
    assert group(samples.PLAN_REPORT, "alice") == [
        "alice  # people.yaml:3:5",
        (
            "  - disconnect microsoft (alice.microsoft@mail.test): "
            "not among the wanted platforms, done only while google is connected"
        ),
    ]


def test_several_required_platforms_are_all_named() -> None:
    plan = samples.plan_with(
        structs.replace(samples.disconnect(), requires_connected=(GOOGLE, MICROSOFT))
    )
    assert "done only while google and microsoft are connected" in text(PlanReport(plan, 0))


def test_the_note_of_the_manifest_stands_once_for_a_user() -> None:
    carol = group(samples.PLAN_REPORT, "carol")
    assert carol[1] == "  note: left 2026-10-31 (HR-1234)"
    assert len(carol) == 4


def test_a_user_without_a_known_place_stands_there_without_one() -> None:
    plan = samples.plan_with(samples.disconnect("nowhere"))
    assert "nowhere" in lines(PlanReport(plan, 0))


def test_changed_preferences_show_before_and_after() -> None:
    assert group(samples.PLAN_REPORT, "erin")[1] == (
        '  ~ update preferences: record_external false → true, bot_name "Old" → "New"'
    )


def test_preferences_of_a_user_who_had_none_were_unset() -> None:
    plan = samples.plan_with(samples.update())
    assert 'bot_name unset → "New"' in text(PlanReport(plan, 0))


def test_a_held_action_names_its_hold_and_what_the_person_has_to_do() -> None:
    bob = group(samples.PLAN_REPORT, "bob")
    assert bob[1].startswith("  ! disconnect google (bob.google@mail.test): held until")
    assert bob[2].startswith("  ? connect microsoft: ")


def test_a_connected_platform_that_is_not_known_is_named_as_held() -> None:
    judy = group(samples.PLAN_REPORT, "judy")
    assert judy[1].startswith("  ! disconnect an unknown platform (judy.zoom@mail.test)")
    assert "connected: zoom; held because this version does not know the platform" in judy[1]


def test_an_id_that_only_a_machine_tells_apart_says_what_differs() -> None:
    listed = samples.listed("jos\u00e9", "google")
    plan = samples.plan_of([samples.declared("jose\u0301", reason="left")], [listed])
    found = text(PlanReport(plan, 0))
    assert "did you mean jos\u00e9 (another Unicode form)?" in found
    assert "No changes. 1 not found, 1 left alone." in found


def test_held_preferences_show_what_would_change() -> None:
    assert 'bot_name null → "X"; held because `protected`' in "\n".join(
        group(samples.PLAN_REPORT, "ivan")
    )


def test_an_unknown_id_is_shown_with_those_that_look_alike() -> None:
    assert group(samples.PLAN_REPORT, "grace")[1].endswith("did you mean Grace2?")


def test_an_unknown_id_that_looks_like_nobody_has_no_hint() -> None:
    plan = plan_of([declared("quentin", GOOGLE)], [listed("alice", "google")])
    assert "did you mean" not in text(PlanReport(plan, 0))


def test_users_stand_in_the_order_of_their_ids() -> None:
    found = text(samples.PLAN_REPORT)
    users = ["alice", "bob", "carol", "dave", "erin", "grace", "ivan"]
    places = [found.index(f"\n{user}  #") for user in users]
    assert places == sorted(places)


def test_the_legend_explains_only_the_signs_in_use() -> None:
    legend = next(line for line in lines(samples.REFUSED_REPORT) if line.startswith("  -"))
    assert legend == "  - disconnect"


def test_that_a_disconnect_cannot_be_undone_is_said_once() -> None:
    assert text(samples.REFUSED_REPORT).count("only the person can connect again") == 1


def test_a_plan_without_disconnects_says_nothing_of_undoing() -> None:
    assert "only the person can connect again" not in text(samples.CONVERGED_REPORT)


def test_notices_are_warnings_before_the_actions() -> None:
    found = text(samples.PLAN_REPORT)
    assert "Warning: The `protected` entry ceo@example.com matches nobody" in found
    assert "Warning: The e-mail same@mail.test is connected under several" in found
    assert found.index("Warning:") < found.index("alice")


def test_an_email_under_very_many_users_names_some_and_counts_the_others() -> None:
    plan = plan_of([], [listed(f"u{n}", "google", email="one@mail.test") for n in range(9)])
    assert "u0, u1, u2, u3, u4 and 4 more" in text(PlanReport(plan, 0), width=1000)


def test_who_counts_as_not_connected_without_a_row_is_warned_of_once_for_all() -> None:
    rows = [structs.replace(listed(user), connections=()) for user in ("a", "b")]
    vacant = Connection("google", connected=False)
    rows.append(structs.replace(listed("c"), connections=(vacant,)))
    plan = plan_of([declared(user) for user in ("a", "b", "c")], rows)
    found = text(PlanReport(plan, 0), width=1000)
    assert (
        'Warning: An empty list of connections counts as "nothing connected" for these declared'
        " users, although no row says so: a, b"
    ) in found
    assert (
        "Warning: The unwanted platform microsoft counts as not connected for these declared"
        " users, although no row says so: c"
    ) in found


def test_problems_of_the_observation_are_shown_before_the_users() -> None:
    found = text(samples.INCOMPLETE_REPORT)
    assert "The observation is incomplete." in found
    assert found.index("page 2 of the list: 503") < found.index("zoe")


def test_an_incomplete_observation_says_that_no_flag_allows_it() -> None:
    found = text(samples.INCOMPLETE_REPORT)
    assert "No option allows this" in found
    assert "--allow" not in found


def test_a_user_missing_from_an_incomplete_observation_is_undetermined() -> None:
    assert group(samples.INCOMPLETE_REPORT, "zoe")[1].startswith("  * undetermined: missing")


def test_an_incomplete_observation_is_never_called_no_changes() -> None:
    assert lines(samples.INCOMPLETE_REPORT)[-1] == (
        "Plan: 0 to disconnect, 1 undetermined, 1 converged. Refused by complete-observation."
    )


def test_a_refusal_says_count_limit_place_flag_and_edit() -> None:
    found = text(samples.REFUSED_REPORT, width=1000)
    assert (
        "max-disconnects refused: 30 disconnects; "
        "the limit is 10 (`maxDisconnects`, reconciler.yaml:12:5)" in found
    )
    assert (
        "add `--allow max-disconnects` to `reconciler apply`, or set `maxDisconnects: 30`" in found
    )


def test_a_refused_percentage_says_of_how_many_and_what_would_do() -> None:
    found = text(samples.REFUSED_REPORT, width=1000)
    assert (
        "30 disconnects of 60 connections of the declared users (50 %); "
        "the limit is 20 % (`maxDisconnectPercent`, the default)" in found
    )
    assert "add `--allow max-disconnect-percent`" in found
    assert "set `maxDisconnectPercent: 50`" in found


@pytest.mark.parametrize(("disconnects", "connections"), [(1, 3), (30, 60), (7, 26), (1, 1000)])
def test_the_percentage_that_is_proposed_would_be_enough_and_one_less_would_not(
    disconnects: int, connections: int
) -> None:
    from reconciler.planning.plan import Verdict
    from reconciler.reporting.phrase import plain
    from reconciler.reporting.wording import guards

    name = GuardName.MAX_DISCONNECT_PERCENT
    verdict = Verdict(name, Judgement.REFUSED, disconnects, 0, connections)
    proposed = int(plain(guards.remedy(verdict)).split("Percent: ")[1].split("`")[0])
    assert 100 * disconnects <= proposed * connections
    assert 100 * disconnects > (proposed - 1) * connections


def test_a_limit_whose_place_is_not_known_is_shown_without_one() -> None:
    found = text(PlanReport(samples.refused_plan(), 3), width=1000)
    assert "the limit is 10 (`maxDisconnects`)" in found


def test_an_absent_limit_is_shown_as_no_limit() -> None:
    plan = plan_of([declared("a", GOOGLE)], [listed("a", "google")], limits=Limits(None, None))
    assert "there is no limit (`maxDisconnects`)" in text(PlanReport(plan, 0, verbose=True))


def test_an_empty_fleet_says_what_to_check_and_which_flag_allows_it() -> None:
    found = text(PlanReport(plan_of([], []), 3), width=1000)
    assert "empty-desired refused: the manifests declare 0 users" in found
    assert "`--allow empty-desired`" in found
    assert "empty-observed refused: Recall.ai lists 0 calendar users" in found
    assert "`--allow empty-observed`" in found


def test_verdicts_of_an_acting_run_replace_those_of_the_plan() -> None:
    plan = samples.refused_plan()
    allowed = tuple(
        structs.replace(verdict, judgement=Judgement.ALLOWED) for verdict in plan.content.refusals
    )
    found = text(PlanReport(plan, 0, verdicts=allowed))
    assert "max-disconnects refused, but allowed for this run: 30 disconnects" in found
    assert "Refused by" not in found


def test_guards_that_pass_are_shown_when_verbose() -> None:
    quiet, verbose = (
        PlanReport(samples.rich_plan(), 0),
        PlanReport(samples.rich_plan(), 0, verbose=True),
    )
    assert "empty-desired passed" not in text(quiet)
    assert "empty-desired passed: the manifests declare 10 users" in text(verbose)
    assert "max-disconnect-percent does not apply" in text(verbose)


def test_what_is_left_alone_is_counted_by_reason() -> None:
    found = lines(samples.PLAN_REPORT)
    assert "Left alone: 5" in found
    assert "  = 3: no manifest names the user" in found
    assert not any("mallory: " in line for line in found)


def test_what_is_left_alone_is_listed_when_verbose() -> None:
    found = text(PlanReport(samples.rich_plan(), 0, verbose=True))
    assert "    mallory: no manifest names the user; connected: google" in found
    assert "    r-nameless: a calendar user without an external id" in found


def test_a_selection_says_what_it_is_and_how_many_actions_it_left_out() -> None:
    plan = plan_of(
        [declared(name, GOOGLE) for name in ("a", "b", "c")],
        [listed(name, "google", "microsoft") for name in ("a", "b", "c")],
        selectors=["a"],
    )
    found = text(PlanReport(plan, 0))
    assert "Selected: a; 2 actions of other users left out" in found
    assert found.splitlines()[-1].endswith("2 left out by the selection.")


@pytest.mark.parametrize(
    ("selectors", "exclusion", "said"),
    [
        (None, ["a"], "Excluded: a; 1 action left out"),
        (["a", "b"], ["b"], "Selected: a, b; excluded: b; 2 actions left out"),
        (["platform:google"], None, "Selected: platform:google; 3 actions left out"),
    ],
)
@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_an_exclusion_says_what_it_is_and_how_many_actions_it_left_out(
    selectors: list[str] | None, exclusion: list[str] | None, said: str, form: Format
) -> None:
    plan = plan_of(
        [declared(name, GOOGLE) for name in ("a", "b", "c")],
        [listed(name, "google", "microsoft") for name in ("a", "b", "c")],
        selectors=selectors,
        exclusion=exclusion,
    )
    assert said in render(PlanReport(plan, 0), form).replace("`", "")


def test_a_saved_plan_says_where_and_how_it_is_applied() -> None:
    found = text(samples.PLAN_REPORT)
    assert "Saved to out/plan.json" in found
    assert found.splitlines()[-1] == "Next: reconciler apply out/plan.json  # applies exactly this"


@pytest.mark.parametrize("plan", [samples.refused_plan(), samples.converged_plan()])
def test_a_saved_plan_that_cannot_or_need_not_be_applied_is_only_named(plan: Plan) -> None:
    found = text(PlanReport(plan, 0, saved_to="plan.json"))
    assert "Saved to plan.json" in found
    assert "reconciler apply plan.json" not in found


def test_the_summary_is_the_last_line_but_for_the_next_step() -> None:
    assert lines(samples.PLAN_REPORT)[-2] == (
        "Plan: 4 to disconnect, 1 to update, 3 waiting for a person, 4 held, "
        "2 converged, 5 left alone."
    )


def test_a_converged_fleet_has_no_changes() -> None:
    assert lines(samples.CONVERGED_REPORT)[-1] == "No changes. 1 converged."


def test_an_empty_fleet_has_no_changes_and_nothing_to_count() -> None:
    assert lines(PlanReport(plan_of([], []), 3))[-1] == (
        "No changes. Refused by empty-desired and empty-observed."
    )


def test_a_refused_plan_says_so_in_its_summary() -> None:
    assert lines(samples.REFUSED_REPORT)[-1].endswith(
        "Refused by max-disconnects and max-disconnect-percent."
    )


def test_every_action_of_a_big_plan_is_shown() -> None:
    plan = samples.plan_with(*(samples.disconnect(f"u{number:05}") for number in range(5_000)))
    assert text(PlanReport(plan, 0)).count("\n  - disconnect microsoft: ") == 5_000


def test_on_a_terminal_everything_is_wrapped_with_entries_hanging() -> None:
    found = text(samples.REFUSED_REPORT, width=80).splitlines()
    assert max(len(line) for line in found[3:]) <= 80
    entry = next(i for i, line in enumerate(found) if line.startswith("  - disconnect microsoft"))
    assert found[entry + 1].startswith("      ")


def test_in_a_pipe_an_entry_is_one_line_however_long() -> None:
    found = text(samples.REFUSED_REPORT).splitlines()
    entries = [line for line in found if line.startswith("  - disconnect microsoft")]
    assert len(entries) == 30
    assert max(len(line) for line in entries) > 80


def test_a_wrapped_entry_is_painted_as_far_as_its_head_goes() -> None:
    found = text(samples.REFUSED_REPORT, width=40, color=True)
    assert "\x1b[31m" in found
    assert "\n      " in found


def test_signs_have_the_colours_of_their_kinds() -> None:
    found = text(samples.PLAN_REPORT, color=True)
    assert "\x1b[31m- disconnect" in found
    assert "\x1b[33m~ update preferences" in found
    assert "\x1b[36m? connect" in found
    assert "\x1b[35m! disconnect" in found


REPEATED = ("--config", "my config.yaml", "--workspace", "prod")


def test_a_plan_ends_with_what_to_type_to_apply_or_to_save_it() -> None:
    found = text(PlanReport(samples.rich_plan(), 0, again=REPEATED))
    assert found.splitlines()[-2:] == [
        (
            "Next: reconciler apply --config 'my config.yaml' --workspace prod"
            "  # asks, then applies this"
        ),
        (
            "  or: reconciler plan --config 'my config.yaml' --workspace prod -o fleet.plan"
            "  # saves it, to review and apply later"
        ),
    ]


def test_a_plan_that_is_refused_ends_with_to_plan_again() -> None:
    report = structs.replace(samples.INCOMPLETE_REPORT, again=())
    last = text(report).splitlines()[-1]
    assert last == "Next: fix what the guards refused, then reconciler plan"


@pytest.mark.parametrize("again", [None, ()])
def test_where_nothing_is_to_be_done_there_is_nothing_to_type(
    again: tuple[str, ...] | None,
) -> None:
    assert "Next:" not in text(PlanReport(samples.converged_plan(), 0, again=again))
