"""The plan of a run as the inputs of resources hold it, and the way back to its actions.

A pin holds what makes an action this one call and no other: the connection id that the list showed,
or the preferences to set.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.planning import Action, Disconnect

Pin = Mapping[str, Mapping[str, Any]]
"""The plan for one user: ``{"disconnect": {platform: connection id}, "update": {…}}``.

The id is empty for a connection without one. Empty parts are left out."""


class NotPlanned(Exception):
    """The inputs ask for something that the plan of the run does not hold."""


def pins_of(actions: Iterable[Action]) -> dict[str, dict[str, dict[str, Any]]]:
    """The pin of each user that ``actions`` name."""
    pins: dict[str, dict[str, dict[str, Any]]] = {}
    for action in actions:
        pin = pins.setdefault(action.user, {})
        if isinstance(action, Disconnect):
            pin.setdefault("disconnect", {})[action.platform.value] = action.connection_id or ""
        else:
            pin["update"] = action.preferences.present()
    return pins


def pinned_actions(user: str, pin: Pin, actions: Iterable[Action]) -> tuple[Action, ...]:
    """Those of ``actions``, all of ``user``, that ``pin`` asks for. Raises :class:`NotPlanned`."""
    chosen = tuple(action for action in actions if _holds(pin, action))
    if pins_of(chosen).get(user, {}) != {kind: dict(what) for kind, what in pin.items() if what}:
        raise NotPlanned(
            f"the inputs of {user} do not match the plan of the run: a transform or a resource"
            " option changed them; nothing was done for this resource"
        )
    return chosen


def label(action: Action) -> str:
    """A name for ``action`` that is unique among the actions of its user."""
    if isinstance(action, Disconnect):
        return f"disconnect {action.platform}"
    return "update preferences"


def _holds(pin: Pin, action: Action) -> bool:
    if isinstance(action, Disconnect):
        return pin.get("disconnect", {}).get(action.platform.value) == (action.connection_id or "")
    return pin.get("update") == action.preferences.present()
