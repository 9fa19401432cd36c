"""A plan's actions as they stand in the inputs of a resource, and back.

Pinned is what makes an action that call on that state of the world and no other: the connection
id that was seen, or the values that are to be set.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.planning import Action, Disconnect

Pin = Mapping[str, Mapping[str, Any]]
"""What is planned for one user: ``{"disconnect": {platform: connection id}, "update": {…}}``.

A connection without an id has an empty one; what is empty is left out."""


class NotPlanned(Exception):
    """The inputs hold something that the run's plan does not."""


def pinned(actions: Iterable[Action]) -> dict[str, dict[str, dict[str, Any]]]:
    """The pin of each user of ``actions``."""
    pins: dict[str, dict[str, dict[str, Any]]] = {}
    for action in actions:
        pin = pins.setdefault(action.user, {})
        if isinstance(action, Disconnect):
            pin.setdefault("disconnect", {})[action.platform.value] = action.connection_id or ""
        else:
            pin["update"] = action.preferences.told()
    return pins


def planned(user: str, pin: Pin, actions: Iterable[Action]) -> tuple[Action, ...]:
    """The ``actions``, all of ``user``, that ``pin`` asks for. Raises :class:`NotPlanned`."""
    chosen = tuple(action for action in actions if _holds(pin, action))
    if pinned(chosen).get(user, {}) != {kind: dict(what) for kind, what in pin.items() if what}:
        raise NotPlanned(
            f"the inputs of {user} ask for something else than the plan of the run: a transform"
            " or an option changed them; nothing was done for this resource"
        )
    return chosen


def label(action: Action) -> str:
    """Names ``action`` among those of its user."""
    if isinstance(action, Disconnect):
        return f"disconnect {action.platform}"
    return "update preferences"


def _holds(pin: Pin, action: Action) -> bool:
    if isinstance(action, Disconnect):
        return pin.get("disconnect", {}).get(action.platform.value) == (action.connection_id or "")
    return pin.get("update") == action.preferences.told()
