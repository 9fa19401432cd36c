"""What the two kinds of resource have in common in their inputs: place, plan, generation.

``check`` numbers a plan: one more than the last where something is planned, and the last, with
nothing planned, once it is done. So a spent plan is cleared, and no two plans share a number.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi.dynamic import CheckFailure
from pulumi.output import Unknown

PLACE: Final = ("workspace", "address", "configuration")
"""Where a resource belongs; the address is an identity and holds no port of a sandbox."""

Properties = Mapping[str, Any]


def generation(properties: Properties) -> int:
    """The number of the plan that ``properties`` hold; 0 for what is no number in an edited state.

    Numbers arrive as floats.
    """
    plan = properties.get("plan")
    number = plan.get("generation", 0) if isinstance(plan, Mapping) else 0
    return int(number) if isinstance(number, int | float) else 0


def checked_plan(olds: Properties, news: Properties) -> dict[str, Any]:
    """The plan of ``news``, numbered; empty parts are left out, so that both have one form."""
    wanted = news.get("plan") or {}
    parts = {kind: wanted[kind] for kind in ("disconnect", "update") if wanted.get(kind)}
    last = generation(olds)
    if not parts:
        return {"generation": last, "disconnect": {}}
    return {"generation": last + 1, **({"disconnect": {}} | parts)}


def place_failures(olds: Properties, news: Properties) -> list[CheckFailure]:
    """What is wrong with where ``news`` belongs: unknown, or another place than before."""
    failures = [
        CheckFailure(name, "has to be a text")
        for name in PLACE
        if not isinstance(news.get(name), str)
    ]
    before, now = olds.get("address"), news.get("address")
    if not failures and before is not None and before != now:
        failures.append(
            CheckFailure(
                "address",
                f"this stack holds workspace {news['workspace']} at {before}, which is at {now}"
                " now: give it a stack of its own, or let go of the old one by `pulumi destroy`,"
                " which disconnects nobody",
            )
        )
    return failures


def unknown(value: object) -> bool:
    """Whether something in ``value`` is not known yet."""
    if isinstance(value, Mapping):
        return any(unknown(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(unknown(item) for item in value)
    return isinstance(value, Unknown)


def moved(olds: Properties, news: Properties, fields: Sequence[str]) -> bool:
    """Whether checked inputs ``news`` differ from outputs ``olds``, or are to be tried again."""
    return (
        generation(news) != olds.get("generation", 0)
        or any(news.get(name) != olds.get(name) for name in (*PLACE, *fields))
        or bool(olds.get("drift"))
        or bool(olds.get("unsettled"))
        or olds.get("__provider") != news.get("__provider")
    )
