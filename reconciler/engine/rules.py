"""What each rule matches in today's list, and what it overlaps with."""

from reconciler.domain import Exit
from reconciler.engine.preview import PlanInputs, require_complete
from reconciler.engine.session import Session
from reconciler.planning import rule_overviews
from reconciler.reporting import RulesReport


def find_rules(session: Session, inputs: PlanInputs) -> RulesReport:
    """Every declared rule, with the users that it matches. Raises ``IncompleteList``."""
    require_complete(inputs.observation.state)
    return RulesReport(
        session.workspace.name,
        session.endpoint.address,
        rule_overviews(inputs.desired),
        Exit.OK,
    )
