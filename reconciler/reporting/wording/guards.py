"""What a guard counted, and what would allow what it refuses.

A refusal is only useful with four things: what was counted, the limit, where that is set, and
the exact option or edit that lets it pass.
"""

from collections.abc import Callable, Mapping
from typing import Final

from reconciler.planning import (
    ALLOWABLE,
    NAMED,
    SMALL_FLEET,
    Contested,
    GuardName,
    Judgement,
    Owned,
    Verdict,
)
from reconciler.reporting.documents import LedgerAccess, LedgerView
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand, counted

SETTINGS: Final[Mapping[GuardName, str]] = {
    GuardName.MAX_DISCONNECTS: "maxDisconnects",
    GuardName.MAX_DISCONNECT_PERCENT: "maxDisconnectPercent",
    GuardName.OBSERVED_FLEET_SHRINK: "maxFleetShrinkPercent",
    GuardName.DESIRED_FLEET_SHRINK: "maxFleetShrinkPercent",
    GuardName.SOURCE_SHRINK: "maxSourceShrinkPercent",
    GuardName.RULE_BREADTH: "maxRuleMatches",
    GuardName.MAX_DISCONNECTS_PER_DAY: "maxDisconnectsPerDay",
}
"""The setting under ``limits`` in the configuration that each limit comes from."""

JUDGEMENTS: Final[Mapping[Judgement, str]] = {
    Judgement.PASSED: "passed",
    Judgement.NOT_APPLICABLE: "does not apply",
    Judgement.NOT_JUDGED: "skipped",
    Judgement.REFUSED: "refused",
    Judgement.ALLOWED: "refused, but allowed for this run",
}

SHRINK: Final = (
    GuardName.OBSERVED_FLEET_SHRINK,
    GuardName.DESIRED_FLEET_SHRINK,
    GuardName.SOURCE_SHRINK,
)
"""The guards that compare with what an earlier run accepted."""

NOT_ALLOWABLE: Final = (
    "No option allows this: unknown does not mean absent. "
    "Fix the problems of the observation, then plan again."
)


def flag(guard: GuardName) -> str | None:
    """The option of the acting command that goes past ``guard``; None where nothing does."""
    return f"--allow {guard}" if guard in ALLOWABLE else None


def count(verdict: Verdict, source: str | None) -> Phrase:
    """What ``verdict`` counted against which limit, and the ``source`` of that limit."""
    counting: Phrase = (COUNTS[verdict.guard](verdict), *_named(verdict))
    if verdict.subject:
        counting = (Foreign(verdict.subject), ": ", *counting)
    if verdict.guard not in SETTINGS:
        return counting
    unit = " %" if _in_percent(verdict) else ""
    limit = "there is no limit" if verdict.limit is None else f"the limit is {verdict.limit}{unit}"
    setting: Phrase = (f"; {limit} (`{SETTINGS[verdict.guard]}`",)
    return (*counting, *setting, *((", ", Foreign(source)) if source else ()), ")")


def disagreement(contested: Contested) -> Phrase:
    """``the command line declares google, stack org/fleet/prod declares microsoft``."""
    return (*_declares(contested.here), ", ", *_declares(contested.there))


def by_flag(guard: GuardName) -> str:
    """How the command line allows ``guard``."""
    said = f"add `{flag(guard)}` to `reconciler apply`"
    if guard is GuardName.TAKEOVER:
        stack = "`reconciler plan --stack ORGANIZATION/PROJECT/STACK`"
        return f"{said}; if the plan is for the stack that declares them, make it with {stack}"
    return said


def by_variable(guard: GuardName) -> str:
    """How a command that takes no option of ours allows ``guard``."""
    return f"run it with `RECONCILER_ALLOW={guard}` in the environment"


def remedy(verdict: Verdict, how: Callable[[GuardName], str] = by_flag) -> Phrase:
    """What lets a refused ``verdict`` pass: the allowance, and the edit where there is one."""
    if verdict.guard not in ALLOWABLE:
        return (NOT_ALLOWABLE,)
    allowance = f"If this is intended, {how(verdict.guard)}"
    if verdict.guard in SETTINGS and not _matches_everybody(verdict):
        edit = f"`{SETTINGS[verdict.guard]}: {_sufficient(verdict)}`"
        allowance = f"{allowance}, or set {edit} under `limits` in the configuration"
    otherwise = EDITS.get(verdict.guard)
    if verdict.guard is GuardName.EMPTY_OBSERVED and verdict.total:
        otherwise = _CHECK_API
    check = f"; if not, {otherwise}" if otherwise else ""
    return (f"{allowance}{check}.",)


def sentence(verdict: Verdict, source: str | None) -> Phrase:
    """``verdict`` with its name, judgement and count."""
    said = f"{verdict.guard} {JUDGEMENTS[verdict.judgement]}: {_why_not(verdict)}"
    return (said, *count(verdict, source))


def without_history(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Those of ``verdicts`` that need history which is not there."""
    return tuple(
        verdict
        for verdict in verdicts
        if verdict.judgement is Judgement.NOT_JUDGED
        and (verdict.guard is GuardName.TAKEOVER or verdict.total is None)
    )


def skipped(verdicts: tuple[Verdict, ...], view: LedgerView | None) -> Phrase:
    """That these guards, :func:`without_history`, were skipped, and why; one line for all."""
    verb = "needs history and was" if len(verdicts) == 1 else "need history and were"
    said = f"{counted(len(verdicts), 'guard')} {verb} skipped ("
    if view is not None and view.state is LedgerAccess.UNREADABLE:
        return (f"{said}the ledger cannot be read).",)
    if all(verdict.guard is GuardName.TAKEOVER for verdict in verdicts):
        return (f"{said}no earlier run recorded an owner).",)
    if all(verdict.guard is GuardName.SOURCE_SHRINK for verdict in verdicts):
        return (f"{said}no earlier run read this source).",)
    if view is not None and view.state is LedgerAccess.NONE:
        return (
            f"{said}first run of this workspace, no ledger yet at ",
            Foreign(view.place),
            ").",
        )
    return (f"{said}first run of this workspace).",)


def _why_not(verdict: Verdict) -> str:
    """Why ``verdict`` is neither for nor against, where its count does not say it."""
    if verdict.judgement is Judgement.NOT_JUDGED:
        if verdict.guard is GuardName.TAKEOVER:
            return "no earlier run recorded an owner; "
        if verdict.total is None:
            return "no earlier run is known; "
        return "the list is incomplete; "
    if verdict.judgement is Judgement.NOT_APPLICABLE and verdict.guard not in SHRINK:
        return f"fewer than {SMALL_FLEET} connections are too few for a percentage; "
    return ""


def _named(verdict: Verdict) -> Phrase:
    """The first users that ``verdict`` counts, where it names any, and what each declares."""
    named = (verdict.contested or ())[:NAMED]
    parts: list[str | Foreign | ShellCommand] = []
    for contested in named:
        parts += [", " if parts else ": ", Foreign(contested.user), " ("]
        parts += [*disagreement(contested), ")"]
    more = verdict.actual - len(named)
    return (*parts, f" and {more} more") if named and more > 0 else tuple(parts)


def _declares(owned: Owned) -> Phrase:
    return (Foreign(owned.owner), f" declares {' and '.join(owned.platforms) or 'nothing'}")


def _contested(verdict: Verdict) -> str:
    users = counted(verdict.actual, "declared user")
    if verdict.judgement is Judgement.NOT_JUDGED:
        return f"{users} known to belong to another owner"
    belong = "belongs" if verdict.actual == 1 else "belong"
    return f"{users} {belong} to another owner that declares other platforms"


def _percentage(verdict: Verdict) -> str:
    total = counted(verdict.total or 0, "connection")
    share = f" ({100 * verdict.actual / verdict.total:.3g} %)" if verdict.total else ""
    return f"{counted(verdict.actual, 'disconnect')} of {total} of the declared users{share}"


def _of_the_day(verdict: Verdict) -> str:
    made = "" if verdict.total is None else f", {verdict.total} made within the last 24 hours"
    return f"{counted(verdict.actual, 'disconnect')}{made}"


def _fleet(verdict: Verdict, now: str) -> str:
    """``now`` held against the last accepted fleet, where one is known."""
    if verdict.total is None:
        return now
    fewer = verdict.total - verdict.actual
    share = f" ({100 * fewer / verdict.total:.3g} % fewer)" if fewer > 0 else ""
    return f"{now}, {verdict.total} in the last accepted run{share}"


def _sufficient(verdict: Verdict) -> int:
    """The smallest limit under which ``verdict`` would have passed."""
    if verdict.guard in SHRINK:
        before = verdict.total or 0
        return -(-100 * max(before - verdict.actual, 0) // max(before, 1))
    if verdict.guard is GuardName.MAX_DISCONNECTS_PER_DAY:
        return verdict.actual + (verdict.total or 0)
    if not _in_percent(verdict):
        return verdict.actual
    return -(-100 * verdict.actual // (verdict.total or 1))


def _in_percent(verdict: Verdict) -> bool:
    """Whether the limit of ``verdict`` is a percentage."""
    return verdict.guard in SHRINK or verdict.guard is GuardName.MAX_DISCONNECT_PERCENT


def _declared(verdict: Verdict) -> str:
    return f"the manifests declare {counted(verdict.actual, 'user')}"


def _declared_in_all(verdict: Verdict) -> str:
    rules = f" and {counted(verdict.total, 'rule')}" if verdict.total else ""
    return f"{_declared(verdict)}{rules}"


def _matches_everybody(verdict: Verdict) -> bool:
    return verdict.guard is GuardName.RULE_BREADTH and verdict.actual == verdict.total


def _matches(verdict: Verdict) -> str:
    if _matches_everybody(verdict):
        return f"the rule matches everybody ({counted(verdict.actual, 'user')})"
    return f"the rule matches {verdict.actual} of {counted(verdict.total or 0, 'user')}"


def _listed(verdict: Verdict) -> str:
    return f"Recall.ai lists {counted(verdict.actual, 'calendar user')}"


def _known(verdict: Verdict) -> str:
    if not verdict.total:
        return _listed(verdict)
    rows = counted(verdict.total, "connected platform")
    return f"{_listed(verdict)} with {rows}, none of which this version knows"


COUNTS: Final[Mapping[GuardName, Callable[[Verdict], str]]] = {
    GuardName.COMPLETE_OBSERVATION: lambda v: f"{counted(v.actual, 'problem')} in the observation",
    GuardName.EMPTY_DESIRED: _declared_in_all,
    GuardName.EMPTY_OBSERVED: _known,
    GuardName.OBSERVED_FLEET_SHRINK: lambda v: _fleet(v, _listed(v)),
    GuardName.DESIRED_FLEET_SHRINK: lambda v: _fleet(v, _declared(v)),
    GuardName.SOURCE_SHRINK: lambda v: _fleet(v, f"the source selects {counted(v.actual, 'row')}"),
    GuardName.RULE_BREADTH: _matches,
    GuardName.TAKEOVER: _contested,
    GuardName.MAX_DISCONNECTS: lambda v: counted(v.actual, "disconnect"),
    GuardName.MAX_DISCONNECT_PERCENT: _percentage,
    GuardName.MAX_DISCONNECTS_PER_DAY: _of_the_day,
}

_CHECK_MANIFESTS: Final = "check that `manifests` in the configuration names the right files"
_CHECK_KEY: Final = "check that the API key and the region are those of the workspace"
_CHECK_API: Final = (
    "look for a newer version of this tool, or check that the address is that of Calendar V1"
)
EDITS: Final[Mapping[GuardName, str]] = {
    GuardName.EMPTY_DESIRED: _CHECK_MANIFESTS,
    GuardName.EMPTY_OBSERVED: _CHECK_KEY,
    GuardName.DESIRED_FLEET_SHRINK: _CHECK_MANIFESTS,
    GuardName.OBSERVED_FLEET_SHRINK: _CHECK_KEY,
    GuardName.SOURCE_SHRINK: "export it again, and look at what is missing",
    GuardName.RULE_BREADTH: "narrow its `match`, or give it `mode: report`",
    GuardName.MAX_DISCONNECTS_PER_DAY: "wait until fewer were made within the last 24 hours",
    GuardName.TAKEOVER: (
        "declare the same platforms as the other owner, or leave these users out of the manifests"
    ),
}
