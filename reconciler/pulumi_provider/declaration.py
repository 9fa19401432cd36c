"""What is declared of a calendar user, as a resource holds it in inputs and outputs.

Stored with every resource, so that it must not change where nothing was edited: no place in a
file, no reason, nothing that was observed.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.domain import DesiredUser, Handover, Platform, Preferences, SourceLocation

FIELDS: Final = ("user", "platforms", "handover", "preferences")


def declaration(user: DesiredUser) -> dict[str, Any]:
    """``user`` as plain data; what is not managed is left out."""
    declared: dict[str, Any] = {"user": user.id, "handover": user.handover.value}
    if user.platforms is not None:
        declared["platforms"] = sorted(platform.value for platform in user.platforms)
    if user.preferences is not None:
        declared["preferences"] = user.preferences.told()
    return declared


def desired_user(declared: Mapping[str, Any]) -> DesiredUser:
    """The user whom :func:`declaration` made ``declared`` of.

    Raises ``ValueError`` and ``TypeError`` for what it never makes.
    """
    platforms = declared.get("platforms")
    preferences = declared.get("preferences")
    return DesiredUser(
        id=str(declared["user"]),
        platforms=None if platforms is None else frozenset(Platform(name) for name in platforms),
        handover=Handover(declared["handover"]),
        reason=None,
        preferences=None if preferences is None else Preferences(**preferences),
        group=None,
        source=SourceLocation(""),
    )
