"""What is asked of a whole fleet as one resource: its inputs, checked and compared.

They hold a digest of what is declared and the plan, so that what they cost does not grow with the
fleet. Pure and light to load, like ``user_handling``.
"""

from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.pulumi_provider.inputs import (
    PLACE,
    Properties,
    checked_plan,
    moved,
    place_failures,
    unknown,
)

FIELDS = ("digest", "declared")


def check(olds: Properties, news: Properties) -> CheckResult:
    """The inputs in their one form, with the plan numbered; or what is wrong with them."""
    inputs = {name: news[name] for name in (*PLACE, *FIELDS) if news.get(name) is not None}
    if unknown(inputs) or unknown(news.get("plan")):
        return CheckResult(inputs, [CheckFailure("digest", "everything has to be known")])
    inputs["plan"] = checked_plan(olds, news)
    return CheckResult(inputs, place_failures(olds, news))


def changed(olds: Properties, news: Properties) -> bool:
    """Whether there is something to do, or to write down."""
    return moved(olds, news, FIELDS)
