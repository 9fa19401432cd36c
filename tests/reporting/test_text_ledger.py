"""What a command had of the ledger, as text."""

import pytest
from msgspec import structs

from reconciler.reporting import ErrorReport, Format, LedgerAccess, LedgerView, PlanReport, render
from reconciler.runs import Cause, Outcome, ResolvedCall, RunState
from tests.reporting import ledger_samples, samples
from tests.reporting.ledger_samples import DEAD, LATER, PLACE, memory, summary
from tests.reporting.samples import disconnect, ended


def text(found: LedgerView | None, *, width: int = 0) -> str:
    return render(PlanReport(samples.converged_plan(), 0, ledger=found), Format.TEXT, width=width)


@pytest.mark.parametrize("state", [LedgerAccess.READ, LedgerAccess.WRITTEN])
def test_nothing_is_said_where_all_is_well(state: LedgerAccess) -> None:
    assert text(memory(state)) == text(None)


def test_a_missing_ledger_is_named_with_its_place_and_what_an_acting_run_does() -> None:
    assert (
        f"No ledger at {PLACE}: the guards that need history (fleet shrinkage, takeover) were "
        "skipped. The next run creates one there; under `requireLedger: true` only with "
        "`--allow new-ledger`.\n"
    ) in text(memory(LedgerAccess.NONE))


def test_a_ledger_that_was_made_is_reported() -> None:
    assert (
        f"No ledger was found at {PLACE}. A new one was created; this run knows of no earlier "
        "run.\n"
    ) in text(memory(LedgerAccess.MADE))


def test_an_unreadable_ledger_says_why() -> None:
    found = text(ledger_samples.UNREADABLE)
    assert f"The ledger at {PLACE} cannot be read: the guards that need history" in found
    assert "it is not a database (move it away)" in found


def test_a_dead_run_is_announced_before_the_plan_with_what_it_left() -> None:
    lines = text(memory(dead=(summary(),))).splitlines()
    assert lines[4:7] == [
        (
            f"Run {DEAD} died. It was started at 2026-11-02T03:12:00Z by ops@runner-7 and left "
            "2 in doubt, 1 never begun. The next run resolves what is in doubt."
        ),
        f"  `reconciler runs {DEAD}` shows what it did",
        f"  `reconciler resume {DEAD}` continues it",
    ]


def test_every_dead_run_is_announced() -> None:
    found = text(memory(dead=(summary(), summary("another"))))
    assert found.count(" died. ") == 2
    assert "`reconciler resume another`" in found


def test_a_command_to_type_is_never_broken_however_narrow_the_terminal() -> None:
    found = text(memory(dead=(summary(),)), width=40)
    assert f"  `reconciler runs {DEAD}` shows what it did\n" in found


def test_a_dead_run_that_left_nothing_is_not_to_be_resumed() -> None:
    found = text(memory(dead=(summary(in_doubt=0, actions=0, outcomes={}, plan_digest=None),)))
    assert "and left nothing." in found
    assert "reconciler resume" not in found
    assert "settles" not in found


def test_a_completed_run_that_left_calls_in_doubt_is_not_said_to_have_died() -> None:
    found = text(memory(dead=(summary(state=RunState.COMPLETED),)))
    assert f"Run {DEAD} ended and left calls in doubt. It was started at " in found
    assert "died" not in found


def test_a_dead_run_that_was_continued_names_the_run_that_did() -> None:
    found = text(memory(dead=(summary(resumed_by=LATER),)))
    assert f"run {LATER} continued it" in found
    assert "reconciler resume" not in found


def test_an_acting_run_says_that_it_settled_what_was_in_doubt() -> None:
    found = text(ledger_samples.ACTING)
    assert "This run resolved what was in doubt." in found


def test_an_acting_run_that_settled_a_part_does_not_claim_the_rest() -> None:
    one = ResolvedCall(DEAD, ended(Outcome.VERIFIED, Cause.SEEN_IN_LIST))
    found = text(memory(LedgerAccess.WRITTEN, dead=(summary(),), resolved=(one,)))
    assert "This run resolved 1 of what is in doubt; the next run resolves the rest." in found


def test_an_acting_run_that_settled_nothing_claims_nothing() -> None:
    found = text(memory(LedgerAccess.WRITTEN, dead=(summary(),)))
    assert "The next run resolves what is in doubt." in found


def test_a_run_that_resumes_a_dead_one_does_not_tell_to_resume_it() -> None:
    report = ledger_samples.REPORTS["run that resumes"]
    found = render(report, Format.TEXT)
    assert "this run continues it" in found
    assert "`reconciler resume" not in found


def test_what_was_settled_stands_under_its_run_in_the_words_of_outcomes() -> None:
    lines = text(ledger_samples.ACTING).splitlines()
    start = lines.index(f"Resolved, of run {DEAD}")
    assert lines[start + 1 : start + 4] == [
        (
            "  ✓ disconnect microsoft of u2: verified: the list of a later run shows that the "
            "platform is disconnected"
        ),
        (
            "  ? update preferences of u3: unknown: sent, but no read-back before the deadline "
            'showed that preferences match the manifest (bot_name unset → "New")'
        ),
        "",
    ]


def test_what_was_settled_of_several_runs_stands_under_each() -> None:
    results = tuple(
        ResolvedCall(run, ended(Outcome.VERIFIED, Cause.READ_BACK, disconnect(user)))
        for run, user in (("run-1", "u1"), ("run-2", "u2"), ("run-1", "u3"))
    )
    lines = text(memory(LedgerAccess.WRITTEN, resolved=results)).splitlines()
    first, second = lines.index("Resolved, of run run-1"), lines.index("Resolved, of run run-2")
    assert [line.split(":")[0] for line in lines[first + 1 : first + 3]] == [
        "  ✓ disconnect microsoft of u1",
        "  ✓ disconnect microsoft of u3",
    ]
    assert lines[second + 1].startswith("  ✓ disconnect microsoft of u2: ")


def test_an_error_announces_dead_runs_too() -> None:
    report = ErrorReport(65, samples.ERROR_REPORT.problems, ledger=memory(dead=(summary(),)))
    assert render(report, Format.TEXT).startswith(f"Run {DEAD} died. ")


def test_a_run_whose_results_were_carried_over_says_which() -> None:
    result = structs.replace(
        samples.result_of(
            ended(Outcome.VERIFIED, Cause.READ_BACK, disconnect("u1")),
            ended(Outcome.VERIFIED, Cause.READ_BACK, disconnect("u2")),
        ),
        carried=frozenset({disconnect("u1").key}),
    )
    found = render(samples.run_report(result), Format.TEXT)
    assert found.count(" (in the run that this one resumes)") == 1
    assert "1 mutating call sent." in found


def test_a_run_names_the_run_that_it_resumes_in_its_header() -> None:
    found = render(ledger_samples.REPORTS["run that resumes"], Format.TEXT).splitlines()
    assert found[3] == f"  resumes run {DEAD}"
