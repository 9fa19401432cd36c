"""What is asked of one calendar user: the inputs of his resource, checked and compared.

Pure, quick and light to load: it is called one after the other, for everybody, in every preview.
"""

from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.pulumi_provider.declaration import FIELDS, desired_user
from reconciler.pulumi_provider.inputs import (
    PLACE,
    Properties,
    checked_plan,
    moved,
    place_failures,
    unknown,
)


def check(olds: Properties, news: Properties) -> CheckResult:
    """The inputs in their one form, with the plan numbered; or what is wrong with them."""
    inputs: dict[str, Any] = {
        name: news[name] for name in (*PLACE, *FIELDS) if news.get(name) is not None
    }
    if unknown(inputs) or unknown(news.get("plan")):
        return CheckResult(inputs, [CheckFailure("user", "everything has to be known")])
    failures = place_failures(olds, news)
    try:
        user = desired_user(inputs)
    except (KeyError, TypeError, ValueError) as error:
        return CheckResult(inputs, [*failures, CheckFailure("user", f"is no declaration: {error}")])
    inputs["plan"] = plan = checked_plan(olds, news)
    wrong = plan["disconnect"].keys() & (user.platforms or ()) if user.platforms else set()
    if wrong or (plan["disconnect"] and user.platforms is None):
        failures.append(
            CheckFailure("plan", f"would disconnect what {user.id} is declared to keep")
        )
    return CheckResult(inputs, failures)


def changed(olds: Properties, news: Properties) -> bool:
    """Whether there is something to do, or to write down."""
    return moved(olds, news, FIELDS)
