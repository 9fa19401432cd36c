"""What many schedules did: so that a harness that tests nothing is seen to do so."""

from collections import Counter

REQUIRED = (
    "calls",
    "a saved plan was acted on",
    "a resume called",
    "a resume carried results",
    "crash with an intent open",
    "crash after a call",
    "crash while the server works on a call",
    "a run held somebody in doubt",
    "takeover from a run that still lives",
    "suspended between the last check and the sending",
    "suspended between the intent and the last check",
    "call after the lock was lost",
    "intent withdrawn",
    "error LockHeld",
    "error JournalFailed",
    "change by others",
    "plans compared",
    "effect ended verified",
    "effect ended unknown",
    "outcome verified read_back",
    "outcome verified row_absent",
    "outcome verified reconnected",
    "outcome verified found_done",
    "outcome already_absent found_done",
    "outcome skipped_stale connection_changed",
    "outcome skipped_stale wanted_not_connected",
    "outcome skipped_stale user_gone",
    "outcome skipped_stale user_replaced",
    "outcome unknown not_seen_in_time",
    "outcome unknown not_readable",
    "settled verified seen_in_list",
    "settled verified read_back",
    "settled unknown not_seen_in_time",
    *(f"halted {cause}" for cause in ("interrupted", "max_failures", "journal_failed")),
    *(f"halted {cause}" for cause in ("out_of_credit", "credentials_refused")),
    "halted retry_after_beyond_cap",
    *(f"ApplyIt ends {status}" for status in (0, 3, 4, 5, 6, 69, 75, 77, 130, None)),
    *(f"ResumeIt ends {status}" for status in (0, 3, 4, 5, 6, 75, None)),
    "ApplyIt refused by complete-observation",
    "ApplyIt refused by empty-observed",
    "ApplyIt refused by observed-fleet-shrink",
    "ApplyIt refused by desired-fleet-shrink",
    "ApplyIt refused by max-disconnects",
    "ApplyIt refused by max-disconnect-percent",
    *(f"unusable: {why}" for why in ("already used", "manifests changed", "expired")),
    *(f"incident {what}" for what in ("Crash", "Suspend", "Interrupt", "LedgerFails")),
    *(f"incident {what}" for what in ("ClockJump", "Outside", "Faulty", "Rival")),
    *(f"fault {kind}" for kind in ("latency", "status", "drop_before", "drop_after")),
    *(f"fault {kind}" for kind in ("drop_midway", "not_json", "truncated_body", "redirect")),
    *(f"fault {kind}" for kind in ("truncated_list", "empty_list", "stale_list")),
    *(f"fault {kind}" for kind in ("malformed_row", "next_elsewhere", "next_loop")),
    *(f"fault {kind}" for kind in ("clock_jump", "refused")),
)
"""What ten thousand schedules have to have done at least once."""


def missing(schedules: Counter[str]) -> list[str]:
    """What none of the schedules did."""
    return [name for name in REQUIRED if not schedules[name]]
