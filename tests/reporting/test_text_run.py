"""A run as text."""

import pytest

from reconciler.planning import PreconditionResult
from reconciler.reporting import Format, RunReport, render
from reconciler.reporting.wording.outcomes import NEXT
from reconciler.runs.journal import Cause, HaltCause, Outcome, RunResult
from tests.reporting import samples
from tests.reporting.samples import disconnect, ended, result_of, update


def text(result: RunResult, status: int = 4) -> str:
    report = RunReport(samples.converged_plan(), result, status)
    return render(report, Format.TEXT, width=1000)


def test_the_first_line_says_which_run_workspace_and_address() -> None:
    assert render(samples.RUN_REPORT, Format.TEXT).splitlines()[0] == (
        "Run run-1 for workspace prod at https://us-west-2.recall.ai"
    )


def test_a_verified_disconnect_says_how_that_is_known() -> None:
    found = text(result_of(ended(Outcome.VERIFIED, Cause.READ_BACK)))
    assert (
        "alice  # people.yaml:1:5\n  ✓ disconnect microsoft: verified: the platform is disconnected"
        in found
    )


def test_verified_preferences_are_set_not_disconnected() -> None:
    found = text(result_of(ended(Outcome.VERIFIED, Cause.READ_BACK, update())))
    assert "✓ update preferences: verified: preferences match the manifest" in found


def test_a_reconnect_is_reported() -> None:
    found = text(result_of(ended(Outcome.VERIFIED, Cause.RECONNECTED)))
    assert "the person has connected again" in found


def test_the_detail_of_the_api_stands_below_its_action() -> None:
    found = text(result_of(ended(Outcome.FAILED, "rejected", detail="400: no such platform")))
    assert "failed: the API rejected the request\n      400: no such platform\n" in found


def test_each_outcome_has_its_own_sign() -> None:
    lines = render(samples.RUN_REPORT, Format.TEXT).splitlines()
    signs = [line[2] for line in lines if line.startswith("  ") and " disconnect " in line[3:15]]
    assert signs == ["✓", "»", "✗", "?", "·"]


def test_an_unknown_cause_is_shown_by_its_code() -> None:
    assert "failed: brand_new_code" in text(result_of(ended(Outcome.FAILED, "brand_new_code")))


def test_a_step_to_take_is_said_once_for_all_its_actions() -> None:
    found = text(
        result_of(
            ended(Outcome.UNKNOWN, Cause.NOT_READABLE, disconnect("a")),
            ended(Outcome.UNKNOWN, Cause.NOT_SEEN_IN_TIME, disconnect("b")),
            ended(Outcome.FAILED, "not_reached", disconnect("c")),
        )
    )
    steps = found.split("What to do next\n")[1].split("\n\n")[0].splitlines()
    assert steps == [
        "  1 failed: check the address, the network and HTTPS_PROXY, then plan and apply again",
        f"  2 unknown: {NEXT[Outcome.UNKNOWN]}",
    ]


def test_a_run_where_all_is_well_asks_for_nothing() -> None:
    assert "What to do next" not in text(result_of(ended(Outcome.VERIFIED, Cause.READ_BACK)), 0)


def test_what_happened_to_an_unknown_action_is_never_guessed() -> None:
    found = text(result_of(ended(Outcome.UNKNOWN, "server_error")))
    assert "nothing was changed" not in found
    assert "it may or may not have taken effect. Run `reconciler plan`" in found


def test_an_interrupted_run_names_the_signal() -> None:
    found = render(samples.RUN_REPORT, Format.TEXT)
    assert "The run stopped early: it was interrupted by SIGTERM: asked to stop." in found


def test_a_signal_without_a_known_name_is_named_by_its_number() -> None:
    found = text(result_of(halted=HaltCause.INTERRUPTED, signal=3))
    assert "interrupted by signal 3." in found


def test_a_run_that_halts_by_itself_names_no_signal() -> None:
    found = text(result_of(halted=HaltCause.OUT_OF_CREDIT))
    assert "The run stopped early: the Recall.ai account is out of credit." in found


def test_a_run_that_went_through_says_nothing_of_stopping() -> None:
    assert "stopped early" not in text(result_of(ended(Outcome.VERIFIED, Cause.READ_BACK)))


def test_what_the_run_left_to_people_and_holds_is_reported() -> None:
    found = render(samples.RUN_REPORT, Format.TEXT)
    assert "Not acted on: 3 waiting for a person, 4 held." in found


def test_a_refused_run_shows_the_refusal_and_sends_nothing() -> None:
    plan = samples.refused_plan()
    report = RunReport(
        plan, result_of(), 3, verdicts=plan.content.guards, limit_sources=samples.SOURCES
    )
    found = render(report, Format.TEXT)
    assert "`--allow max-disconnects`" in found
    assert found.splitlines()[-1] == (
        "Run: nothing to do; 0 mutating calls sent. "
        "Refused by max-disconnects and max-disconnect-percent."
    )


def test_the_summary_counts_every_outcome_and_is_last() -> None:
    assert render(samples.RUN_REPORT, Format.TEXT).splitlines()[-1] == (
        "Run: 1 verified, 1 already done, 1 skipped as stale, 1 failed, 1 unknown, "
        "1 not attempted; 3 mutating calls sent."
    )


@pytest.mark.parametrize(
    "precondition",
    [s for s in PreconditionResult if s not in (PreconditionResult.READY, PreconditionResult.DONE)],
)
def test_a_stale_action_says_what_it_stumbled_over(precondition: PreconditionResult) -> None:
    found = text(result_of(ended(Outcome.SKIPPED_STALE, precondition, calls=0)))
    assert "» disconnect microsoft: skipped as stale: " in found
    assert f"stale, {precondition}" not in found


def test_a_plan_that_was_applied_before_is_told_apart_from_one_that_the_world_outran() -> None:
    done = text(result_of(ended(Outcome.SKIPPED_STALE, PreconditionResult.DONE, calls=0)))
    moved = text(
        result_of(ended(Outcome.SKIPPED_STALE, PreconditionResult.CONNECTION_CHANGED, calls=0))
    )
    assert "was this plan applied before?" in done
    assert "was this plan applied before?" not in moved


def test_a_run_that_a_signal_stopped_ends_with_the_command_that_continues_it() -> None:
    report = RunReport(
        samples.rich_plan(),
        samples.rich_result(),
        143,
        continue_with=("reconciler", "resume", "run-1", "--config", "my file.yaml"),
    )
    assert render(report, Format.TEXT, width=30).endswith(
        "\nTo continue with what was not attempted:\n"
        "  reconciler resume run-1 --config 'my file.yaml'\n"
    )
