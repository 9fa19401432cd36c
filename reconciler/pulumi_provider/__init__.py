"""The Pulumi front: fleets declared in a Pulumi program, converged by a dynamic provider.

``declare_fleet`` is the program's side, ``provider`` the other one, in a process of its own. Both
stand on the engine; nothing is planned, judged or done here.
"""

from reconciler.pulumi_provider.declaring import declare_fleet
from reconciler.pulumi_provider.fleet import Fleet, Granularity
from reconciler.pulumi_provider.outputs import DeclaredFleet, UserOutputs

__all__ = ["DeclaredFleet", "Fleet", "Granularity", "UserOutputs", "declare_fleet"]
