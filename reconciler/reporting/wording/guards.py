"""What a guard counted, and what would allow what it refuses.

A refusal is only useful with four things: what was counted, the limit, where that is set, and
the exact flag or edit that lets it pass.
"""

from collections.abc import Callable, Mapping
from typing import Final

from reconciler.planning import ALLOWABLE, SMALL_FLEET, GuardName, Judgement, Verdict
from reconciler.reporting.phrase import Foreign, Phrase, counted

SETTINGS: Final[Mapping[GuardName, str]] = {
    GuardName.MAX_DISCONNECTS: "maxDisconnects",
    GuardName.MAX_DISCONNECT_PERCENT: "maxDisconnectPercent",
}
"""The setting under ``limits`` in the configuration that each limit comes from."""

JUDGEMENTS: Final[Mapping[Judgement, str]] = {
    Judgement.PASSED: "passed",
    Judgement.NOT_APPLICABLE: (
        f"does not apply: with fewer than {SMALL_FLEET} connections a percentage says nothing"
    ),
    Judgement.REFUSED: "refused",
    Judgement.ALLOWED: "refused, and allowed for this run",
}

NOT_ALLOWABLE: Final = (
    "No flag allows this, because what is unknown must not be read as absent: "
    "settle the problems of the observation and plan again."
)


def flag(guard: GuardName) -> str | None:
    """The flag of the acting command that goes past ``guard``; None where nothing does."""
    return f"--allow-{guard}" if guard in ALLOWABLE else None


def count(verdict: Verdict, source: str | None) -> Phrase:
    """What ``verdict`` counted against which limit, and the ``source`` of that limit."""
    counting = (COUNTS[verdict.guard](verdict),)
    if verdict.guard not in SETTINGS:
        return counting
    unit = "" if verdict.total is None else " %"
    limit = "there is no limit" if verdict.limit is None else f"the limit is {verdict.limit}{unit}"
    setting: Phrase = (f"; {limit} (`{SETTINGS[verdict.guard]}`",)
    return (*counting, *setting, *((", ", Foreign(source)) if source else ()), ")")


def remedy(verdict: Verdict) -> Phrase:
    """What lets a refused ``verdict`` pass: the flag, and the edit where there is one."""
    flag_name = flag(verdict.guard)
    if flag_name is None:
        return (NOT_ALLOWABLE,)
    by_flag = f"If this is meant, add `{flag_name}` to `reconciler apply`"
    if verdict.guard in SETTINGS:
        edit = f"`{SETTINGS[verdict.guard]}: {_sufficient(verdict)}`"
        return (f"{by_flag}, or set {edit} under `limits` in the configuration.",)
    return (f"{by_flag}; if not, {EDITS[verdict.guard]}.",)


def sentence(verdict: Verdict, source: str | None) -> Phrase:
    """``verdict`` with its name, judgement and count."""
    return (f"{verdict.guard} {JUDGEMENTS[verdict.judgement]}: ", *count(verdict, source))


def _percentage(verdict: Verdict) -> str:
    total = counted(verdict.total or 0, "connection")
    share = f" ({100 * verdict.actual / verdict.total:.3g} %)" if verdict.total else ""
    return f"{counted(verdict.actual, 'disconnect')} of {total} of the declared users{share}"


def _sufficient(verdict: Verdict) -> int:
    """The smallest limit under which ``verdict`` would have passed."""
    if verdict.total is None:
        return verdict.actual
    return -(-100 * verdict.actual // max(verdict.total, 1))


COUNTS: Final[Mapping[GuardName, Callable[[Verdict], str]]] = {
    GuardName.COMPLETE_OBSERVATION: lambda v: f"{counted(v.actual, 'problem')} in the observation",
    GuardName.EMPTY_DESIRED: lambda v: f"the manifests declare {counted(v.actual, 'user')}",
    GuardName.EMPTY_OBSERVED: lambda v: f"Recall.ai lists {counted(v.actual, 'calendar user')}",
    GuardName.MAX_DISCONNECTS: lambda v: counted(v.actual, "disconnect"),
    GuardName.MAX_DISCONNECT_PERCENT: _percentage,
}

EDITS: Final[Mapping[GuardName, str]] = {
    GuardName.EMPTY_DESIRED: "check that `manifests` in the configuration names the right files",
    GuardName.EMPTY_OBSERVED: "check that the API key and the region are those of the workspace",
}
