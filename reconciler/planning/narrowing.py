"""A plan that is held to a part of its actions."""

from collections.abc import Callable

from msgspec import structs

from reconciler.planning.action import Action, Disconnect
from reconciler.planning.guards import Evidence, judge
from reconciler.planning.plan import Content


def narrowed(content: Content, keep: Callable[[Action], bool], evidence: Evidence) -> Content:
    """``content`` with the actions that ``keep`` takes, judged by ``evidence`` for so many.

    The others count as left out, like those that a selection leaves out.
    """
    actions = tuple(action for action in content.actions if keep(action))
    disconnects = sum(1 for action in actions if isinstance(action, Disconnect))
    return structs.replace(
        content,
        actions=actions,
        deselected=content.deselected + len(content.actions) - len(actions),
        guards=judge(structs.replace(evidence, disconnects=disconnects)),
    )
