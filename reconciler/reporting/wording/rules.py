"""What `reconciler rules` says of each rule."""

from collections.abc import Iterator

from reconciler.domain import PREFERENCE_FIELDS, Rule
from reconciler.planning import RuleOverview
from reconciler.reporting.documents import RulesReport
from reconciler.reporting.phrase import Foreign, Phrase, counted, listed
from reconciler.reporting.wording.declarations import MODES

NAMED = 5
"""How many users are named at most."""


def title(overview: RuleOverview) -> str:
    """What follows the name of the rule: its mode."""
    return f" ({MODES[overview.rule.mode]})"


def lines(overview: RuleOverview) -> Iterator[Phrase]:
    """What it asks for, who it matches, and what gets in its way."""
    yield asks(overview.rule)
    effect = overview.effect
    if effect is None:
        yield ("not in force now: its dates do not include today",)
        return
    matched = f"matches {len(effect.matched)} of {counted(effect.listed, 'user')}"
    yield (f"{matched}: ", *listed(effect.matched, NAMED)) if effect.matched else (matched,)
    if effect.concerned:
        differ = f"{len(effect.concerned)} not as it asks: "
        yield (differ, *listed(effect.concerned, NAMED))
    if effect.kept:
        kept = f"kept away by an entry or a row: {counted(len(effect.kept), 'user')}: "
        yield (kept, *listed(effect.kept, NAMED))
    for overlap in overview.overlaps:
        how = ", and asks for something else" if overlap.disagree else ""
        users = counted(overlap.users, "of these users", "of these users")
        yield ("the rule ", Foreign(overlap.rule), f" also matches {users}{how}")
    if overview.held:
        held = f"held because rules disagree: {counted(len(overview.held), 'user')}: "
        yield (held, *listed(overview.held, NAMED))


def asks(rule: Rule) -> Phrase:
    """``asks for nothing connected; sets bot_name; reason: SEC-12``"""
    parts: list[str] = []
    if rule.platforms is not None:
        parts.append(f"asks for {' and '.join(sorted(rule.platforms)) or 'nothing'} connected")
    if rule.preferences is not None:
        fields = [name for name in PREFERENCE_FIELDS if name in rule.preferences.present()]
        parts.append(f"sets {', '.join(fields)}")
    reason: Phrase = ("; reason: ", Foreign(rule.reason, prose=True)) if rule.reason else ()
    return ("; ".join(parts), *reason)


def summary(report: RulesReport) -> str:
    """``Rules: 3 in force, 1 not in force; 2 only report.``"""
    if not report.rules:
        return "No rules: no manifest of this workspace has any."
    in_force = [overview for overview in report.rules if overview.effect is not None]
    idle = len(report.rules) - len(in_force)
    reporting = sum(1 for overview in in_force if MODES[overview.rule.mode] == "report")
    parts = [f"{len(in_force)} in force", *([f"{idle} not in force"] if idle else [])]
    only = f"; {reporting} of them only {'reports' if reporting == 1 else 'report'}"
    return f"Rules: {', '.join(parts)}{only if reporting else ''}."
