"""The inputs of both kinds of resource: their form, their check, and what counts as a change.

The SDK calls ``check`` and ``diff`` for one resource after another, in every preview. So everything
here is pure and quick, and imports nothing that acts.

``check`` gives every plan a number, its generation. A plan with something to do gets the next
generation. An empty plan keeps the last one, which clears a plan that was carried out. So no two
plans share a generation.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi.dynamic import CheckFailure, CheckResult
from pulumi.output import Unknown

from reconciler.domain import DesiredUser, Handover, Platform, Preferences, SourceLocation

PLACE: Final = ("workspace", "address", "configuration")
"""Where a resource belongs. The address identifies an API: a sandbox's has no port in it."""

USER_FIELDS: Final = ("user", "platforms", "handover", "preferences")
"""What is declared for one user."""

FLEET_FIELDS: Final = ("digest", "declared")
"""What is declared for a whole fleet: a digest and a count, so that inputs stay small."""

Properties = Mapping[str, Any]


def declared_fields(user: DesiredUser) -> dict[str, Any]:
    """The declaration of ``user`` as plain data, without what is not managed.

    Pulumi stores it with the resource, and it may only change when somebody edits the declaration:
    it holds no place in a file, no reason and nothing observed.
    """
    fields: dict[str, Any] = {"user": user.id, "handover": user.handover.value}
    if user.platforms is not None:
        fields["platforms"] = sorted(platform.value for platform in user.platforms)
    if user.preferences is not None:
        fields["preferences"] = user.preferences.present()
    return fields


def desired_user(fields: Properties) -> DesiredUser:
    """The user that ``fields`` declare: the reverse of :func:`declared_fields`.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else.
    """
    platforms = fields.get("platforms")
    preferences = fields.get("preferences")
    return DesiredUser(
        id=str(fields["user"]),
        platforms=None if platforms is None else frozenset(Platform(name) for name in platforms),
        handover=Handover(fields["handover"]),
        reason=None,
        preferences=None if preferences is None else Preferences(**preferences),
        group=None,
        place=SourceLocation(""),
    )


def check_user(olds: Properties, news: Properties) -> CheckResult:
    """The inputs of one user in their canonical form, or what is wrong with them."""
    inputs = _known_fields(news, USER_FIELDS)
    if _has_unknown(inputs) or _has_unknown(news.get("plan")):
        return CheckResult(inputs, [CheckFailure("user", _ALL_KNOWN)])
    failures = _place_failures(olds, news)
    try:
        user = desired_user(inputs)
    except (KeyError, TypeError, ValueError) as error:
        failures.append(CheckFailure("user", f"this is not a declaration of a user: {error}"))
        return CheckResult(inputs, failures)
    inputs["plan"] = plan = _numbered_plan(olds, news)
    disconnect = plan["disconnect"]
    if disconnect and (user.platforms is None or disconnect.keys() & user.platforms):
        failures.append(
            CheckFailure("plan", f"it would disconnect what {user.id} is declared to keep")
        )
    return CheckResult(inputs, failures)


def check_fleet(olds: Properties, news: Properties) -> CheckResult:
    """The inputs of a whole fleet in their canonical form, or what is wrong with them."""
    inputs = _known_fields(news, FLEET_FIELDS)
    if _has_unknown(inputs) or _has_unknown(news.get("plan")):
        return CheckResult(inputs, [CheckFailure("digest", _ALL_KNOWN)])
    inputs["plan"] = _numbered_plan(olds, news)
    return CheckResult(inputs, _place_failures(olds, news))


def user_changed(olds: Properties, news: Properties) -> bool:
    """Whether the resource of a user needs an update."""
    return _changed(olds, news, USER_FIELDS)


def fleet_changed(olds: Properties, news: Properties) -> bool:
    """Whether the resource of a fleet needs an update."""
    return _changed(olds, news, FLEET_FIELDS)


def generation(properties: Properties) -> int:
    """The generation of the plan in ``properties``; 0 if somebody edited the state.

    Pulumi hands numbers over as floats.
    """
    plan = properties.get("plan")
    number = plan.get("generation", 0) if isinstance(plan, Mapping) else 0
    return int(number) if isinstance(number, int | float) else 0


_ALL_KNOWN: Final = "everything has to be known"


def _known_fields(news: Properties, fields: Sequence[str]) -> dict[str, Any]:
    return {name: news[name] for name in (*PLACE, *fields) if news.get(name) is not None}


def _numbered_plan(olds: Properties, news: Properties) -> dict[str, Any]:
    """The plan of ``news`` with its generation; empty parts are dropped for a canonical form."""
    wanted = news.get("plan") or {}
    parts = {kind: wanted[kind] for kind in ("disconnect", "update") if wanted.get(kind)}
    last = generation(olds)
    if not parts:
        return {"generation": last, "disconnect": {}}
    return {"generation": last + 1, **({"disconnect": {}} | parts)}


def _place_failures(olds: Properties, news: Properties) -> list[CheckFailure]:
    """What is wrong with the place of ``news``: a part is missing, or the API is another one."""
    failures = [
        CheckFailure(name, "it has to be a text")
        for name in PLACE
        if not isinstance(news.get(name), str)
    ]
    before, now = olds.get("address"), news.get("address")
    if not failures and before is not None and before != now:
        failures.append(
            CheckFailure(
                "address",
                f"this stack holds workspace {news['workspace']} at {before}, but the workspace is"
                f" at {now} now. Create another stack for it, or run `pulumi destroy` first, which"
                " disconnects nobody",
            )
        )
    return failures


def _has_unknown(value: object) -> bool:
    """Whether ``value`` holds something that Pulumi does not know yet."""
    if isinstance(value, Mapping):
        return any(_has_unknown(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(_has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def _changed(olds: Properties, news: Properties, fields: Sequence[str]) -> bool:
    """Whether checked inputs ``news`` differ from outputs ``olds``, or something is still to do."""
    return (
        generation(news) != olds.get("generation", 0)
        or any(news.get(name) != olds.get(name) for name in (*PLACE, *fields))
        or bool(olds.get("drift"))
        or bool(olds.get("unsettled"))
        or olds.get("__provider") != news.get("__provider")
    )
