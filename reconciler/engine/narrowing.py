"""A plan made now, held to a part of what it would do."""

from collections.abc import Callable

from msgspec import structs

from reconciler.engine.acting import Circumstances
from reconciler.engine.session import Session
from reconciler.planning import Action, Plan, evidence_of, narrowed


def narrow(
    session: Session, plan: Plan, circumstances: Circumstances, keep: Callable[[Action], bool]
) -> Plan:
    """``plan`` with the actions that ``keep`` takes; its guards judge those alone."""
    evidence = evidence_of(
        circumstances.desired,
        circumstances.observation.state,
        session.workspace.limits,
        circumstances.history,
        disconnects=0,
    )
    return structs.replace(plan, content=narrowed(plan.content, keep, evidence))
