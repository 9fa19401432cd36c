"""The rules that findings name: for each code that a reviewer may meet, how much it weighs.

The sentences are those of the other formats. What is here beside them is a short name a rule, and
the weight by which services that review code sort what they show.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from reconciler.planning import ActionReason, GuardName, Hold, NoticeCode, PendingReason
from reconciler.reporting.wording import changes, guards, outcomes, runs
from reconciler.runs.journal import Outcome


class Weight(StrEnum):
    """How much a finding weighs, in the words of SARIF; the heaviest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"  # nothing is to be done: only a list of test cases shows it


class CaseState(StrEnum):
    """How a finding comes out as a test case of "the fleet is as declared"."""

    PASSED = "passed"
    FAILED = "failed"  # it is not, and that is known
    ERROR = "error"  # it is not known whether it is
    SKIPPED = "skipped"  # it is not, and a run would leave it so


class FindingRule(Struct, frozen=True):
    """What findings of one code have in common: ``id`` is stable, ``name`` is a few words."""

    id: str
    level: Weight
    state: CaseState
    name: str
    help: str


def _rules(*rules: FindingRule) -> Mapping[str, FindingRule]:
    return {rule.id: rule for rule in rules}


def _id(kind: str, code: str) -> str:
    return f"{kind}-{code}".replace("_", "-")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


DISCONNECTS: Final[Mapping[ActionReason, FindingRule]] = {
    reason: FindingRule(
        _id("disconnect", reason),
        Weight.WARNING,
        CaseState.FAILED,
        "A platform is to be disconnected",
        f"{_sentence(text)} {changes.IRREVERSIBLE}",
    )
    for reason, text in changes.ACTION_REASONS.items()
    if reason is not ActionReason.PREFERENCES_DIFFER
}
UPDATE: Final = FindingRule(
    "update-preferences",
    Weight.NOTE,
    CaseState.FAILED,
    "Preferences are to be updated",
    _sentence(changes.ACTION_REASONS[ActionReason.PREFERENCES_DIFFER]),
)
HELD: Final[Mapping[Hold, FindingRule]] = {
    hold: FindingRule(
        _id("held", hold),
        Weight.NOTE if hold in (Hold.HANDOVER, Hold.PROTECTED) else Weight.WARNING,
        CaseState.SKIPPED,
        "An action is held",
        _sentence(text),
    )
    for hold, text in changes.HOLDS.items()
}
PENDING: Final[Mapping[PendingReason, FindingRule]] = {
    reason: FindingRule(
        _id("pending", reason),
        Weight.WARNING if reason is PendingReason.NOT_FOUND else Weight.NOTE,
        CaseState.SKIPPED,
        "A person has to act",
        _sentence(text),
    )
    for reason, text in changes.PENDING_REASONS.items()
}
UNDETERMINED: Final = FindingRule(
    "undetermined",
    Weight.WARNING,
    CaseState.ERROR,
    "Nothing is known of a user",
    _sentence(changes.UNDETERMINED),
)
OBSERVATION: Final = FindingRule(
    "incomplete-observation",
    Weight.ERROR,
    CaseState.ERROR,
    "The observation is incomplete",
    f"{_sentence(changes.INCOMPLETE.removesuffix(':'))} {guards.NOT_ALLOWABLE}",
)
GUARDS: Final[Mapping[GuardName, FindingRule]] = {
    guard: FindingRule(
        _id("guard", guard),
        Weight.ERROR,
        CaseState.FAILED,
        "A guard refused the plan",
        f"The guard {guard} refused the whole plan, not only what it counted.",
    )
    for guard in GuardName
}
UNDECLARED: Final = FindingRule(
    "undeclared",
    Weight.ERROR,
    CaseState.FAILED,
    "Somebody is connected and in no manifest",
    "Somebody is connected and in no manifest, which fails a plan under `unmanaged: fail`.",
)
NOTICES: Final[Mapping[NoticeCode, FindingRule]] = {
    code: FindingRule(
        _id("notice", code),
        Weight.NOTE,
        CaseState.PASSED,
        "A remark on the configuration or the fleet",
        f"{changes.NOTICE_SUBJECTS[code].strip()} … {_sentence(text)}",
    )
    for code, text in changes.NOTICES.items()
}
_OUTCOME_LEVELS: Final[Mapping[Outcome, tuple[Weight, CaseState]]] = {
    Outcome.VERIFIED: (Weight.NONE, CaseState.PASSED),
    Outcome.ALREADY_ABSENT: (Weight.NONE, CaseState.PASSED),
    Outcome.SKIPPED_STALE: (Weight.WARNING, CaseState.FAILED),
    Outcome.FAILED: (Weight.ERROR, CaseState.FAILED),
    Outcome.UNKNOWN: (Weight.ERROR, CaseState.ERROR),
    Outcome.NOT_ATTEMPTED: (Weight.WARNING, CaseState.SKIPPED),
}
OUTCOMES: Final[Mapping[Outcome, FindingRule]] = {
    outcome: FindingRule(
        _id("outcome", outcome),
        *_OUTCOME_LEVELS[outcome],
        f"An action ended as {text}",
        _sentence(outcomes.NEXT.get(outcome, text).replace("{again}", outcomes.AGAIN)),
    )
    for outcome, text in outcomes.OUTCOMES.items()
}
HALTED: Final = FindingRule(
    "run-stopped-early",
    Weight.ERROR,
    CaseState.FAILED,
    "The run stopped early",
    "The run stopped before all of its actions were attempted.",
)
IN_DOUBT: Final = FindingRule(
    "outcome-in-doubt",
    Weight.ERROR,
    CaseState.ERROR,
    "A call is in doubt",
    _sentence(runs.IN_DOUBT),
)
NEVER_BEGUN: Final = FindingRule(
    "outcome-never-begun",
    Weight.WARNING,
    CaseState.SKIPPED,
    "An action was never begun",
    _sentence(runs.NEVER_BEGUN),
)
INVALID: Final = FindingRule(
    "invalid-input",
    Weight.ERROR,
    CaseState.FAILED,
    "A manifest or the configuration is invalid",
    "The file cannot be used as it is written. `reconciler schema manifest` and "
    "`reconciler schema config` show every field.",
)
NO_RESULT: Final = FindingRule(
    "no-result",
    Weight.ERROR,
    CaseState.ERROR,
    "The command ended without a result",
    "Nothing is known of the fleet: the command ended before it had a result.",
)
CUT: Final = FindingRule(
    "not-shown",
    Weight.NOTE,
    CaseState.SKIPPED,
    "There is more than is shown",
    "The format takes no more. `--report json=FILE` and `--report csv=FILE` hold everything.",
)


SUMMARY: Final = "Calendar reconciler"
NOTHING: Final = "Nothing was looked at."


def cut(number: int, what: str) -> str:
    """That ``number`` more were left out, and where they are."""
    verb = "is" if number == 1 else "are"
    return f"{number} more {what} {verb} not shown here. {CUT.help}"


def passed(rule: FindingRule) -> FindingRule:
    """The same rule for something that it lets pass."""
    return FindingRule(rule.id, Weight.NONE, CaseState.PASSED, rule.name, rule.help)
