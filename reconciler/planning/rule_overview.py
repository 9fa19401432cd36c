"""What each rule comes to for one list, and what gets in its way: other rules and declarations."""

from msgspec import Struct

from reconciler.domain import DesiredState, Rule, RuleEffect
from reconciler.planning.rules import disagree


class RuleOverlap(Struct, frozen=True):
    """Another rule in force that matches ``users`` of the same users. If the two ``disagree``, and
    both are enforced, those users are held."""

    rule: str
    users: int
    disagree: bool


class RuleOverview(Struct, frozen=True):
    """A declared rule. ``effect`` is None if it is not in force now.

    ``held`` are the users that are held because this rule disagrees with another; ordered by id.
    """

    rule: Rule
    effect: RuleEffect | None
    overlaps: tuple[RuleOverlap, ...] = ()
    held: tuple[str, ...] = ()


def rule_overviews(desired: DesiredState) -> tuple[RuleOverview, ...]:
    """An overview of each declared rule, ordered by name. ``desired`` is of a complete list."""
    in_force = {effect.rule.name: effect for effect in desired.effects}
    matched = {name: frozenset(effect.matched) for name, effect in in_force.items()}
    held: dict[str, list[str]] = {}
    for user in desired.users.values():
        for name in user.conflicting:
            held.setdefault(name, []).append(user.id)

    def overview(rule: Rule) -> RuleOverview:
        effect = in_force.get(rule.name)
        if effect is None:
            return RuleOverview(rule, None)
        overlaps = tuple(
            RuleOverlap(name, len(shared), disagree(rule, in_force[name].rule))
            for name in sorted(in_force)
            if name != rule.name and (shared := matched[rule.name] & matched[name])
        )
        return RuleOverview(rule, effect, overlaps, tuple(held.get(rule.name, ())))

    rules = sorted(desired.declarations.rules, key=lambda rule: rule.name)
    return tuple(overview(rule) for rule in rules)
